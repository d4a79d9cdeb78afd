/** What is charged for an answer that reports no usage is never more than was held for it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../../domain/money/money.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import { silentObserver } from "../port/parts.test-kit.ts";
import { countPassed } from "./count-passed.ts";

const wire = openaiWire();

test("an estimate of speech or images is at most the output that was held", async () => {
  for (const [path, body, ceiling] of [
    ["/audio/speech", { model: "m", input: "a", response_format: "mp3" }, 1056],
    ["/images/generations", { model: "m", prompt: "a", size: "16384x16384" }, 32_768],
  ] as const) {
    const endpoint = wire.endpoint("POST", path);
    const { facts } = wire.read(endpoint, Buffer.from(JSON.stringify(body)));
    const meter = wire.meter(endpoint, { stream: false, facts });
    meter.push(Buffer.alloc(1_000_000));
    const { reading } = meter.end();
    const estimate = {
      inputTokens: 70,
      ceiling,
      firstSlice: ceiling,
      least: ceiling,
      unknownInput: 0,
      rates: null,
      fees: pico(0n),
    };
    const call = {
      facts,
      meter,
      slices: null,
      estimate,
      ceiling: { sent: ceiling },
      input: { count: () => assert.fail("it is not counted") },
    };
    assert.ok(meter.progress.outputTokens > ceiling);
    const passed = await countPassed({ observer: silentObserver }, call, {
      reading,
      closed: false,
    });
    assert.deepEqual(passed, { inputTokens: 70, outputTokens: ceiling });
  }
});
