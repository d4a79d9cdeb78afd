/** Long contexts in regions, of which lists state the price of short ones only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openCatalogue } from "./catalogue.ts";

const catalogue = await openCatalogue();
const book = catalogue.book([]);
const at = Date.parse("2026-11-30T12:00:00Z");

function inputRate(model: string, { region, input }: { region?: string; input: number }): bigint {
  const sheet = book.sheet({ provider: "aws", model, at }) ?? assert.fail(model);
  const terms = { serviceTier: "standard", ...(region && { region }), at } as const;
  const [line] = sheet.charge({ model: null, usage: { input } }, terms);
  return line?.rate?.perUnit ?? assert.fail(model);
}

test("Claude costs 20 % more in GovCloud than under its global id, 9 % more than in other regions", () => {
  for (const region of ["us-gov-west-1", "us-gov-east-1"]) {
    assert.equal(inputRate("anthropic.claude-opus-5", { region, input: 1 }), 6_000_000n);
    assert.equal(inputRate("anthropic.claude-fable-5-1", { region, input: 1 }), 12_000_000n);
    assert.equal(inputRate("anthropic.claude-haiku-4-5", { region, input: 1 }), 1_200_000n);
  }
  assert.equal(inputRate("anthropic.claude-opus-5", { input: 1 }), 5_500_000n);
});

test("a long context costs more in GovCloud, too", () => {
  const long = 300_000;
  for (const model of ["openai.gpt-5.4", "anthropic.claude-sonnet-4-5-20250929-v1:0"])
    for (const region of ["us-gov-west-1", "us-gov-east-1"])
      assert.ok(
        inputRate(model, { region, input: long }) > inputRate(model, { input: long }),
        `${model} ${region}`,
      );
  assert.equal(inputRate("openai.gpt-5.4", { region: "us-gov-west-1", input: long }), 6_600_000n);
});

test("no region of Bedrock is cheaper than the model elsewhere for a long context", () => {
  for (const { provider, model, regions, contextTiers } of catalogue.rows()) {
    if (provider !== "aws" || !contextTiers || regions === undefined || regions === "included")
      continue;
    for (const region of Object.keys(regions))
      assert.ok(
        inputRate(model, { region, input: 900_000 }) >= inputRate(model, { input: 900_000 }),
        `${model} ${region}`,
      );
  }
});
