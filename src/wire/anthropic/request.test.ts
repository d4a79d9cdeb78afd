/** Tests how Messages requests are read and edited. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import type { ReadRequest, RequestFacts } from "../wire.ts";
import { anthropicWire } from "./index.ts";

const endpoint = { name: "messages", metering: "metered" } as const;
const plain = {
  model: "claude-sonnet-4-5",
  max_tokens: 1000,
  messages: [{ role: "user", content: "Hi" }],
};

const request = (body: object): ReadRequest =>
  anthropicWire.read(endpoint, Buffer.from(JSON.stringify(body)));
const facts = (more: object): RequestFacts => request({ ...plain, ...more }).facts;

test("a plain request has no special features", () => {
  const { textBytes, ...rest } = facts({});
  assert.ok(textBytes > 0);
  assert.deepEqual(rest, {
    model: "claude-sonnet-4-5",
    stream: false,
    addedTokens: 16,
    media: { images: 0, audios: 0, files: 0 },
    storedContext: false,
    maxOutputTokens: 1000,
    choices: 1,
    leastOutputTokens: 1,
    uncuttable: false,
    hiddenOutput: false,
    cacheWrite: "none",
    serviceTier: "standard",
    serverToolCalls: 0,
    fees: ["web_search"],
    usageAsked: true,
  });
});

test("an absent ceiling is left to Anthropic to refuse, and zero is valid", () => {
  assert.equal(request({ model: "m", messages: [] }).facts.maxOutputTokens, null);
  assert.equal(facts({ max_tokens: 0 }).maxOutputTokens, 0);
});

test("a thinking budget keeps the ceiling above it, and thinking is hidden", () => {
  const { leastOutputTokens, hiddenOutput } = facts({
    thinking: { type: "enabled", budget_tokens: 1024 },
  });
  assert.deepEqual(
    { leastOutputTokens, hiddenOutput },
    { leastOutputTokens: 1025, hiddenOutput: true },
  );
});

test("adaptive thinking and an effort are hidden output without a minimum", () => {
  for (const more of [{ thinking: { type: "adaptive" } }, { output_config: { effort: "high" } }]) {
    assert.equal(facts(more).hiddenOutput, true);
    assert.equal(facts(more).leastOutputTokens, 1);
  }
});

test("models from the fifth generation on think unless that is turned off", () => {
  for (const model of [
    "claude-opus-5",
    "claude-sonnet-5-5",
    "claude-fable-5-1",
    "anthropic/claude-haiku-5-5",
  ]) {
    assert.equal(facts({ model }).hiddenOutput, true, model);
    assert.equal(facts({ model, thinking: { type: "disabled" } }).hiddenOutput, false, model);
  }
  for (const model of [
    "claude-opus-4-8",
    "claude-sonnet-4-5-20250929",
    "claude-3-5-haiku-latest",
    "my-model",
  ]) {
    assert.equal(facts({ model }).hiddenOutput, false, model);
  }
});

test("an answer with a schema cannot be cut", () => {
  const format = { type: "json_schema", schema: { type: "object" } };
  assert.equal(facts({ output_config: { format } }).uncuttable, true);
  assert.equal(facts({ output_format: format }).uncuttable, true);
  assert.equal(facts({ output_config: { format: null } }).uncuttable, false);
});

test("the longest cache marker determines the lifetime of cache writes", () => {
  const marked = (cache_control: object): object => ({
    system: [{ type: "text", text: "x", cache_control }],
  });
  assert.equal(facts(marked({ type: "ephemeral" })).cacheWrite, "5m");
  assert.equal(facts(marked({ type: "ephemeral", ttl: "5m" })).cacheWrite, "5m");
  assert.equal(facts(marked({ type: "ephemeral", ttl: "1h" })).cacheWrite, "1h");
  assert.equal(
    facts({ ...marked({ type: "ephemeral", ttl: "1h" }), cache_control: { type: "ephemeral" } })
      .cacheWrite,
    "1h",
  );
});

test("an unknown tier or speed is distinguished from the standard one", () => {
  assert.equal(
    facts({ service_tier: "auto" }).serviceTier,
    "standard",
    "committed capacity has no list price of its own",
  );
  assert.equal(facts({ service_tier: "standard_only" }).serviceTier, "standard");
  assert.equal(facts({ service_tier: "turbo" }).serviceTier, "other");
  assert.equal(facts({ speed: "fast" }).serviceTier, "fast");
  assert.equal(facts({ speed: "fast", service_tier: "auto" }).serviceTier, "fast");
  assert.equal(facts({ speed: "standard" }).serviceTier, "standard");
  assert.equal(facts({ speed: "ludicrous" }).serviceTier, "other");
});

test("the region is the requested one, and absent if left to the workspace", () => {
  assert.equal(facts({ inference_geo: "us" }).region, "us");
  assert.equal(facts({ inference_geo: "global" }).region, "global");
  assert.equal("region" in facts({}), false);
  assert.equal("region" in facts({ inference_geo: null }), false);
});

test("web searches are bounded by the limits of their tools", () => {
  const search = { type: "web_search_20250305", name: "web_search" };
  assert.equal(facts({ tools: [{ ...search, max_uses: 5 }] }).serverToolCalls, 5);
  assert.equal(
    facts({
      tools: [
        { ...search, max_uses: 5 },
        { ...search, type: "web_search_20260209", max_uses: 2 },
      ],
    }).serverToolCalls,
    7,
  );
  assert.equal(facts({ tools: [search] }).serverToolCalls, 20);
  assert.equal(
    facts({ tools: [{ name: "web_search", input_schema: { type: "object" } }] }).serverToolCalls,
    0,
  );
  assert.equal(
    facts({ tools: [{ type: "web_fetch_20250910", name: "web_fetch" }] }).serverToolCalls,
    0,
  );
});

test("images and documents are counted, and their data is not text", () => {
  const data = "iVBORw0KGgo".repeat(1000);
  const content = [
    { type: "image", source: { type: "base64", media_type: "image/png", data } },
    { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
    { type: "document", source: { type: "file", file_id: "file_1" } },
    { type: "document", source: { type: "text", media_type: "text/plain", data: "words" } },
  ];
  const read = facts({ messages: [{ role: "user", content }] });
  assert.deepEqual(read.media, { images: 2, audios: 0, files: 1 });
  assert.ok(read.textBytes < 1000);
});

test("a fallback model's own higher ceiling is held, and never reduced", () => {
  const read = facts({ fallbacks: [{ model: "claude-opus-4-8", max_tokens: 5000 }] });
  assert.deepEqual([read.maxOutputTokens, read.uncuttable], [5000, true]);
  assert.equal(facts({ fallbacks: "default" }).maxOutputTokens, 1000);
});

test("other models that may be billed are listed with their runs and output limits", () => {
  const advisor = { type: "advisor_20260301", name: "advisor", model: "claude-opus-4-8" };
  assert.deepEqual(facts({ tools: [{ ...advisor, max_uses: 3, max_tokens: 2048 }] }).otherModels, [
    { model: "claude-opus-4-8", runs: 3, maxOutputTokens: 2048 },
  ]);
  assert.deepEqual(facts({ tools: [advisor] }).otherModels, [
    { model: "claude-opus-4-8", runs: 10, maxOutputTokens: null },
  ]);
  assert.deepEqual(
    facts({
      fallbacks: [{ model: "claude-opus-4-8" }, { model: "claude-sonnet-5", max_tokens: 50 }],
    }).otherModels,
    [
      { model: "claude-opus-4-8", runs: 1, maxOutputTokens: 1000 },
      { model: "claude-sonnet-5", runs: 1, maxOutputTokens: 50 },
    ],
  );
  assert.deepEqual(facts({ fallbacks: "default" }).otherModels, [
    { model: null, runs: 1, maxOutputTokens: 1000 },
  ]);
  assert.equal("otherModels" in facts({ fallbacks: [] }), false);
});

test("a compaction is a further pass, if the input may reach its trigger", () => {
  const compacting = (trigger: object | undefined, more: object = {}): unknown =>
    facts({
      context_management: { edits: [{ type: "compact_20260112", ...(trigger && { trigger }) }] },
      ...more,
    }).otherModels;
  const pass = [{ model: null, runs: 1, maxOutputTokens: null }];
  const long = { messages: [{ role: "user", content: "x".repeat(60_000) }] };
  assert.equal(compacting(undefined, long), undefined);
  assert.deepEqual(compacting({ type: "input_tokens", value: 50_000 }, long), pass);
  assert.deepEqual(
    compacting(undefined, { messages: [{ role: "user", content: "x".repeat(150_000) }] }),
    pass,
  );
  const trigger = { type: "input_tokens", value: 50_000 };
  const filled = (tokens: number): object => {
    const context_management = { edits: [{ type: "compact_20260112", trigger }] };
    const { textBytes, addedTokens } = facts({
      context_management,
      messages: [{ role: "user", content: "" }],
    });
    return { messages: [{ role: "user", content: "x".repeat(tokens - textBytes - addedTokens) }] };
  };
  assert.equal(compacting(trigger, filled(49_999)), undefined);
  assert.deepEqual(compacting(trigger, filled(50_000)), pass);
  const edits = [{ type: "clear_tool_uses_20250919" }];
  assert.equal(facts({ ...long, context_management: { edits } }).otherModels, undefined);
});

test("a compaction is a further pass where something of unknown length can join the input", () => {
  const trigger = { type: "input_tokens", value: 50_000 };
  const compacting = (more: object): unknown =>
    facts({ context_management: { edits: [{ type: "compact_20260112", trigger }] }, ...more })
      .otherModels;
  const content = (block: object): object => ({ messages: [{ role: "user", content: [block] }] });
  const growing: readonly object[] = [
    content({ type: "image", source: { type: "url", url: "https://example.com/a.png" } }),
    content({ type: "document", source: { type: "file", file_id: "file_1" } }),
    content({ type: "document", source: { type: "text", data: "short" } }),
    content({ type: "container_upload", file_id: "file_1" }),
    { container: "container_1" },
    { thread: { id: "t" }, previous_message_id: "msg_1" },
    { mcp_servers: [{ type: "url", url: "https://example.com", name: "a" }] },
    ...[
      "mcp_toolset",
      "web_search_20250305",
      "web_fetch_20260318",
      "code_execution_20250825",
      "tool_search_tool_regex",
      "new_20270101",
    ].map((type) => ({ tools: [{ type, name: "a" }] })),
  ];
  for (const more of growing) {
    assert.deepEqual(
      compacting(more),
      [{ model: null, runs: 1, maxOutputTokens: null }],
      JSON.stringify(more),
    );
  }
  const own = [
    "custom",
    "bash_20250124",
    "text_editor_20250728",
    "computer_20251124",
    "browser_toolset_20260801",
    "memory_20250818",
  ];
  const tools = [
    { name: "f", input_schema: { type: "object" } },
    ...own.map((type) => ({ type, name: "a" })),
  ];
  assert.equal(compacting({ tools }), undefined);
});

test("a field of the wrong type, out of range or twice is refused by name", () => {
  const refused = (body: string, field: string): void => {
    assert.throws(
      () => anthropicWire.read(endpoint, Buffer.from(body)),
      (error) =>
        error instanceof PurserError &&
        error.code === "invalid_request" &&
        error.detail.field === field,
      body,
    );
  };
  refused('{"max_tokens":1}', "model");
  refused('{"model":7}', "model");
  refused('{"model":"m","max_tokens":-1}', "max_tokens");
  refused('{"model":"m","max_tokens":"10"}', "max_tokens");
  refused('{"model":"m","max_tokens":1,"max_tokens":9}', "max_tokens");
  refused('{"model":"m","stream":"yes"}', "stream");
  refused(
    '{"model":"m","thinking":{"type":"enabled","budget_tokens":-5}}',
    "thinking.budget_tokens",
  );
  refused('{"model":"m"', "body");
});

test("an edit changes the given fields and no other byte", () => {
  const body = Buffer.from(
    '{ "model" : "a",\n "max_tokens":  99 , "messages":[{"role":"user","content":"\\u00e9 max_tokens"}] }',
  );
  const read = anthropicWire.read(endpoint, body);
  const edited = Buffer.from(read.edit({ model: "b", maxOutputTokens: 5 })).toString();
  assert.equal(
    edited,
    '{ "model" : "b",\n "max_tokens":  5 , "messages":[{"role":"user","content":"\\u00e9 max_tokens"}] }',
  );
  assert.equal(read.edit({}), body);
  assert.equal(read.edit({ includeUsage: true }), body);
});

test("fallbacks have a bound, since each is priced", () => {
  const fallbacks = (count: number) =>
    facts({ fallbacks: Array.from({ length: count }, () => ({ model: "a" })) });
  assert.equal(fallbacks(1000).otherModels?.length, 1000);
  assert.throws(() => fallbacks(1001), { code: "invalid_request", message: /fallbacks has more/ });
});
