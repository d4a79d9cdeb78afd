/** Tests recorded answers of providers, if they are available. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { anthropicWire } from "../anthropic/index.ts";
import { geminiWire } from "../gemini/index.ts";
import type { UsageMeter } from "../wire.ts";
import { cutsOf, feed, plainFacts, total } from "./feed.test-kit.ts";

const folder = new URL("../../../../shared/data/usage-samples/", import.meta.url);
const counted = [
  "input",
  "cache_read",
  "cache_write_5m",
  "cache_write_1h",
  "output",
  "reasoning",
  "web_search",
] as const;

function meterOf(name: string): UsageMeter {
  const stream = !name.endsWith(".json");
  const wire = name.startsWith("gemini-") ? geminiWire : anthropicWire;
  return wire.meter({ name: "messages", metering: "metered" }, { stream, facts: plainFacts });
}

if (existsSync(folder)) {
  const expected = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")) as Record<
    string,
    Record<string, unknown>
  >;
  for (const name of readdirSync(folder).filter((name) => /^(anthropic|gemini)-/.test(name))) {
    test(`${name} is read as it is billed, wherever it is split`, () => {
      const bytes = readFileSync(new URL(name, folder));
      for (const cuts of cutsOf(bytes.length)) {
        const { passed, reading } = feed(meterOf(name), bytes, cuts);
        const usage = total(reading);
        const read = {
          model: reading.model,
          ...Object.fromEntries(counted.map((meter) => [meter, usage[meter] ?? 0])),
        };
        assert.deepEqual(read, expected[name]);
        assert.deepEqual(reading.flags, []);
        assert.ok(passed.equals(bytes), "every byte is passed on");
      }
    });
  }
}
