/** The list of models in each format, and invalid requests for it. */

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import type { Wires } from "../app/route/target.ts";
import type { ServedModel } from "../app/route/served-models.ts";
import { PurserError } from "../domain/error.ts";
import { anthropicWire } from "../wire/anthropic/index.ts";
import { geminiWire } from "../wire/gemini/index.ts";
import { openaiWire } from "../wire/openai/index.ts";
import type { WireName } from "../wire/wire.ts";
import { answerModels, readModelsRequest, type ModelsRequest } from "./models.ts";

const wires: Wires = [openaiWire(), anthropicWire, geminiWire];

function read(path: string, dialect?: WireName): ModelsRequest | undefined {
  return readModelsRequest(
    wires,
    path,
    wires.find(({ name }) => name === dialect),
  );
}

const asked = (path: string, dialect?: WireName) => {
  const request = read(path, dialect);
  return request && [request.wire.name, request.id, request.query.toString()];
};

test("a path requests the list or one model, in the format of its version or of the caller", () => {
  assert.deepEqual(asked("/v1/models"), ["openai", null, ""]);
  assert.deepEqual(asked("/v1/models", "anthropic"), ["anthropic", null, ""]);
  assert.deepEqual(asked("/v1/models", "gemini"), ["gemini", null, ""]);
  assert.deepEqual(
    asked("/v1beta/models", "anthropic"),
    ["gemini", null, ""],
    "only Gemini has this version",
  );
  assert.deepEqual(asked("/v1alpha/models"), ["gemini", null, ""]);
  assert.deepEqual(asked("/v1/models?limit=5&after=a%2Fb"), [
    "openai",
    null,
    "limit=5&after=a%2Fb",
  ]);
  assert.deepEqual(asked("/v1/models/openai/gpt-5?x=1"), ["openai", "openai/gpt-5", "x=1"]);
  assert.deepEqual(asked("/v1/models/openai%2Fgpt-5"), ["openai", "openai/gpt-5", ""]);
});

test("other paths, versions and invalid encodings are not requests for models", () => {
  for (const path of [
    "/",
    "/v1",
    "/v2/models",
    "/v1/modelsx",
    "/v1/models/",
    "/a/v1/models",
    "/openai/v1/models",
    "/v1/models/%E0%A4%A",
    "?/v1/models",
  ])
    assert.equal(asked(path), undefined, path);
});

const served = (id: string, facts: Partial<ServedModel> = {}): ServedModel => {
  const [provider = "", model = ""] = id.split("/");
  return {
    id,
    ownedBy: provider,
    provider,
    model,
    wires: ["openai"],
    contextWindow: null,
    maxOutputTokens: null,
    ...facts,
  };
};
const models = ["a", "b", "c", "d", "e"].map((name) => served(`p/${name}`));

