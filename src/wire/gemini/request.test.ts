/** Tests how Gemini requests are read and edited. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import type { ReadRequest, RequestFacts } from "../wire.ts";
import { geminiWire } from "./index.ts";

const contents = [{ role: "user", parts: [{ text: "Hi" }] }];
const path = (model: string, action = "generateContent"): string =>
  `/v1beta/models/${model}:${action}`;

function request(body: object, place = path("gemini-2.0-flash")): ReadRequest {
  return geminiWire.read(geminiWire.endpoint("POST", place), Buffer.from(JSON.stringify(body)));
}
const facts = (more: object, model = "gemini-2.0-flash"): RequestFacts =>
  request({ contents, ...more }, path(model)).facts;

test("a plain request has no special features", () => {
  const { textBytes, ...rest } = facts({ systemInstruction: { parts: [{ text: "Be brief." }] } });
  assert.ok(textBytes > 10);
  assert.deepEqual(rest, {
    model: "gemini-2.0-flash",
    stream: false,
    addedTokens: 16,
    media: { images: 0, audios: 0, files: 0 },
    storedContext: false,
    maxOutputTokens: null,
    choices: 1,
    leastOutputTokens: 1,
    uncuttable: false,
    hiddenOutput: false,
    cacheWrite: "none",
    serviceTier: "standard",
    serverToolCalls: 0,
    fees: [],
    usageAsked: true,
  });
});

test("the stream and the model are in the path", () => {
  const read = request(
    { contents },
    path("gemini-3-pro-preview", "streamGenerateContent?alt=sse"),
  ).facts;
  assert.deepEqual([read.model, read.stream], ["gemini-3-pro-preview", true]);
});

test("a model in a path has as many characters as in a body, at most", () => {
  const long = "m".repeat(257);
  for (const action of ["generateContent", "predict", "predictLongRunning", "countTokens"])
    assert.throws(() => request({ contents, instances: [{}] }, path(long, action)), {
      code: "invalid_request",
      message: /^model must be a name of 1 to 256 characters/,
      detail: { field: "model", remedy: "Name the model to call." },
    });
  assert.equal(request({ contents }, path(long.slice(1))).facts.model.length, 256);
});

test("the generation configuration is read in both spellings", () => {
  const camel = facts({ generationConfig: { maxOutputTokens: 50, candidateCount: 3 } });
  assert.deepEqual([camel.maxOutputTokens, camel.choices], [50, 3]);
  const snake = facts({ generation_config: { max_output_tokens: 60, candidate_count: 2 } });
  assert.deepEqual([snake.maxOutputTokens, snake.choices], [60, 2]);
});

test("a schema or a JSON answer cannot be cut", () => {
  for (const configuration of [
    { responseSchema: { type: "OBJECT" } },
    { responseJsonSchema: { type: "object" } },
    { responseMimeType: "application/json" },
    { response_mime_type: "text/x.enum" },
  ]) {
    assert.equal(
      facts({ generationConfig: configuration }).uncuttable,
      true,
      JSON.stringify(configuration),
    );
  }
  assert.equal(facts({ generationConfig: { responseMimeType: "text/plain" } }).uncuttable, false);
});

test("thinking models think unless their budget is zero", () => {
  for (const model of [
    "gemini-2.5-pro",
    "gemini-2.5-flash",
    "gemini-3-pro-preview",
    "gemini-3.8-flash",
    "gemini-flash-latest",
  ]) {
    assert.equal(facts({}, model).hiddenOutput, true, model);
    assert.equal(
      facts({ generationConfig: { thinkingConfig: { thinkingBudget: 0 } } }, model).hiddenOutput,
      false,
      model,
    );
  }
  for (const model of ["gemini-2.0-flash", "gemini-1.5-pro", "gemini-2.5-flash-lite", "gemma-3"]) {
    assert.equal(facts({}, model).hiddenOutput, false, model);
  }
});

test("a thinking budget keeps the ceiling above it; one left to the model does not", () => {
  const thinking = (thinkingConfig: object): readonly unknown[] => {
    const { leastOutputTokens, hiddenOutput } = facts({ generationConfig: { thinkingConfig } });
    return [leastOutputTokens, hiddenOutput];
  };
  assert.deepEqual(thinking({ thinkingBudget: 512 }), [513, true]);
  assert.deepEqual(thinking({ thinking_budget: -1 }), [1, true]);
  assert.deepEqual(thinking({ thinkingLevel: "LOW" }), [1, true]);
});

test("speech and images come in one piece", () => {
  assert.equal(
    facts({ generationConfig: { responseModalities: ["TEXT", "IMAGE"] } }).hiddenOutput,
    true,
  );
  assert.equal(facts({ generationConfig: { responseModalities: ["TEXT"] } }).hiddenOutput, false);
});

test("media are counted by kind in both spellings, and their data is not text", () => {
  const data = "iVBORw0KGgo".repeat(1000);
  const parts = [
    { inlineData: { mimeType: "image/png", data } },
    { inline_data: { mime_type: "audio/wav", data } },
    { fileData: { mimeType: "application/pdf", fileUri: "files/1" } },
    { file_data: { file_uri: "files/2" } },
  ];
  const read = facts({ contents: [{ parts }] });
  assert.deepEqual(read.media, { images: 1, audios: 1, files: 2 });
  assert.ok(read.textBytes < 1000);
  const capitals = [
    { inlineData: { mimeType: "IMAGE/PNG", data } },
    { fileData: { mimeType: "Audio/WAV", fileUri: "files/1" } },
  ];
  const counted = { images: 1, audios: 1, files: 0 };
  assert.deepEqual(facts({ contents: [{ parts: capitals }] }).media, counted);
});

test("a search is one call before Gemini 3, and bounded by queries from then on", () => {
  const tools = [{ googleSearch: {} }];
  assert.equal(facts({ tools }, "gemini-2.5-flash").serverToolCalls, 1);
  assert.equal(facts({ tools }, "gemini-3-pro-preview").serverToolCalls, 10);
  assert.equal(
    facts({ tools: [{ google_search: {} }] }, "gemini-3-pro-preview").serverToolCalls,
    10,
  );
  assert.equal(
    facts({ tools: [{ functionDeclarations: [] }] }, "gemini-3-pro-preview").serverToolCalls,
    0,
  );
});

test("the requested tier bounds the one served", () => {
  assert.equal(facts({ serviceTier: "flex" }).serviceTier, "flex");
  assert.equal(facts({ service_tier: "PRIORITY" }).serviceTier, "priority");
  assert.equal(facts({ serviceTier: "standard" }).serviceTier, "standard");
  assert.equal(facts({ serviceTier: "SERVICE_TIER_PRIORITY" }).serviceTier, "priority");
  assert.equal(facts({ serviceTier: "turbo" }).serviceTier, "other");
});

test("searches and maps have separate fees, and reading a page has none", () => {
  const fees = (tools: readonly object[], model = "gemini-3.5-flash"): readonly unknown[] => {
    const { serverToolCalls, fees } = request({ contents, tools }, path(model)).facts;
    return [serverToolCalls, fees];
  };
  assert.deepEqual(fees([{ googleSearch: {} }]), [10, ["web_search"]]);
  assert.deepEqual(fees([{ google_search: {} }], "gemini-2.5-flash"), [1, ["web_search"]]);
  assert.deepEqual(fees([{ googleMaps: {} }]), [1, ["maps_grounding"]]);
  assert.deepEqual(fees([{ googleSearch: {} }, { google_maps: {} }]), [
    11,
    ["web_search", "maps_grounding"],
  ]);
  assert.deepEqual(fees([{ urlContext: {} }]), [0, []]);
});

test("an embedding generates no tokens", () => {
  assert.equal(
    request({ content: contents[0] }, path("gemini-embedding-001", "embedContent")).facts
      .maxOutputTokens,
    0,
  );
});

test("a field of the wrong type, out of range or in two spellings is refused by name", () => {
  const refused = (body: object, field: string): void => {
    assert.throws(
      () => request(body),
      (error) =>
        error instanceof PurserError &&
        error.code === "invalid_request" &&
        error.detail.field === field,
      field,
    );
  };
  refused({ generationConfig: { maxOutputTokens: -1 } }, "generationConfig.maxOutputTokens");
  refused({ generationConfig: { candidateCount: 0 } }, "generationConfig.candidateCount");
  refused({ generationConfig: "none" }, "generationConfig");
  refused(
    { generationConfig: { maxOutputTokens: 1, max_output_tokens: 9 } },
    "generationConfig.maxOutputTokens",
  );
  refused({ generationConfig: {}, generation_config: {} }, "generationConfig");
});

test("an edit sets the ceiling where the body has it, and creates its parent if absent", () => {
  const edited = (body: object): string =>
    Buffer.from(request(body).edit({ maxOutputTokens: 7 })).toString();
  assert.deepEqual(JSON.parse(edited({ contents })), {
    contents,
    generationConfig: { maxOutputTokens: 7 },
  });
  assert.equal(
    edited({ generationConfig: { maxOutputTokens: 99, topK: 1 } }),
    '{"generationConfig":{"maxOutputTokens":7,"topK":1}}',
  );
  assert.deepEqual(JSON.parse(edited({ generation_config: { topK: 1 } })), {
    generation_config: { topK: 1, maxOutputTokens: 7 },
  });
  assert.equal(
    edited({ generation_config: { max_output_tokens: 99 } }),
    '{"generation_config":{"max_output_tokens":7}}',
  );
});

test("the model is not a field of the body, and without an edit the body is unchanged", () => {
  const body = Buffer.from('{"contents":[]}');
  const read = geminiWire.read(geminiWire.endpoint("POST", path("m")), body);
  assert.equal(read.edit({ model: "other" }), body);
});
