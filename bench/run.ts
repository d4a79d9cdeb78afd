/** Runs benchmarks: `npm run bench` for all, `npm run bench -- latency saturation --rounds 3`. */

import { CommanderError } from "commander";
import type { Bench } from "./bench.ts";
import { counting } from "./counting.ts";
import { exactness } from "./exactness.ts";
import { exports } from "./exports.ts";
import { latency } from "./latency.ts";
import { ledger } from "./ledger.ts";
import { readOptions, type Asked } from "./options.ts";
import { pricing } from "./pricing.ts";
import { describeMachine } from "./report/machine.ts";
import { writeReadme } from "./report/readme.ts";
import { storeResult } from "./report/result-file.ts";
import { tableText } from "./report/table.ts";
import { saturation } from "./saturation.ts";
import { soak } from "./soak.ts";
import { start } from "./start.ts";
import { streams } from "./streams.ts";
import { tokens } from "./tokens.ts";

const benches: readonly Bench[] = [
  latency,
  saturation,
  streams,
  exactness,
  counting,
  ledger,
  exports,
  pricing,
  tokens,
  start,
];
const { benches: chosen, options, isStored } = asked();
for (const bench of chosen) await runOne(bench);
if (isStored) writeReadme();

function asked(): Asked {
  try {
    return readOptions(process.argv.slice(2), { benches, soak });
  } catch (error) {
    // The error or the help is already printed.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    throw error;
  }
}

/** An invalid run is printed and stored as invalid, and fails. */
async function runOne(bench: Bench): Promise<void> {
  const machine = describeMachine();
  process.stdout.write(`\n== ${bench.name}: ${bench.title}\n`);
  const result = await bench.run(options, (text) => process.stderr.write(`  ${text}\n`));
  for (const table of result.tables) process.stdout.write(`${tableText(table)}\n`);
  for (const { what, wanted, measured, met } of result.figures) {
    process.stdout.write(
      `\n${met ? "met    " : "NOT MET"} ${what}: ${measured} (target ${wanted})`,
    );
  }
  for (const reason of result.invalid) process.stdout.write(`\nINVALID ${reason}`);
  process.stdout.write("\n");
  const valid = result.invalid.length === 0;
  if (!valid) process.exitCode = 1;
  if (!isStored) return;
  const file = storeResult({
    name: bench.name,
    title: bench.title,
    valid,
    machine,
    options,
    ...result,
  });
  process.stdout.write(`written to ${file}\n`);
}