function answer(
  path: string,
  dialect?: WireName,
  from: readonly ServedModel[] = models,
): Readonly<Record<string, unknown>> {
  const request = read(path, dialect);
  assert.ok(request);
  let text = "";
  let status = 0;
  const response = {
    writeHead: (code: number) => (status = code),
    end: (body: string) => (text = body),
  };
  answerModels(response as unknown as ServerResponse, from, { ...request, similar: () => [] });
  assert.equal(status, 200);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

const idsOf = (body: Readonly<Record<string, unknown>>): readonly string[] =>
  (
    (body["data"] ?? body["models"]) as readonly { readonly id?: string; readonly name?: string }[]
  ).map(({ id, name }) => id ?? name ?? "");

test("OpenAI's list is complete unless limited, and continues after a model", () => {
  const whole = answer("/v1/models");
  assert.deepEqual(
    [whole["object"], idsOf(whole), "has_more" in whole],
    ["list", models.map(({ id }) => id), false],
  );
  const page = answer("/v1/models?limit=2");
  assert.deepEqual([idsOf(page), page["has_more"]], [["p/a", "p/b"], true]);
  const last = answer("/v1/models?limit=2&after=p%2Fc");
  assert.deepEqual(
    [idsOf(last), last["has_more"]],
    [["p/d", "p/e"], false],
    "a page that ends with the list is the last",
  );
  assert.deepEqual(
    idsOf(answer("/v1/models?limit=9&after=")),
    idsOf(whole),
    "an empty cursor is the first page",
  );
  assert.deepEqual(
    idsOf(answer("/v1/models?limit=1&after=p%2Fa")),
    ["p/b"],
    "the first model is a cursor, too",
  );
});

test("Anthropic's list has pages of twenty, forwards and backwards, and names its ends", () => {
  const many = Array.from({ length: 25 }, (_, index) => served(`p/m${index}`));
  const first = answer("/v1/models", "anthropic", many);
  assert.deepEqual(
    [idsOf(first).length, first["first_id"], first["last_id"], first["has_more"]],
    [20, "p/m0", "p/m19", true],
  );
  const rest = answer("/v1/models?after_id=p%2Fm19", "anthropic", many);
  assert.deepEqual([idsOf(rest).length, rest["has_more"]], [5, false]);
  const before = answer("/v1/models?before_id=p%2Fm3&limit=2", "anthropic", many);
  assert.deepEqual([idsOf(before), before["has_more"]], [["p/m1", "p/m2"], true]);
  const start = answer("/v1/models?before_id=p%2Fm1&limit=2", "anthropic", many);
  assert.deepEqual([idsOf(start), start["has_more"]], [["p/m0"], false]);
  const none = answer("/v1/models", "anthropic", []);
  assert.deepEqual([none["first_id"], none["last_id"], none["has_more"]], [null, null, false]);
});

test("Gemini's list gives the name of the last model as the token of the next page, if there is one", () => {
  const page = answer("/v1beta/models?pageSize=3");
  assert.deepEqual(
    [idsOf(page), page["nextPageToken"]],
    [["models/p/a", "models/p/b", "models/p/c"], "p/c"],
  );
  assert.equal("nextPageToken" in answer("/v1beta/models?pageSize=3&pageToken=p%2Fc"), false);
  assert.equal(idsOf(answer("/v1beta/models?page_size=2")).length, 2);
  const many = Array.from({ length: 60 }, (_, index) => served(`p/m${index}`));
  assert.equal(
    idsOf(answer("/v1beta/models?pageSize=0", undefined, many)).length,
    50,
    "the usual size",
  );
});

test("a page is limited to the maximum of its format", () => {
  const many = Array.from({ length: 1200 }, (_, index) => served(`p/m${index}`));
  assert.equal(idsOf(answer("/v1/models?limit=5000", "anthropic", many)).length, 1000);
  assert.equal(idsOf(answer("/v1beta/models?pageSize=5000", undefined, many)).length, 1000);
  assert.equal(idsOf(answer("/v1/models?limit=5000", undefined, many)).length, 1200);
});

test("a single model has its known facts, under the requested name", () => {
  const known = [
    served("p/chat", { contextWindow: 1000, maxOutputTokens: 50 }),
    served("p/embedding-1"),
  ];
  assert.deepEqual(answer("/v1/models/chat", undefined, known), {
    id: "chat",
    object: "model",
    created: 0,
    owned_by: "p",
  });
  const {
    id,
    display_name: name,
    max_input_tokens: input,
    max_tokens: output,
  } = answer("/v1/models/p/chat", "anthropic", known);
  assert.deepEqual([id, name, input, output], ["p/chat", "chat", 1000, 50]);
  const { inputTokenLimit, outputTokenLimit, supportedGenerationMethods } = answer(
    "/v1beta/models/p/chat",
    undefined,
    known,
  );
  assert.deepEqual(
    [inputTokenLimit, outputTokenLimit, supportedGenerationMethods],
    [1000, 50, ["generateContent", "countTokens"]],
  );
  const embedding = answer("/v1beta/models/p/embedding-1", undefined, known);
  assert.deepEqual(embedding, {
    name: "models/p/embedding-1",
    version: "1",
    displayName: "embedding-1",
    supportedGenerationMethods: ["embedContent", "batchEmbedContents"],
  });
});

test("a name in the list takes precedence over a provider's own name", () => {
  const both = [served("p/quick"), served("quick", { ownedBy: "alias" })];
  assert.equal(answer("/v1/models/quick", undefined, both)["owned_by"], "alias");
});

for (const [path, dialect, code, field] of [
  ["/v1/models/none", undefined, "not_found", "model"],
  ["/v1/models?limit=0", undefined, "invalid_request", "limit"],
  ["/v1/models?limit=x", undefined, "invalid_request", "limit"],
  ["/v1/models?limit=-1", "anthropic", "invalid_request", "limit"],
  ["/v1beta/models?pageSize=1.5", undefined, "invalid_request", "pageSize"],
  ["/v1/models?after=none", undefined, "invalid_request", "after"],
  ["/v1/models?after_id=none", "anthropic", "invalid_request", "after_id"],
  ["/v1/models?before_id=none", "anthropic", "invalid_request", "before_id"],
  ["/v1beta/models?pageToken=none", undefined, "invalid_request", "pageToken"],
] as const) {
  test(`${path}${dialect ? ` of ${dialect}` : ""} is refused, naming ${field}`, () => {
    assert.throws(
      () => answer(path, dialect),
      (error) =>
        error instanceof PurserError &&
        error.code === code &&
        error.detail.field === field &&
        error.detail.remedy !== undefined,
    );
  });
}
