/**
 * Benchmarks the ledger with years of data: write rate, size, crash recovery, and queries alongside
 * calls.
 */

import { existsSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import type { ReportJson } from "../src/contract/report.ts";
import type { Bench, BenchOptions, BenchResult, Figure, Table } from "./bench.ts";
import { doubts, measureCell, onlyGroup, smallRequest, type Cell } from "./cell.ts";
import { doWork } from "./history/history.ts";
import { startLoad } from "./load/load.ts";
import { Asking, timeAll, type Answered } from "./questions/ask.ts";
import { median, spread } from "./report/statistics.ts";
import { numberText, spreadText } from "./report/table.ts";
import { interleave, roundsOf, type Round } from "./rounds.ts";
import { freshFolder } from "./target/cache.ts";
import { fourLevels, startPurser } from "./target/purser.ts";
import { startUpstream } from "./upstream/upstream.ts";

const ratePerSecond = 100;
/** The most that a question may take at p95. */
const mostMs = 200;
const leftOpen = 1000;

interface Size {
  readonly calls: number;
  readonly entriesPerSecond: number;
  readonly bytesPerCall: number;
  readonly recoverySeconds: number;
  readonly recovered: number;
}

/** What filling the ledger shows. */
interface Filled {
  readonly sizes: readonly Size[];
  readonly holds: { readonly atOnce: number; readonly callsPerSecond: number };
  readonly recordsPerSecond: number;
}

interface Measured {
  /** Null if a filled ledger was given. */
  readonly filled: Filled | null;
  readonly callsOnFile: number;
  readonly answers: readonly Answered[];
  readonly calls: readonly Round<Beside>[];
}

/** Calls, and how many questions were answered meanwhile. */
interface Beside extends Cell {
  readonly answered: number;
}

export const ledger: Bench = {
  name: "ledger",
  title: "the ledger at 1 M and 5 M calls",
  async run(options, note) {
    const directory = options.ledger ?? freshFolder("ledger");
    const isFilled = existsSync(path.join(directory, "ledger.db"));
    try {
      const filled = isFilled ? null : await fill(directory, { options, note });
      const served = await ask(directory, { options, note });
      return result({ filled, ...served }, options);
    } finally {
      if (options.ledger === null) rmSync(directory, { recursive: true, force: true });
    }
  },
};

interface Running {
  readonly options: BenchOptions;
  readonly note: (text: string) => void;
}

async function fill(directory: string, { options, note }: Running): Promise<Filled> {
  const sizes = await grow(directory, { options, note });
  note("calls with holds");
  const calls = options.quick ? 2000 : 100_000;
  const from = (sizes.at(-1)?.calls ?? 0) + leftOpen * sizes.length;
  const atOnce = 64;
  const held = await doWork({ kind: "hold", directory, from, calls, atOnce });
  note("records");
  const recorded = await doWork({ kind: "record", directory, from: from + calls, calls });
  const holds = { atOnce, callsPerSecond: calls / held.seconds };
  return { sizes, holds, recordsPerSecond: calls / recorded.seconds };
}

/** Does not reuse the numbers of calls that were left open. */
async function grow(directory: string, { options, note }: Running): Promise<readonly Size[]> {
  const sizes: Size[] = [];
  let from = 0;
  for (const calls of options.quick ? [10_000, 20_000] : [1_000_000, 5_000_000]) {
    note(`writing calls up to ${calls}`);
    const before = sizes.at(-1)?.calls ?? 0;
    const to = from + calls - before;
    const filled = await doWork({ kind: "fill", directory, from, to });
    const bytesPerCall = fileBytes(directory) / calls;
    note("killing it with open holds, then recovering");
    await doWork({ kind: "leave-open", directory, from: to, calls: leftOpen }, "SIGKILL");
    const recovered = await doWork({ kind: "recover", directory });
    sizes.push({
      calls,
      entriesPerSecond: filled.count / filled.seconds,
      bytesPerCall,
      recoverySeconds: recovered.seconds,
      recovered: recovered.count,
    });
    from = to + leftOpen;
  }
  return sizes;
}

function fileBytes(directory: string): number {
  return ["ledger.db", "ledger.db-wal"]
    .map((name) => statSync(path.join(directory, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}

/** Queries a gateway on that folder, first alone and then alongside calls. */
async function ask(
  directory: string,
  { options, note }: Running,
): Promise<Omit<Measured, "filled">> {
  const upstream = await startUpstream();
  const load = startLoad();
  const origin = `http://127.0.0.1:${upstream.port}/v1`;
  const purser = await startPurser({
    name: "purser",
    upstream: origin,
    durability: "full",
    budgets: fourLevels,
    data: directory,
  });
  try {
    await upstream.set({ delayMs: 60, streamTokens: 20, gapMs: 0 });
    note("queries");
    const answers = await timeAll(purser, options.quick ? 2 : 20);
    const all = "/api/v1/report?from=2026-01-01&metrics=calls";
    const { total } = await purser.api<ReportJson>("GET", all);
    const callsOnFile = total.figures.calls ?? 0;
    const group = { name: "open", clients: 64, ratePerSecond, request: smallRequest };
    const cell = {
      warmupMs: options.quick ? 200 : 2000,
      measureMs: options.seconds * 1000,
      groups: [group],
    };
    const calls = await interleave(
      [{ name: "without queries" }, { name: "with queries" }],
      options.rounds,
      async ({ name }, round): Promise<Beside> => {
        note(`calls ${name}, round ${round + 1}`);
        const asking = name === "with queries" ? new Asking(purser) : null;
        const measured = await measureCell(load, purser, cell);
        return { ...measured, answered: (await asking?.stop()) ?? 0 };
      },
    );
    return { answers, callsOnFile, calls };
  } finally {
    await purser.close();
    await load.close();
    await upstream.close();
  }
}

function result(measured: Measured, { rounds, seconds, quick }: BenchOptions): BenchResult {
  const { filled, answers, calls } = measured;
  const sizes = filled?.sizes ?? [];
  const lost = sizes.filter(({ recovered }) => recovered !== leftOpen);
  return {
    settings: { rounds, seconds, left_open: leftOpen },
    tables: [...(filled ? [sizeTable(filled)] : []), questionTable(measured), callTable(calls)],
    figures: [
      ...(filled ? sizeFigures(filled) : []),
      ...questionFigures(answers),
      ...callFigures(calls),
    ],
    invalid: [
      ...lost.map(
        ({ calls, recovered }) =>
          `at ${calls} calls: ${recovered} of ${leftOpen} open holds were recovered`,
      ),
      ...calls.flatMap(({ subject, round, measured: cell }) =>
        doubts(cell, {
          label: `calls ${subject}, round ${round + 1}`,
          leastCalls: quick ? 1 : 100,
        }),
      ),
    ],
    rounds: measured,
  };
}

function sizeTable({ sizes, holds, recordsPerSecond }: Filled): Table {
  return {
    title: "size",
    columns: [
      "calls on file",
      "entries/s in batches",
      "bytes per call",
      "recovery after a kill, s",
    ],
    rows: sizes.map(({ calls, entriesPerSecond, bytesPerCall, recoverySeconds }) => [
      calls.toLocaleString("en-US"),
      numberText(entriesPerSecond),
      numberText(bytesPerCall),
      numberText(recoverySeconds),
    ]),
    notes: [
      `Batches of 2,000 entries, synced to disk; two entries per call, with the provider's raw usage. Recovery: with ${leftOpen} holds open when the process was killed.`,
      `Records of calls that were metered elsewhere, in batches of 1,000: ${numberText(recordsPerSecond)} calls/s.`,
      `Calls with holds, ${holds.atOnce} at once, each settled after its hold was on disk: ${numberText(holds.callsPerSecond)} calls/s.`,
    ],
  };
}

function questionTable({ answers, callsOnFile }: Measured): Table {
  return {
    title: `queries over HTTP, ms, on ${callsOnFile.toLocaleString("en-US")} calls`,
    columns: ["", "p50", "p95", "longest", "the first time"],
    rows: answers.map(({ name, times, firstMs }) => [
      name,
      numberText(times.p50),
      numberText(times.p95),
      numberText(times.max),
      numberText(firstMs),
    ]),
    notes: [],
  };
}

const subjects = ["without queries", "with queries"] as const;

function callTable(calls: readonly Round<Beside>[]): Table {
  const rows = subjects.map((name) => {
    const cells = roundsOf(calls, name);
    const latencies = cells.map((cell) => onlyGroup(cell).latency);
    return [
      name,
      spreadText(spread(latencies.map(({ p50 }) => p50))),
      spreadText(spread(latencies.map(({ p99 }) => p99))),
      numberText(median(cells.map(({ answered }) => answered))),
    ];
  });
  return {
    title: `concurrent calls (60 ms upstream, ${ratePerSecond} calls/s in an open loop), ms`,
    columns: ["", "p50", "p99", "queries answered"],
    rows,
    notes: ["One query after another, of all kinds in the table above. Rounds alternate."],
  };
}

function sizeFigures({ sizes }: Filled): readonly Figure[] {
  const largest = sizes.at(-1);
  const rate = median(sizes.map(({ entriesPerSecond }) => entriesPerSecond)) ?? 0;
  return [
    {
      what: "ledger: entries/s in batches",
      wanted: "≥ 100,000",
      measured: numberText(rate),
      met: rate >= 100_000,
    },
    {
      what: "bytes per call on disk",
      wanted: "≤ 400",
      measured: numberText(largest?.bytesPerCall),
      met: (largest?.bytesPerCall ?? Infinity) <= 400,
    },
  ];
}

function questionFigures(answers: Measured["answers"]): readonly Figure[] {
  const summary = answers[0]?.times.p95 ?? Infinity;
  const bySpeed = answers.toSorted(
    (left, right) => (right.times.p95 ?? Infinity) - (left.times.p95 ?? Infinity),
  );
  const [slowest] = bySpeed;
  const slow = bySpeed.filter(({ times }) => (times.p95 ?? Infinity) > mostMs);
  return [
    {
      what: "summary, p95",
      wanted: "≤ 50 ms",
      measured: `${numberText(summary)} ms`,
      met: summary <= 50,
    },
    {
      what: `kinds of questions answered within ${mostMs} ms, p95`,
      wanted: "all",
      measured: `${answers.length - slow.length} of ${answers.length}; slowest ${numberText(slowest?.times.p95)} ms (${slowest?.name})`,
      met: slow.length === 0,
    },
  ];
}

function callFigures(calls: readonly Round<Beside>[]): readonly Figure[] {
  const added = (of: "p50" | "p99"): number => {
    const [without = NaN, beside = NaN] = subjects.map(
      (name) =>
        median(roundsOf(calls, name).map((cell) => onlyGroup(cell).latency[of])) ?? undefined,
    );
    return beside - without;
  };
  const [p50, p99] = [added("p50"), added("p99")];
  return [
    {
      what: "latency added to a call by queries",
      wanted: "p50 ≤ 0.3 ms, p99 ≤ 5 ms",
      measured: `p50 ${numberText(p50)} ms, p99 ${numberText(p99)} ms`,
      met: p50 <= 0.3 && p99 <= 5,
    },
  ];
}
