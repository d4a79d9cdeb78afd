/** Tests which host names and web pages may call the server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import { visitorCheck, type Visit, type VisitorRules } from "./visitor.ts";

function isAllowed(visit: Partial<Visit>, rules: Partial<VisitorRules> = {}): boolean {
  const check = visitorCheck({ listen: "127.0.0.1", hosts: [], origins: [], ...rules });
  try {
    check({ host: null, origin: null, ...visit });
    return true;
  } catch (error) {
    assert.ok(error instanceof PurserError && error.code === "forbidden");
    return false;
  }
}

test("the listening address and the local names are allowed at any port, and no other name", () => {
  for (const host of [
    "127.0.0.1:4141",
    "127.0.0.1",
    "localhost:4141",
    "LOCALHOST",
    "localhost.",
    "[::1]:4141",
  ])
    assert.ok(isAllowed({ host }), host);
  for (const host of [
    "evil.example",
    "evil.example:4141",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "10.0.0.1",
    "169.254.169.254",
    "",
  ])
    assert.ok(!isAllowed({ host }), host);
});

test("an address allows no other address, and a wildcard address allows every address", () => {
  assert.ok(isAllowed({ host: "10.0.0.1:4141" }, { listen: "10.0.0.1" }));
  assert.ok(!isAllowed({ host: "10.0.0.2:4141" }, { listen: "10.0.0.1" }));
  for (const listen of ["0.0.0.0", "::"]) {
    assert.ok(
      isAllowed({ host: "10.0.0.1:4141" }, { listen }) &&
        isAllowed({ host: "[fd00::1]:4141" }, { listen }),
    );
    assert.ok(!isAllowed({ host: "purser:4141" }, { listen }));
  }
});

test("names in the configuration are allowed, with `*.` for all subdomains and `*` for any", () => {
  const hosts = ["purser", "*.example.com"];
  for (const host of ["purser:4141", "a.example.com", "a.b.example.com:443"])
    assert.ok(isAllowed({ host }, { hosts }), host);
  for (const host of ["example.com", "evilexample.com", "purser.evil"])
    assert.ok(!isAllowed({ host }, { hosts }), host);
  assert.ok(isAllowed({ host: "whatever" }, { hosts: ["*"] }));
});

test("only pages of this server and those in the configuration may call it", () => {
  const host = "localhost:4141";
  assert.ok(isAllowed({ host, origin: "http://localhost:4141" }));
  for (const origin of [
    "null",
    "http://localhost:3000",
    "https://evil.example",
    "http://127.0.0.1:4141",
    "chrome-extension://abc",
    "",
    "nonsense",
  ])
    assert.ok(!isAllowed({ host, origin }), origin);
  assert.ok(!isAllowed({ origin: "http://localhost:4141" }));
  assert.ok(isAllowed({ host, origin: "app://notes" }, { origins: ["app://notes"] }));
  assert.ok(isAllowed({ host, origin: "https://evil.example" }, { origins: ["*"] }));
  assert.ok(
    isAllowed(
      { host: "purser.example.com", origin: "https://purser.example.com" },
      { hosts: ["purser.example.com"] },
    ),
  );
});
