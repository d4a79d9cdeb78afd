/** Tests that recorded answers of providers are read as they were billed. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Usage } from "../../domain/usage/usage.ts";
import type { Endpoint, Reading } from "../wire.ts";
import { openaiWire } from "./wire.ts";

const folder = new URL("../../../../shared/data/usage-samples/", import.meta.url);
const wire = openaiWire();
const vendors = /^(openai|azure|openrouter|deepseek|xai)-.*\.(json|sse)$/;
const names = existsSync(folder) ? readdirSync(folder).filter((name) => vendors.test(name)) : [];

/**
 * The record counts every call of the search tool; only one of the three is a search, and only that
 * is billed.
 */
const billedSearches: Readonly<Record<string, number>> = { "openai-responses-web-search.json": 1 };

interface Expected {
  readonly model: string;
  readonly [meter: string]: number | string;
}

function endpointOf(name: string): Endpoint {
  if (name.includes("responses")) return wire.endpoint("POST", "/responses");
  return wire.endpoint("POST", name.includes("embeddings") ? "/embeddings" : "/chat/completions");
}

function readChunks(
  name: string,
  chunks: readonly Uint8Array[],
): { readonly reading: Reading; readonly passed: string } {
  const endpoint = endpointOf(name);
  const stream = name.endsWith(".sse");
  const { facts } = wire.read(
    endpoint,
    Buffer.from(
      JSON.stringify({ model: "asked", stream, stream_options: { include_usage: true } }),
    ),
  );
  const meter = wire.meter(endpoint, { stream, facts });
  const passed = chunks.map((chunk) => meter.push(chunk));
  const { rest, reading } = meter.end();
  return { reading, passed: Buffer.concat([...passed, rest]).toString() };
}

function flatten(reading: Reading): Expected {
  const [part] = reading.parts;
  const usage: Usage = part?.usage ?? {};
  const meters = [
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "reasoning",
    "web_search",
  ] as const;
  return {
    model: part?.model ?? "",
    ...Object.fromEntries(meters.map((meter) => [meter, usage[meter] ?? 0])),
  };
}

/** Every place of a small answer; some places of a large one, the same in every run. */
function cuts(length: number): number[] {
  if (length <= 13_000) return Array.from({ length }, (_, index) => index);
  let state = 20_261_122;
  return Array.from(
    { length: 40 },
    () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) % length,
  );
}

for (const name of names) {
  test(`the recorded answer ${name} is read as it was billed, wherever it is split`, () => {
    const bytes = readFileSync(new URL(name, folder));
    const all = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")) as Record<
      string,
      Expected
    >;
    const whole = readChunks(name, [bytes]);
    const searches = billedSearches[name];
    assert.deepEqual(flatten(whole.reading), {
      ...all[name],
      ...(searches !== undefined && { web_search: searches }),
    });
    assert.equal(whole.passed, bytes.toString());
    assert.deepEqual(whole.reading.flags, []);
    if (!name.endsWith(".sse")) return;
    for (const place of cuts(bytes.length)) {
      const cut = readChunks(name, [bytes.subarray(0, place), bytes.subarray(place)]);
      assert.deepEqual(cut.reading, whole.reading, `cut at ${place}`);
      assert.equal(cut.passed, whole.passed, `cut at ${place}`);
    }
  });
}
