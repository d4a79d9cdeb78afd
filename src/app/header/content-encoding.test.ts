/** Tests that encoded request bodies are decoded within their limits. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import * as fc from "fast-check";
import { decodeBody } from "./content-encoding.ts";

const text = Buffer.from('{"model":"m","messages":[]}');
const limit = 1000;

const decode = async (bytes: Uint8Array, encoding: string): Promise<string> =>
  Buffer.from(await decodeBody(bytes, encoding, limit)).toString();

test("every supported encoding is decoded, whatever the case of its name, including raw deflate", async () => {
  for (const [encoding, bytes] of [
    ["gzip", gzipSync(text)],
    ["GZip", gzipSync(text)],
    ["x-gzip", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["deflate", deflateRawSync(text)],
    ["br", brotliCompressSync(text)],
    ["zstd", zstdCompressSync(text)],
    ["identity", text],
    [" identity , gzip ", gzipSync(text)],
    ["", text],
  ] as const) {
    assert.equal(await decode(bytes, encoding), text.toString(), encoding);
  }
});

test("several encodings are decoded in reverse order, and members of one gzip body are joined", async () => {
  assert.equal(await decode(brotliCompressSync(gzipSync(text)), "gzip, br"), text.toString());
  assert.equal(
    await decode(gzipSync(deflateSync(zstdCompressSync(text))), "zstd, deflate, gzip"),
    text.toString(),
  );
  assert.equal(await decode(Buffer.concat([gzipSync("one "), gzipSync("two")]), "gzip"), "one two");
});

test("raw deflate is distinguished from zlib's format by its first bytes, whatever the text", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ maxLength: 200 }),
      fc.constantFrom(0, 1, 6, 9),
      async (written, level) => {
        assert.equal(await decode(deflateSync(written, { level }), "deflate"), written);
      },
    ),
    { numRuns: 50 },
  );
});

test("a decompression bomb is refused as too large, in any layer", async () => {
  const bomb = Buffer.alloc(50_000_000);
  const isTooLarge = { code: "too_large" };
  await assert.rejects(decode(gzipSync(bomb), "gzip"), isTooLarge);
  await assert.rejects(decode(brotliCompressSync(bomb), "br"), isTooLarge);
  await assert.rejects(decode(zstdCompressSync(bomb), "zstd"), isTooLarge);
  await assert.rejects(decode(deflateRawSync(bomb), "deflate"), isTooLarge);
  await assert.rejects(decode(gzipSync(gzipSync(bomb)), "gzip, gzip"), isTooLarge);
  assert.equal((await decodeBody(gzipSync(Buffer.alloc(limit)), "gzip", limit)).length, limit);
});

test("an unknown encoding, or too many layers, is refused with a list of supported encodings", async () => {
  for (const encoding of [
    "compress",
    "gzip, snappy",
    "gzip, gzip, gzip, gzip, gzip",
    "*",
    "__proto__",
  ]) {
    await assert.rejects(
      decode(text, encoding),
      (error: { readonly code: string; readonly detail: { readonly remedy: string } }) => {
        assert.equal(error.code, "unsupported_encoding", encoding);
        assert.match(error.detail.remedy, /gzip, deflate, br, zstd/);
        return true;
      },
    );
  }
});

test("a body that does not match its header, or is truncated, is an invalid request", async () => {
  for (const encoding of ["gzip", "deflate", "br", "zstd"]) {
    await assert.rejects(decode(text, encoding), { code: "invalid_request" }, encoding);
  }
  const whole = gzipSync(text);
  await assert.rejects(decode(whole.subarray(0, whole.length - 9), "gzip"), {
    code: "invalid_request",
  });
});

test("an empty body is empty in every encoding", async () => {
  assert.equal(await decode(Buffer.alloc(0), "gzip"), "");
});
