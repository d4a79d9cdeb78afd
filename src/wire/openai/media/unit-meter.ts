/** Meters a stream whose model is billed by the units of its request. */

import type { Usage } from "../../../domain/usage/usage.ts";
import type { UsageMeter } from "../../wire.ts";
import type { UnitCall } from "./unit-answer.ts";

/** @param meter Passes the answer on, and tells whether it is an error. */
export function unitMeter(meter: UsageMeter, { facts }: UnitCall): UsageMeter {
  return {
    output: null,
    get finished() {
      return meter.finished;
    },
    passed: () => meter.passed(),
    push: (chunk) => meter.push(chunk),
    progress: { inputTokens: 0, outputTokens: 0 },
    end() {
      const { rest, reading } = meter.end();
      const { partial: _partial, ...read } = reading;
      const hasFailed = reading.flags.includes("provider_error");
      const usage: Usage = facts.units ?? {};
      return {
        rest,
        reading: {
          ...read,
          parts: hasFailed ? [] : [{ model: reading.model, usage }],
          flags: reading.flags.filter((flag) => flag !== "usage_missing"),
          passedBytes: 0,
        },
      };
    },
    stop: (cut) => meter.stop(cut),
  };
}
