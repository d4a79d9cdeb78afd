/** Runs benchmarks: `npm run bench` for all, `npm run bench -- latency saturation --rounds 3`. */

import { parseArgs } from "node:util";
import type { Bench, BenchOptions } from "./bench.ts";
import { exactness } from "./exactness.ts";
import { latency } from "./latency.ts";
import { ledger } from "./ledger.ts";
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

const benches: readonly Bench[] = [latency, saturation, streams, exactness, ledger, pricing, tokens, start];
/** Run by its name only: it takes as long as it is told to. */
const named: readonly Bench[] = [...benches, soak];

const help = `Usage: npm run bench -- [NAME...] [options]

${named.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`).join("\n")}

  --rounds N       rounds of each cell (5)
  --seconds N      seconds measured in each cell (3)
  --minutes N      of the soak (10)
  --quick          everything as small as it can be: shows that it runs; stores nothing
  --without NAME   leave a target out, such as portkey; may be repeated
  --keep           leave the stored results and the README as they are
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    seconds: { type: "string" },
    minutes: { type: "string", default: "10" },
    quick: { type: "boolean", default: false },
    without: { type: "string", multiple: true, default: [] },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const options: BenchOptions = {
  rounds: Number(values.rounds ?? (values.quick ? 1 : 5)),
  seconds: Number(values.seconds ?? (values.quick ? 0.5 : 3)),
  minutes: Number(values.minutes),
  quick: values.quick,
  without: values.without,
};

if (values.help) process.stdout.write(help);
else for (const bench of chosen()) await runOne(bench);
const isStored = !values.quick && !values.keep;
if (!values.help && isStored) writeReadme();

function chosen(): readonly Bench[] {
  const unknown = positionals.filter((name) => !named.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`There is no benchmark called ${unknown.join(", ")}.\n\n${help}`);
    process.exit(2);
  }
  return positionals.length === 0 ? benches : named.filter(({ name }) => positionals.includes(name));
}

/** A run that is not valid is shown and stored as such, and fails. */
async function runOne(bench: Bench): Promise<void> {
  const machine = describeMachine();
  process.stdout.write(`\n== ${bench.name}: ${bench.title}\n`);
  const result = await bench.run(options, (text) => process.stderr.write(`  ${text}\n`));
  for (const table of result.tables) process.stdout.write(`${tableText(table)}\n`);
  for (const { what, wanted, measured, met } of result.figures) {
    process.stdout.write(`\n${met ? "met    " : "NOT MET"} ${what}: ${measured} (wanted ${wanted})`);
  }
  for (const reason of result.invalid) process.stdout.write(`\nNOT VALID ${reason}`);
  process.stdout.write("\n");
  const valid = result.invalid.length === 0;
  if (!valid) process.exitCode = 1;
  if (values.quick || values.keep) return;
  const file = storeResult({ name: bench.name, title: bench.title, valid, machine, options, ...result });
  process.stdout.write(`written to ${file}\n`);
}
