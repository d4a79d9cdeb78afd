/** Model ids as they occur, and names and hosts of providers, find the rows that price them. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { openCatalogue } from "./catalogue.ts";

const catalogue = await openCatalogue();
const book = catalogue.book([]);
const at = Date.parse("2026-11-22T12:00:00Z");

/** A row's own id is `=`; null: no price. The last word is how it is found, if not `exact`. */
type RealId = readonly [id: string, row: string | null, match?: string];

const realIds = JSON.parse(
  readFileSync(new URL("../../test/prices/real-ids.json", import.meta.url), "utf8"),
) as Readonly<Record<string, readonly RealId[]>>;

for (const [provider, ids] of Object.entries(realIds)) {
  test(`${ids.length} ids of ${provider} have the price of their own model, or none`, () => {
    for (const [id, row, match = "exact"] of ids) {
      const sheet = book.sheet({ provider, model: id, at });
      const found = sheet ? [sheet.row.model, sheet.match] : [null, "exact"];
      assert.deepEqual(found, [row === "=" ? id : row, match], `${provider}/${id}`);
    }
  });
}

const crossings = ["-9", ".9", "-v9:0", "-9000b", "-nano-9", "-tts-9", "-dubbing", "-xxl"];

test("no id that adds a version, a size or a mode has the price of the model before it", () => {
  for (const { provider, model } of catalogue.models()) {
    for (const crossing of crossings) {
      const sheet = book.sheet({ provider, model: model + crossing, at });
      assert.equal(sheet?.row.model, undefined, `${provider}/${model}${crossing}`);
    }
  }
});

test("no id with another build or revision has the price of the listed one", () => {
  const listed = new Set(
    catalogue.rows().map(({ provider, model }) => `${provider} ${model.toLowerCase()}`),
  );
  for (const { provider, model } of catalogue.models()) {
    const build = /([-:@])(00[1-9]|v?\d+:\d)$|(?<=-v\d:)\d$/.exec(model);
    if (!build) continue;
    const last = Number(model.at(-1));
    const other = `${model.slice(0, -1)}${last === 9 ? 8 : last + 1}`;
    if (listed.has(`${provider} ${other.toLowerCase()}`)) continue;
    const sheet = book.sheet({ provider, model: other, at });
    assert.notEqual(sheet?.row.model, model, `${provider}/${other}`);
  }
});

test("a month and a day name the snapshot of that date, whose price may differ from the model's", () => {
  for (const provider of ["openai", "azure"])
    assert.equal(
      book.sheet({ provider, model: "gpt-4o-0513", at })?.row.model,
      "gpt-4o-2024-05-13",
      provider,
    );
});

test("a model that any host may serve is not priced from another host's list", () => {
  for (const model of ["gpt-oss-20b", "deepseek-v4-pro-max", "kimi-k9"])
    assert.equal(book.sheet({ provider: "azure", model, at })?.row.provider ?? "azure", "azure");
});

test("a vendor's own model at a provider without a row for it is a fallback", () => {
  const sheet = book.sheet({ provider: "azure", model: "chatgpt-4o-latest", at });
  assert.deepEqual([sheet?.row.provider, sheet?.match], ["openai", "fallback"]);
});

test("Vertex and others may write the maker before a slash, and GovCloud has its own price", () => {
  const vertex = book.sheet({ provider: "google", model: "google/gemini-2.5-flash", at });
  assert.deepEqual([vertex?.row.model, vertex?.match], ["gemini-2.5-flash", "alias"]);
  const baseUrl = "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/openai/v1";
  const gov = catalogue.identify({ name: "gov", baseUrl, priceProvider: null });
  assert.deepEqual([gov.id, gov.region], ["aws", "us-gov-west-1"]);
});

test("a deployment has the price of the model that the configuration names", () => {
  const provider = catalogue.identify({
    name: "work",
    baseUrl: "https://acme.openai.azure.com/openai/v1",
    priceProvider: null,
    deployments: { "my-gpt": "gpt-4o", toString: "gpt-5" },
  });
  const deployed = catalogue.book([], new Map([["work", provider]]));
  const find = (model: string): readonly unknown[] => {
    const sheet = deployed.sheet({ provider: "work", model, at });
    return [sheet?.row.model, sheet?.match];
  };
  assert.deepEqual(find("my-gpt"), ["gpt-4o", "alias"]);
  assert.deepEqual(find("gpt-4o"), ["gpt-4o", "exact"]);
  assert.deepEqual(find("your-gpt"), [undefined, undefined]);
  assert.deepEqual(find("valueOf"), [undefined, undefined]);
});

test("hosts and names of other tools are those of their vendor", () => {
  const identify = (name: string, baseUrl: string): string =>
    catalogue.identify({ name, baseUrl, priceProvider: null }).id;
  const hosts: readonly (readonly [host: string, id: string])[] = [
    ["api.together.ai/v1", "together"],
    ["api.together.xyz/v1", "together"],
    ["bedrock-runtime-fips.us-east-1.amazonaws.com/openai/v1", "aws"],
    ["bedrock-runtime.eu-west-1.amazonaws.com/openai/v1", "aws"],
    ["bedrock-mantle.us-east-1.api.aws/anthropic", "aws"],
    ["acme.openai.azure.us/openai/v1", "azure"],
    ["acme.openai.azure.com/openai/v1", "azure"],
    ["acme.services.ai.azure.com/models", "azure"],
    ["acme.cognitiveservices.azure.us", "azure"],
    ["us-east-1.api.x.ai/v1", "x-ai"],
    ["eu-west-1.api.x.ai/v1", "x-ai"],
    ["eu.api.openai.com/v1", "openai"],
    ["us-central1-aiplatform.googleapis.com", "google"],
    ["api.together.ai.example.com/v1", "mine"],
    ["bedrock-runtime.us-east-1.amazonaws.com.example.com", "mine"],
    ["api.openai.com.example.com/v1", "mine"],
    ["API.OpenAI.com/v1", "openai"],
    ["vpce-1-abc.bedrock-runtime.us-east-1.vpce.amazonaws.com/openai/v1", "aws"],
    ["acme.eastus.models.ai.azure.com/v1", "azure"],
    ["codestral.mistral.ai/v1", "mistral"],
  ];
  for (const [host, id] of hosts) assert.equal(identify("mine", `https://${host}`), id, host);
  const names: readonly (readonly [name: string, id: string])[] = [
    ["together_ai", "together"],
    ["fireworks_ai", "fireworks"],
    ["vertex_ai", "google"],
    ["google-vertex", "google"],
    ["azure-openai", "azure"],
    ["azure_ai", "azure"],
    ["bedrock_converse", "aws"],
    ["amazon-bedrock", "aws"],
    ["grok", "x-ai"],
    ["xai", "x-ai"],
    ["moonshot", "moonshotai"],
    ["aws.bedrock", "aws"],
    ["azure.ai.inference", "azure"],
    ["gcp.vertex_ai", "google"],
    ["x_ai", "x-ai"],
  ];
  for (const [name, id] of names) assert.equal(identify(name, "http://127.0.0.1"), id, name);
});
