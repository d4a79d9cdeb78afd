/** A call billed by unit is held by a price that applies at the time of the hold. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../../domain/money/money.ts";
import { at, sheetOf } from "../../domain/price/row-sheet.test-kit.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import { plainFacts } from "../../wire/answer/feed.test-kit.ts";
import { aProvider } from "../port/parts.test-kit.ts";
import { sheetToHold, withAudioSeconds, withUnit } from "./unit-estimate.ts";

const images = openMeter("images");
const unit = { meters: [images], family: images, count: 1, isExact: true, output: null };
const free = { input: pico(0n), output: pico(0n) };
const nothing = {
  inputTokens: 0,
  ceiling: 0,
  firstSlice: 0,
  least: 0,
  unknownInput: 0,
  rates: null,
  fees: pico(0n),
};
/** Noon to one o'clock every day; {@link at} is noon. */
const noon = { weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 720, toMinute: 780 };

test("a call whose unit has no price at the time is held as one without a price", () => {
  const sheet = sheetOf({ rates: free, schedules: [{ ...noon, rates: { [images]: pico(7n) } }] });
  assert.equal(sheetToHold(sheet, { ...plainFacts, unit }, at), sheet);
  assert.equal(sheetToHold(sheet, { ...plainFacts, unit }, at + 3_600_000), undefined);
  const audio = openMeter("audio_seconds");
  const heard = { ...unit, meters: [audio], family: audio };
  assert.equal(sheetToHold(sheet, { ...plainFacts, unit: heard }, at), undefined);
  assert.equal(sheetToHold(sheet, plainFacts, at), undefined, "a call by tokens");
});

test("a call by unit is held by the price of its tokens, free ones included", () => {
  for (const rates of [free, { input: pico(2n) }, { input: pico(0n), output_image: pico(2n) }]) {
    const sheet = sheetOf({ rates });
    assert.equal(sheetToHold(sheet, { ...plainFacts, unit }, at), sheet);
  }
});

test("the tokens of a recording are held at the rate of audio if that is dearer", () => {
  const rates = { input: pico(2n), output: pico(10n), input_audio: pico(6n) };
  const held = (input?: "audio") => {
    const sheet = sheetOf({ rates: { ...rates, [images]: pico(1n) } });
    const facts = {
      ...plainFacts,
      unit: { ...unit, output: "output" as const, ...(input && { input }) },
    };
    const found = sheet.dearest({
      inputTokens: 9,
      cacheWrite: "none",
      serviceTier: "standard",
      media: false,
    });
    return withUnit(
      { ...nothing, inputTokens: 9, rates: found },
      { facts, sheet, provider: aProvider(), at },
    ).rates?.input;
  };
  assert.deepEqual([held(), held("audio")], [2n, 6n]);
});

test("the seconds of recordings in a chat are held if the model bills them", () => {
  const seconds = openMeter("audio_seconds");
  const rates = { input: pico(1n), [seconds]: pico(10n) };
  const held = (audios: number, changes: Parameters<typeof sheetOf>[0]) =>
    withAudioSeconds(nothing, {
      facts: { ...plainFacts, media: { images: 0, audios, files: 0 } },
      sheet: sheetOf(changes),
      at,
      limits: { audioTokens: 1000 },
    }).fees;
  assert.equal(held(2, { rates }), 1600n, "12.5 tokens a second");
  assert.equal(held(2, { rates, contextWindow: 1001 }), 810n);
  assert.equal(held(0, { rates }), 0n);
  assert.equal(held(2, { rates: { input: pico(1n) } }), 0n);
});
