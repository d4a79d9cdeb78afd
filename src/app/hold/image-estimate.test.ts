/** Tests what is held for images in chats. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../../domain/money/money.ts";
import { makePriceBook } from "../../domain/price/book.ts";
import { definePrice } from "../../domain/price/text/override.ts";
import { plainFacts } from "../../wire/answer/feed.test-kit.ts";
import { aProvider } from "../port/parts.test-kit.ts";
import { withUnit } from "./unit-estimate.ts";

const estimate = {
  inputTokens: 100,
  ceiling: 10,
  firstSlice: 10,
  unknownInput: 0,
  least: 1,
  rates: { input: pico(1n), output: pico(1n) },
  fees: pico(7n),
};

test("images in a chat are held at the dearest price that the model has for each", () => {
  const price = {
    provider: "p",
    model: "m",
    input: "1",
    output: "1",
    meters: { input_images: "0.01" },
    service_tiers: { priority: { factor: "2" } },
  };
  const row = definePrice(price, { field: "prices[0]", source: "test" });
  const sheet = makePriceBook({ sources: [], overrides: [row], version: "1" }).sheet({
    provider: "p",
    model: "m",
    at: 0,
  });
  const held = (images: number, serviceTier: "standard" | "priority"): bigint =>
    withUnit(estimate, {
      facts: { ...plainFacts, serviceTier, media: { images, audios: 1, files: 1 } },
      sheet,
      provider: aProvider(),
      at: 0,
    }).fees;
  assert.equal(held(0, "standard"), 7n);
  assert.ok(held(3, "standard") >= 7n + 3n * 10_000_000_000n);
  assert.ok(held(3, "priority") >= held(3, "standard"));
});
