/** Tests how requests in OpenAI's format are read and edited. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import type { RequestEdits, RequestFacts } from "../wire.ts";
import { openaiWire } from "./wire.ts";

const wire = openaiWire({ newTokenField: "max_completion_tokens" });

function read(path: string, body: unknown) {
  return wire.read(
    wire.endpoint("POST", path),
    Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
  );
}

function chat(fields: object): RequestFacts {
  return read("/chat/completions", { model: "gpt-4o", messages: [], ...fields }).facts;
}

function responses(fields: object): RequestFacts {
  return read("/responses", { model: "gpt-4o", input: "hi", ...fields }).facts;
}

function edited(path: string, body: unknown, edits: RequestEdits): unknown {
  return JSON.parse(Buffer.from(read(path, body).edit(edits)).toString());
}

function refused(action: () => unknown, field: string, code = "invalid_request"): void {
  assert.throws(
    action,
    (error) =>
      error instanceof PurserError &&
      error.code === code &&
      error.detail.field === field &&
      !!error.detail.remedy,
  );
}

test("paths that report usage are metered, reads and moderations are free, everything else is unmetered", () => {
  const metering = (method: string, path: string): string => wire.endpoint(method, path).metering;
  for (const path of [
    "/chat/completions",
    "/completions",
    "/responses",
    "/responses/compact",
    "/embeddings",
    "/chat/completions?api-version=1",
  ]) {
    assert.equal(metering("POST", path), "metered", path);
  }
  for (const path of [
    "/models",
    "/models/gpt-4o",
    "/models/openai/gpt-4o",
    "/models/openai%2Fgpt-4o",
    "/models/qwen%2fqwen-3:free",
    "/responses/resp_1",
    "/responses/resp_1/input_items",
    "/chat/completions/c1",
  ]) {
    assert.equal(metering("GET", path), "free", path);
  }
  assert.equal(metering("DELETE", "/responses/resp_1"), "free");
  assert.equal(metering("POST", "/responses/resp_1/cancel"), "free");
  assert.equal(metering("POST", "/moderations"), "free");
  for (const path of [
    "/images/generations",
    "/audio/speech",
    "/files",
    "/batches",
    "/fine_tuning/jobs",
    "/realtime/sessions",
    "/anything",
    "/",
    "",
  ]) {
    assert.equal(metering("POST", path), "unmetered", path);
  }
  assert.equal(metering("GET", "/responses"), "unmetered", "a socket may be opened here");
});

test("a path that hides another is not free", () => {
  for (const path of [
    "/models/../chat/completions",
    "/models/%2e%2e/chat/completions",
    "/models/a%2F..%2Fb",
    "/models/a%3Fb",
    "//models",
    "/models\\x",
  ]) {
    assert.equal(wire.endpoint("GET", path).metering, "unmetered", path);
  }
});

test("Azure's deployment path names the model if the body does not", () => {
  const endpoint = wire.endpoint(
    "POST",
    "/deployments/my-gpt/chat/completions?api-version=2024-10-21",
  );
  assert.deepEqual(endpoint, { name: "chat", metering: "metered", model: "my-gpt" });
  assert.equal(wire.read(endpoint, Buffer.from('{"messages":[]}')).facts.model, "my-gpt");
});

test("a plain chat request has no special features", () => {
  assert.deepEqual(chat({}), {
    model: "gpt-4o",
    stream: false,
    textBytes: "model".length + "gpt-4o".length + "messages".length,
    addedTokens: 16,
    media: { images: 0, audios: 0, files: 0 },
    storedContext: false,
    maxOutputTokens: null,
    choices: 1,
    leastOutputTokens: 1,
    uncuttable: false,
    hiddenOutput: false,
    cacheWrite: "5m",
    serviceTier: "standard",
    serverToolCalls: 0,
    usageAsked: false,
  });
});

test("a request without a model is refused", () => {
  refused(() => read("/chat/completions", "{}"), "model");
  refused(() => read("/chat/completions", '{"model":""}'), "model");
  refused(() => read("/chat/completions", '{"model":null}'), "model");
  refused(() => read("/chat/completions", '{"model":["gpt"]}'), "model");
  refused(() => read("/chat/completions", '{"model":"a","model":"b"}'), "model");
});

test("ceilings that are negative, zero, fractional or absurd are refused by name", () => {
  for (const value of ["-1", "0", "1.5", "1e400", '"10"', "99999999999", "true"]) {
    refused(() => read("/chat/completions", `{"model":"m","max_tokens":${value}}`), "max_tokens");
    refused(
      () => read("/responses", `{"model":"m","max_output_tokens":${value}}`),
      "max_output_tokens",
    );
  }
  refused(() => read("/chat/completions", '{"model":"m","n":0}'), "n");
  refused(() => read("/chat/completions", '{"model":"m","stream":"yes"}'), "stream");
});

test("the larger of chat's two ceilings counts", () => {
  assert.equal(chat({ max_tokens: 10 }).maxOutputTokens, 10);
  assert.equal(chat({ max_completion_tokens: 20.0 }).maxOutputTokens, 20);
  assert.equal(chat({ max_tokens: 30, max_completion_tokens: 20 }).maxOutputTokens, 30);
  assert.equal(chat({ max_tokens: null }).maxOutputTokens, null);
  assert.equal(chat({ max_output_tokens: 5 }).maxOutputTokens, null);
});

test("Responses accepts no ceiling below 16 tokens, and embeddings generate no tokens", () => {
  assert.equal(responses({ max_output_tokens: 40 }).maxOutputTokens, 40);
  assert.equal(responses({}).leastOutputTokens, 16);
  const facts = read("/embeddings", { model: "text-embedding-3-small", input: ["a", "b"] }).facts;
  assert.deepEqual([facts.maxOutputTokens, facts.choices, facts.cacheWrite], [0, 1, "none"]);
});

test("each generated answer is a choice: n, best_of, and each prompt of a list", () => {
  const choices = (fields: object): number =>
    read("/completions", { model: "m", prompt: "p", ...fields }).facts.choices;
  assert.equal(chat({ n: 3 }).choices, 3);
  assert.equal(choices({ n: 2, best_of: 5 }), 5);
  assert.equal(choices({ prompt: ["a", "b", "c"], n: 2 }), 6);
  assert.equal(choices({ prompt: [1, 2, 3] }), 1);
  assert.equal(choices({ prompt: [[1], [2]] }), 2);
});

test("an answer that must match a schema cannot be cut", () => {
  assert.equal(
    chat({ response_format: { type: "json_schema", json_schema: {} } }).uncuttable,
    true,
  );
  assert.equal(chat({ response_format: { type: "json_object" } }).uncuttable, true);
  assert.equal(chat({ response_format: { type: "text" } }).uncuttable, false);
  assert.equal(
    responses({ text: { format: { type: "json_schema", schema: {} } } }).uncuttable,
    true,
  );
  assert.equal(responses({ text: { verbosity: "low" } }).uncuttable, false);
});

test("reasoning is hidden if the model's name or the request says so", () => {
  const hides = (model: string, fields: object = {}): boolean =>
    chat({ model, ...fields }).hiddenOutput;
  for (const model of [
    "o1",
    "o3-mini",
    "o4-mini-2025-04-16",
    "gpt-5",
    "gpt-5.6-sol",
    "openai/gpt-6.1",
    "grok-4",
    "x-ai/grok-4-fast",
    "ft:o4-mini:org",
    "codex-mini",
  ]) {
    assert.equal(hides(model), true, model);
  }
  for (const model of [
    "gpt-4o",
    "gpt-5-chat-latest",
    "deepseek-reasoner",
    "grok-3-mini",
    "grok-4-fast-non-reasoning",
    "sim/echo",
    "foo1",
    "turbo3",
  ]) {
    assert.equal(hides(model), false, model);
  }
  assert.equal(hides("gpt-5", { reasoning_effort: "none" }), false);
  assert.equal(hides("gpt-5", { reasoning_effort: "minimal" }), false);
  assert.equal(hides("my-model", { reasoning_effort: "low" }), true);
  assert.equal(hides("my-model", { reasoning: { effort: "high" } }), true);
});

test("all names of a tier are read as one", () => {
  assert.deepEqual(
    ["auto", "default", "on_demand", "flex", "priority", "fast", "scale", "turbo", null].map(
      (tier) => chat({ service_tier: tier }).serviceTier,
    ),
    [
      "standard",
      "standard",
      "standard",
      "flex",
      "priority",
      "priority",
      "other",
      "other",
      "standard",
    ],
  );
});

test("audio of earlier answers counts each time that a message names it", () => {
  const message = { role: "assistant", audio: { id: "audio_1" } };
  const { media } = chat({
    modalities: ["text", "audio"],
    audio: { voice: "alloy", format: "wav" },
    messages: [message, message, { role: "user", content: "go on" }],
  });
  assert.deepEqual(media, { images: 0, audios: 2, files: 0 });
});

test("media in embeddings count by their names, each text has two tokens around it", () => {
  const read = (body: object): RequestFacts =>
    wire.read(
      wire.endpoint("POST", "/embeddings"),
      Buffer.from(JSON.stringify({ model: "m", ...body })),
    ).facts;
  const image = "https://a.example/1.png";
  assert.equal(read({ input: [{ image }, { image }, { text: "a" }] }).media.images, 2);
  const content = [{ type: "image_url", image_url: { url: image } }];
  assert.equal(read({ inputs: [{ content }] }).media.images, 1);
  const video = "https://a.example/1.mp4";
  for (const [input, images, audios, files] of [
    [{ pdf: image }, 0, 0, 1],
    [{ url: image }, 0, 0, 1],
    [{ video }, 0, 0, 1],
    [{ audio: video }, 0, 1, 0],
    [{ type: "audio_url", audio_url: { url: video } }, 0, 1, 0],
    [{ type: "video_url", video_url: { url: video } }, 0, 0, 1],
    [{ type: "file", file: { url: image } }, 0, 0, 1],
    [{ image_url: { url: image }, url: image }, 1, 0, 1],
    [{ text: "url pdf" }, 0, 0, 0],
  ] as const)
    assert.deepEqual(read({ input: [input] }).media, { images, audios, files });
  const added = (input: unknown): number => read({ input }).addedTokens;
  assert.equal(added(["a", "b", ""]) - added("a"), 4);
  assert.equal(added([1, 2, 3]), added("a"));
});

test("media are counted by kind, and their payloads are not text", () => {
  const image = `data:image/png;base64,${"iVBORw0KGgo".repeat(100)}`;
  const content = [
    { type: "text", text: "look" },
    { type: "image_url", image_url: { url: image } },
    { type: "input_audio", input_audio: { data: "UklGRg".repeat(100), format: "wav" } },
    { type: "file", file: { file_data: `data:application/pdf;base64,${"JVBERi0".repeat(100)}` } },
  ];
  const facts = chat({ messages: [{ role: "user", content }] });
  assert.deepEqual(facts.media, { images: 1, audios: 1, files: 1 });
  assert.ok(facts.textBytes < 400, String(facts.textBytes));
  const input = [
    {
      role: "user",
      content: [
        { type: "input_image", image_url: image },
        { type: "input_file", file_id: "f" },
      ],
    },
  ];
  assert.deepEqual(responses({ input }).media, { images: 1, audios: 0, files: 1 });
});

test("a payload other than an image, audio or file counts as text", () => {
  const facts = chat({
    messages: [{ role: "tool", content: [{ source: { data: "QUJD".repeat(1000) } }] }],
  });
  assert.ok(facts.textBytes > 4000);
});

test("a request that continues or quotes stored content is recognised", () => {
  assert.equal(responses({ previous_response_id: "resp_1" }).storedContext, true);
  assert.equal(responses({ conversation: { id: "c" } }).storedContext, true);
  assert.equal(responses({ prompt: { id: "p" } }).storedContext, true);
  const reasoning = { type: "reasoning", id: "rs_1", summary: [] };
  assert.equal(responses({ input: [reasoning] }).storedContext, true);
  assert.equal(
    responses({ input: [{ type: "image_generation_call", id: "ig_1" }] }).storedContext,
    true,
  );
  assert.equal(
    responses({ input: [{ ...reasoning, encrypted_content: "gAAA" }] }).storedContext,
    false,
  );
  assert.equal(responses({ plugins: [{ id: "web" }] }).storedContext, false);
  assert.equal(read("/completions", { model: "m", prompt: "text" }).facts.storedContext, false);
});

test("calls of billed tools are bounded by max_tool_calls, or by ten", () => {
  assert.equal(responses({ tools: [{ type: "web_search" }] }).serverToolCalls, 10);
  assert.equal(
    responses({ tools: [{ type: "web_search_preview_2025_03_11" }], max_tool_calls: 3 })
      .serverToolCalls,
    3,
  );
  assert.equal(
    responses({ tools: [{ type: "code_interpreter", container: { type: "auto" } }] })
      .serverToolCalls,
    10,
  );
  assert.equal(
    responses({ tools: [{ type: "function", name: "f" }], input: [{ type: "web_search_call" }] })
      .serverToolCalls,
    0,
  );
  assert.equal(chat({ web_search_options: {} }).serverToolCalls, 1);
  assert.equal(chat({ model: "openai/gpt-4o:online" }).serverToolCalls, 1);
  for (const [plugins, calls] of [
    [[{ id: "web" }], 1],
    [[{ id: "web", max_results: 5 }], 1],
    [[{ id: "web", max_results: 6 }, { id: "file-parser" }], 3],
    [[{ id: "web", max_results: 1e300 }], 2000],
    [[{ id: "web", max_results: "x" }, null], 2],
    [[], 0],
    [{}, 1],
  ] as const)
    assert.equal(chat({ plugins }).serverToolCalls, calls, JSON.stringify(plugins));
  const more = { plugins: [{ id: "web", max_results: 10 }] };
  assert.equal(chat({ ...more, model: "openai/gpt-4o:online" }).serverToolCalls, 3);
  const tools = [{ type: "web_search" }];
  assert.equal(responses({ ...more, tools, max_tool_calls: 1 }).serverToolCalls, 3);
  assert.equal(chat({ ...more, web_search_options: {} }).serverToolCalls, 3);
  const written = (plugins: string) =>
    read("/chat/completions", `{"model":"m","messages":[],"plugins":${plugins}}`);
  assert.equal(written('[{"max_results":50,"max_results":1}]').facts.serverToolCalls, 10);
  assert.equal(written('[{"max_\\u0072esults":50}]').facts.serverToolCalls, 10);
  assert.throws(() => written('[{"id":"a\\q"}]'), { code: "invalid_request" });
  assert.equal(
    chat({ search_parameters: { mode: "auto", max_search_results: 4 } }).serverToolCalls,
    4,
  );
  assert.equal(chat({ search_parameters: { mode: "off" } }).serverToolCalls, 0);
});

test("a search tool of OpenRouter counts once for every five of its results", () => {
  const type = "openrouter:web_search";
  const calls = (tool: object, more: object = {}): number =>
    chat({ tools: [{ type, ...tool }], ...more }).serverToolCalls;
  assert.equal(calls({}), 10);
  assert.equal(calls({ parameters: { engine: "exa", max_results: 5 } }), 10);
  assert.equal(calls({ parameters: { max_results: 25 } }), 50);
  assert.equal(calls({ parameters: { max_results: 6 } }, { max_tool_calls: 3 }), 6);
  assert.equal(calls({ max_results: 11 }), 30);
  const tools = `[{"type":"${type}","parameters":{"max_results":50,"max_results":1}}]`;
  const repeated = read("/chat/completions", `{"model":"m","messages":[],"tools":${tools}}`);
  assert.equal(repeated.facts.serverToolCalls, 100);
  assert.equal(chat({ tools: [{ type: "web_search", max_results: 25 }] }).serverToolCalls, 10);
});

test("a cache lifetime of an hour is read", () => {
  const content = [{ type: "text", text: "x", cache_control: { type: "ephemeral", ttl: "1h" } }];
  assert.equal(chat({ messages: [{ role: "user", content }] }).cacheWrite, "1h");
});

test("a background response is unmetered, because its answer reports no usage", () => {
  refused(() => responses({ background: true }), "background", "unmetered");
  assert.equal(responses({ background: false }).model, "gpt-4o");
});

test("a reduced ceiling replaces the one in the request's own field", () => {
  assert.deepEqual(
    edited("/chat/completions", { model: "m", max_tokens: 100 }, { maxOutputTokens: 7 }),
    { model: "m", max_tokens: 7 },
  );
  assert.deepEqual(
    edited("/responses", { model: "m", max_output_tokens: 100 }, { maxOutputTokens: 17 }),
    {
      model: "m",
      max_output_tokens: 17,
    },
  );
  assert.deepEqual(
    edited(
      "/chat/completions",
      { model: "m", max_tokens: 100, max_completion_tokens: 5 },
      { maxOutputTokens: 7 },
    ),
    {
      model: "m",
      max_tokens: 7,
      max_completion_tokens: 5,
    },
  );
});

test("a ceiling is added in the field that the server knows", () => {
  assert.deepEqual(edited("/chat/completions", { model: "m" }, { maxOutputTokens: 7 }), {
    model: "m",
    max_completion_tokens: 7,
  });
  assert.deepEqual(
    edited("/chat/completions", { model: "m", max_tokens: null }, { maxOutputTokens: 7 }),
    {
      model: "m",
      max_tokens: null,
      max_completion_tokens: 7,
    },
  );
  assert.deepEqual(edited("/responses", { model: "m" }, { maxOutputTokens: 17 }), {
    model: "m",
    max_output_tokens: 17,
  });
  assert.deepEqual(edited("/completions", { model: "m" }, { maxOutputTokens: 7 }), {
    model: "m",
    max_tokens: 7,
  });
  assert.deepEqual(edited("/embeddings", { model: "m" }, { maxOutputTokens: 7 }), { model: "m" });
  const other = openaiWire();
  const body = other
    .read(other.endpoint("POST", "/chat/completions"), Buffer.from('{"model":"m"}'))
    .edit({ maxOutputTokens: 7 });
  assert.deepEqual(JSON.parse(Buffer.from(body).toString()), { model: "m", max_tokens: 7 });
});

test("usage is requested without changing other stream options, and a model is replaced", () => {
  assert.deepEqual(
    edited(
      "/chat/completions",
      {
        model: "m",
        stream: true,
        stream_options: { include_obfuscation: false, include_usage: false },
      },
      { includeUsage: true, model: "n" },
    ),
    {
      model: "n",
      stream: true,
      stream_options: { include_obfuscation: false, include_usage: true },
    },
  );
  assert.deepEqual(edited("/responses", { model: "m", stream: true }, { includeUsage: true }), {
    model: "m",
    stream: true,
  });
});

test("a body without edits is the same buffer", () => {
  const body = Buffer.from('{"model":"m","max_tokens":5,"stream_options":{"include_usage":true}}');
  const request = wire.read(wire.endpoint("POST", "/chat/completions"), body);
  assert.equal(request.edit({}), body);
  assert.equal(request.edit({ model: "m", maxOutputTokens: 9, includeUsage: true }), body);
});

test("an error has OpenAI's form, with Purser's details next to it", () => {
  const text = wire.error({
    status: 402,
    message: "no",
    code: "budget_exhausted",
    param: null,
    purser: { budget_id: "b" },
  });
  assert.deepEqual(JSON.parse(text), {
    error: {
      message: "no",
      type: "insufficient_quota",
      param: null,
      code: "budget_exhausted",
      category: "invalid_request_error",
      purser: { budget_id: "b" },
    },
    purser: { budget_id: "b" },
  });
  const typeOf = (status: number): string =>
    (
      JSON.parse(wire.error({ status, message: "", code: "", param: "model" })) as {
        error: { type: string };
      }
    ).error.type;
  assert.deepEqual([400, 401, 403, 429, 500, 503].map(typeOf), [
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "rate_limit_error",
    "server_error",
    "server_error",
  ]);
});

test("models that may answer instead of the requested one are listed", () => {
  assert.deepEqual(chat({ models: ["gpt-4o", "dearer", 5], max_tokens: 9 }).otherModels, [
    { model: "dearer", runs: 1, maxOutputTokens: 9, isAlternative: true },
    { model: null, runs: 1, maxOutputTokens: 9, isAlternative: true },
  ]);
  assert.equal(chat({ models: ["gpt-4o"] }).otherModels, undefined);
});

test("prompts are counted without being built, and other models have a bound", () => {
  const prompts = (list: string): number =>
    read("/completions", `{"model":"m","prompt":${list}}`).facts.choices;
  // A parser would refuse the escape.
  assert.equal(prompts(String.raw`["\q","b"]`), 2);
  assert.deepEqual(["[ 1,2]", "[[1],[2]]", "[]", '"a"'].map(prompts), [1, 2, 1, 1]);
  const models = (count: number) => chat({ models: Array(count).fill("a") }).otherModels?.length;
  assert.equal(models(1000), 1000);
  refused(() => models(1001), "models");
});

test("the results of a search are read from a tool among many", () => {
  const search = { type: "openrouter:web_search", parameters: { max_results: 50 } };
  const all = chat({ tools: [search, ...Array<number>(90_000).fill(0)] }).serverToolCalls;
  assert.equal(all, chat({ tools: [search] }).serverToolCalls);
});
