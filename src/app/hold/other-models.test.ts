/** Tests what is held for models other than the requested one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { priceDemand } from "../../domain/ledger/decide-hold.ts";
import { pico } from "../../domain/money/money.ts";
import { makePriceBook } from "../../domain/price/book.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import { definePrice } from "../../domain/price/text/override.ts";
import { anthropicWire } from "../../wire/anthropic/index.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import type { WireFormat } from "../../wire/wire.ts";
import { aProvider } from "../port/parts.test-kit.ts";
import { demandOf, type Estimate } from "./estimate.ts";
import { withOtherModels } from "./other-models.ts";

/**
 * A token of input costs one pico-dollar; one of output, the number next to the model. A model without
 * a price has the dearest rates of these.
 */
const prices = makePriceBook({
  unlisted: () => "dearest",
  sources: [],
  overrides: [
    ...Object.entries({ a: 1, b: 2, c: 5, d: 3 }).map(([model, output]) => ({
      model,
      input: "0.000001",
      output: `0.00000${output}`,
    })),
    { model: "painter", input: "0", output: "0", meters: { images: "1" } },
    {
      model: "seer",
      input: "0.000001",
      output: "0.000001",
      input_audio: "0.000004",
      request: "0.000000000500",
      web_search: "0.000000000030",
      meters: { input_images: "0.000000000070" },
    },
  ].map((price) =>
    definePrice({ provider: "p", ...price }, { field: "prices[0]", source: "test" }),
  ),
  version: "test",
});

interface Scene {
  readonly body: object;
  readonly book?: PriceBook;
}

/** The amount held for other models, with 100 tokens of input and 1000 of output per choice. */
function heldBesides(wire: WireFormat, path: string, scene: Scene): bigint {
  return estimated(wire, path, scene).fees - 7n;
}

function estimated(wire: WireFormat, path: string, { body, book = prices }: Scene): Estimate {
  const endpoint = wire.endpoint("POST", path);
  const { facts } = wire.read(
    endpoint,
    Buffer.from(JSON.stringify({ model: "a", messages: [], max_tokens: 1000, ...body })),
  );
  const route = {
    provider: aProvider(),
    wire,
    endpoint,
    url: "http://p",
    model: "a",
    title: "p/a",
  };
  const ceiling = 1000 * facts.choices;
  const estimate = {
    inputTokens: 100,
    ceiling,
    firstSlice: ceiling,
    unknownInput: 0,
    least: 1,
    rates: null,
    fees: pico(7n),
  };
  return withOtherModels(book, { route, facts, estimate, at: 0, limits: { maxOutputTokens: 50 } });
}

test("of the models that may answer instead, the most expensive is held, with all choices", () => {
  const held = (body: object): bigint => heldBesides(openaiWire(), "/chat/completions", { body });
  assert.equal(held({}), 0n);
  assert.equal(held({ models: ["a"] }), 0n);
  assert.equal(held({ models: ["b"] }), 100n + 2n * 1000n);
  assert.equal(held({ models: ["a", "b", "c", "d"] }), 100n + 5n * 1000n);
  assert.equal(held({ models: ["b"], n: 8 }), 100n + 2n * 8000n);
  const ceiling = 100n + 5n * 1000n + 500n;
  assert.equal(held({ models: ["painter"] }), ceiling, "it has no price in tokens");
  assert.equal(held({ models: ["b", "c"], n: 2, max_tokens: undefined }), 100n + 5n * 100n);
});

test("of a model that may answer instead, fees, tools, media and images are held too", () => {
  const held = (body: object): bigint => heldBesides(openaiWire(), "/chat/completions", { body });
  const tokens = 100n + 1000n;
  assert.equal(held({ models: ["seer"] }), tokens + 500n);
  const plugins = [{ id: "web" }];
  const searches = held({ models: ["seer"], plugins }) - tokens - 500n;
  assert.ok(searches > 0n && searches % 30n === 0n, String(searches));
  const image = { type: "image_url", image_url: { url: "https://a.example/1.png" } };
  const messages = [{ role: "user", content: [image, image] }];
  assert.equal(held({ models: ["seer"], messages }), 4n * 100n + 1000n + 500n + 2n * 70n);
});

test("models that run in addition are held for each of their runs, after the longest possible answer", () => {
  const held = (body: object): bigint => heldBesides(anthropicWire, "/v1/messages", { body });
  const advisor = {
    type: "advisor_20260301",
    name: "advisor",
    model: "b",
    max_uses: 3,
    max_tokens: 10,
  };
  assert.equal(held({ tools: [advisor] }), 3n * (1100n + 2n * 10n));
  assert.equal(
    held({ fallbacks: [{ model: "b" }, { model: "c" }] }),
    2n * 1100n + (2n + 5n) * 1000n,
  );
});

test("a model without a price is held at the ceiling, or at the requested model's rates if those are higher", () => {
  const body = {
    tools: [
      { type: "advisor_20260301", name: "b", model: "unlisted", max_uses: 1, max_tokens: 10 },
    ],
  };
  const held = (input: bigint, output: bigint): bigint => {
    const book = makePriceBook({
      unlisted: () => ({ input: pico(input), output: pico(output) }),
      sources: [],
      overrides: [
        definePrice(
          { provider: "p", model: "a", input: "0.000003", output: "0.000007" },
          { field: "prices[0]", source: "test" },
        ),
      ],
      version: "test",
    });
    return heldBesides(anthropicWire, "/v1/messages", { body, book });
  };
  assert.equal(held(1n, 1n), 1100n * 3n + 10n * 7n);
  assert.equal(held(9n, 1n), 1100n * 9n + 10n * 7n);
  assert.equal(held(1n, 9n), 1100n * 3n + 10n * 9n);
});

test("models that have no price, like the requested one, are held at the rates of a budget", () => {
  const book = makePriceBook({ sources: [], version: "test" });
  const advisor = { type: "advisor_20260301", name: "b", model: "b", max_uses: 2, max_tokens: 10 };
  const body = { tools: [advisor], fallbacks: [{ model: "c" }, { model: "d", max_tokens: 3 }] };
  const estimate = estimated(anthropicWire, "/v1/messages", { body, book });
  const demand = demandOf(estimate, { input: 100, output: 1000, least: 1 });
  assert.equal(demand.fixed.usd, 7n, "no amount without rates");
  const rates = { input: pico(1n), output: pico(1_000_000n) };
  const held = priceDemand(demand, rates).fixed.usd - 7n - 100n;
  const inputs = 2n * 1100n + 2n * 1100n;
  const outputs = 2n * 10n + 1000n + 3n;
  assert.equal(held, inputs + outputs * 1_000_000n);
});
