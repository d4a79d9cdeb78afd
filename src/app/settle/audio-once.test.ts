/** Audio that an answer reports in seconds and in tokens is charged once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openCatalogue } from "../../catalogue/catalogue.ts";
import { formatUsd, pico } from "../../domain/money/money.ts";
import { at, sheetOf } from "../../domain/price/row-sheet.test-kit.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import type { Usage } from "../../domain/usage/usage.ts";
import { readUsage } from "../../wire/openai/usage.ts";
import { audioSeconds, withAudioOnce } from "./audio-once.ts";

/** Of https://docs.mistral.ai/capabilities/audio_transcription, read 2026-11. */
const documented = {
  prompt_audio_seconds: 203,
  prompt_tokens: 4,
  total_tokens: 3264,
  completion_tokens: 635,
};

const terms = { serviceTier: "standard", at } as const;

function lines(sheet: PriceSheet | undefined, reported: object): readonly unknown[] {
  const { usage } = readUsage(JSON.stringify(reported), true);
  const parts = withAudioOnce([{ model: null, usage: usage ?? {} }], () => sheet, terms);
  return parts.flatMap((part) =>
    (sheet?.charge(part, { serviceTier: "standard", at }) ?? []).map(
      ({ meter, quantity, cost, rate }) => [meter, quantity, formatUsd(cost), rate?.source],
    ),
  );
}

test("Voxtral is billed for the seconds of the recording and for its text, not for audio tokens", async () => {
  const book = (await openCatalogue()).book([]);
  const voxtral = book.sheet({ provider: "mistral", model: "voxtral-small-24b-2507", at });
  const found = lines(voxtral, documented).map((line) => (line as unknown[]).slice(0, 3));
  assert.deepEqual(found, [
    ["input", 4, "0.0000004"],
    ["output", 635, "0.000254"],
    ["audio_seconds", 203, "0.013533333401"],
  ]);
});

test("a model without a price for seconds is billed for the tokens of the audio", () => {
  const sheet = sheetOf({ rates: { input: pico(1n), output: pico(2n), input_audio: pico(3n) } });
  assert.deepEqual(lines(sheet, documented), [
    ["input", 4, "0.000000000004", "test"],
    ["output", 635, "0.00000000127", "test"],
    ["input_audio", 2625, "0.000000007875", "test"],
  ]);
});

test("seconds that have a price under another tier only do not replace the tokens of the audio", () => {
  const sheet = sheetOf({
    rates: { input: pico(1n), output: pico(2n), input_audio: pico(3n) },
    serviceTiers: { batch: { rates: { [audioSeconds]: pico(9n) } } },
  });
  const [, , audio] = lines(sheet, documented);
  assert.deepEqual(audio, ["input_audio", 2625, "0.000000007875", "test"]);
});

test("seconds without tokens or a price are unpriced", () => {
  const sheet = sheetOf({ rates: { input: pico(1n), output: pico(2n) } });
  const { total_tokens: _, ...withoutTotal } = documented;
  const [, , seconds] = lines(sheet, withoutTotal);
  assert.deepEqual(seconds, ["audio_seconds", 203, "0", "unpriced"]);
});

test("other usage, and that of a model without a sheet, is left as it is", () => {
  const both = { input: 1, input_audio: 5, [audioSeconds]: 2 };
  const parts = (usage: Usage) => [{ model: null, usage }];
  assert.deepEqual(
    withAudioOnce(parts(both), () => undefined, terms),
    parts(both),
  );
  const plain = parts({ input: 1, input_audio: 5 });
  assert.equal(
    withAudioOnce(plain, () => assert.fail("no sheet is needed"), terms),
    plain,
  );
});
