/** Tests how secrets of keys are generated, hashed and hinted at. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { hashSecret, hintOf, makeSecret } from "./secret.ts";

test("a secret has 43 letters and digits after its prefix, and is never repeated", () => {
  const made = Array.from({ length: 200 }, () => makeSecret());
  for (const { secret } of made) assert.match(secret, /^purser_[0-9A-Za-z]{43}$/);
  assert.equal(new Set(made.map(({ secret }) => secret)).size, 200);
});

test("only the SHA-256 of a secret and a hint are stored", () => {
  const { secret, hash, hint } = makeSecret();
  assert.equal(hash, hashSecret(secret));
  assert.equal(hint, secret.slice(0, 11));
  assert.equal(
    hashSecret("abc"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

test("the hint of a short secret is at most a third of it", () => {
  assert.equal(hintOf("0123456789abcdef"), "01234");
});
