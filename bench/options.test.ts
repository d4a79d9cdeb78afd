/** Tests parsing of the benchmark command line. */

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import type { Bench } from "./bench.ts";
import { readOptions } from "./options.ts";

const bench = (name: string): Bench => ({
  name,
  title: name,
  run: async () => assert.fail("only the name is used"),
});
const offer = { benches: [bench("latency"), bench("pricing")], soak: bench("soak") };
const asked = (...words: readonly string[]) => readOptions(words, offer);

test("without names, all benchmarks but the soak run; with names, those run in the given order", () => {
  assert.deepEqual(asked().benches, offer.benches);
  assert.deepEqual(asked("soak", "latency").benches, [offer.benches[0], offer.soak]);
});

test("options are parsed, and missing ones have defaults", () => {
  const usual = {
    rounds: 5,
    seconds: 3,
    minutes: 10,
    quick: false,
    without: [],
    other: null,
    ledger: null,
  };
  assert.deepEqual(asked(), { benches: offer.benches, options: usual, isStored: true });
  const { options } = asked(
    "--rounds",
    "2",
    "--seconds",
    "0.5",
    "--minutes",
    "3",
    "--without",
    "portkey",
    "--without",
    "tiktoken",
    "pricing",
  );
  assert.deepEqual(options, {
    rounds: 2,
    seconds: 0.5,
    minutes: 3,
    quick: false,
    without: ["portkey", "tiktoken"],
    other: null,
    ledger: null,
  });
});

test("--quick and --keep do not store results", () => {
  assert.equal(asked("--keep").isStored, false);
  assert.deepEqual(asked("--quick").isStored, false);
  assert.deepEqual(asked("--quick").options.rounds, 1);
});

test("--other takes the root of a checkout, and its results are not stored", () => {
  const root = path.join(import.meta.dirname, "..");
  const { options, isStored } = asked("latency", "--other", root);
  assert.deepEqual([options.other, isStored], [root, false]);
});

for (const words of [
  ["pricng"],
  ["--quik"],
  ["--rounds"],
  ["--rounds", "0"],
  ["--rounds", "x"],
  ["--seconds", "abc"],
  ["--seconds", "0"],
  ["--minutes", "-1"],
  ["--without"],
  ["--other"],
  ["--other", "/nosuch"],
  ["--without", "nosuch"],
]) {
  test(`${words.join(" ")} is refused`, (context) => {
    const written = context.mock.method(process.stderr, "write", () => true);
    assert.throws(() => asked(...words), { name: "CommanderError", exitCode: 1 });
    assert.match(String(written.mock.calls[0]?.arguments[0]), /^error: /);
  });
}
