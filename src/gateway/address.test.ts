/** Parsing of call URLs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { anthropicWire } from "../wire/anthropic/index.ts";
import { geminiWire } from "../wire/gemini/index.ts";
import { openaiWire } from "../wire/openai/index.ts";
import { Router } from "../app/route/router.ts";
import { findAddress } from "./address.ts";
import { aProvider } from "../app/port/parts.test-kit.ts";

const provider = aProvider({ name: "local", bases: { openai: "http://127.0.0.1:9/v1" } });
const router = (): Router =>
  new Router({
    providers: { byName: new Map([["local", provider]]), aliases: new Map() },
    wires: [openaiWire(), anthropicWire, geminiWire],
  });

test("a path is parsed once for all its calls", () => {
  const known = router();
  const url = "/local/v1/chat/completions";
  const first = findAddress(known, { method: "POST", url });
  assert(first);
  assert.equal(findAddress(known, { method: "POST", url })?.target, first.target);
  assert.notEqual(findAddress(known, { method: "GET", url })?.target, first.target);
  assert.equal(first.queryKey, null);
});

test("a key in the query is part of no target", () => {
  const known = router();
  for (const key of ["one", "two"]) {
    const url = `/v1/models/gemini-x:generateContent?alt=sse&key=${key}`;
    const address = findAddress(known, { method: "POST", url });
    assert(address);
    assert.deepEqual(
      [address.queryKey, address.target.path],
      [key, "/v1/models/gemini-x:generateContent?alt=sse"],
    );
  }
});

test("a path that the gateway does not serve has no address", () => {
  assert.equal(findAddress(router(), { method: "POST", url: "/api/budgets" }), undefined);
});
