/** Parsing and caching of call URLs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../domain/error.ts";
import { anthropicWire } from "../wire/anthropic/index.ts";
import { geminiWire } from "../wire/gemini/index.ts";
import { openaiWire } from "../wire/openai/index.ts";
import { Addresses } from "./address.ts";
import { aProvider } from "../app/port/parts.test-kit.ts";

const provider = aProvider({ name: "local", bases: { openai: "http://127.0.0.1:9/v1" } });
const wires = {
  openai: openaiWire({ newTokenField: "max_tokens" }),
  anthropic: anthropicWire,
  gemini: geminiWire,
};
const newAddresses = (): Addresses =>
  new Addresses({
    providers: { byName: new Map([["local", provider]]), aliases: new Map() },
    wires,
  });

test("a path is parsed once for all its calls, after an authenticated caller has requested it", () => {
  const addresses = newAddresses();
  const first = addresses.find("POST", "/local/v1/chat/completions");
  assert(first);
  assert.notEqual(addresses.find("POST", first.url), first);
  addresses.check(first);
  const second = addresses.find("POST", first.url);
  assert.deepEqual(second?.target, first.target);
  assert.equal(addresses.find("POST", first.url), second);
  assert.notEqual(addresses.find("GET", first.url)?.target, second?.target);
});

test("a key in the query is never cached", () => {
  const addresses = newAddresses();
  for (const key of ["one", "two"]) {
    const address = addresses.find("POST", `/v1/models/gemini-x:generateContent?key=${key}`);
    assert(address);
    addresses.check(address);
    assert.deepEqual(
      [address.queryKey, address.isChecked, address.target.path],
      [key, false, "/v1/models/gemini-x:generateContent"],
    );
  }
});

test("a path that the provider could interpret differently is refused every time", () => {
  const addresses = newAddresses();
  for (let time = 0; time < 2; time++) {
    const address = addresses.find("POST", "/local/v1/chat/completions/../../secret");
    assert(address);
    assert.throws(() => addresses.check(address), PurserError);
  }
});

test("a path that the gateway does not serve has no address", () => {
  assert.equal(newAddresses().find("POST", "/api/budgets"), undefined);
});
