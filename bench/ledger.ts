/**
 * Benchmarks the ledger with years of data: write rate, size, crash recovery, and queries alongside
 * calls.
 */

import { rmSync, statSync } from "node:fs";
import path from "node:path";
import type { Bench, BenchOptions, BenchResult, Figure, Table } from "./bench.ts";
import { measureCell, onlyGroup, smallRequest, type Cell } from "./cell.ts";
import { doWork } from "./history/history.ts";
import { startLoad } from "./load/load.ts";
import { median, Sample, spread, type Distribution } from "./report/statistics.ts";
import { numberText, spreadText } from "./report/table.ts";
import { interleave, roundsOf, type Round } from "./rounds.ts";
import { freshFolder } from "./target/cache.ts";
import { fourLevels, startPurser, type PurserTarget } from "./target/purser.ts";
import { startUpstream } from "./upstream/upstream.ts";

const leftOpen = 1000;

interface Size {
  readonly calls: number;
  readonly entriesPerSecond: number;
  readonly bytesPerCall: number;
  readonly recoverySeconds: number;
  readonly recovered: number;
}

interface Query {
  readonly name: string;
  readonly path: string;
}

const queries: readonly Query[] = [
  { name: "summary, all time", path: "/api/v1/summary?from=2026-01-01T00:00:00Z" },
  {
    name: "summary of a project",
    path: "/api/v1/summary?from=2026-01-01T00:00:00Z&project=project-7",
  },
  {
    name: "series, a month by day and model",
    path: "/api/v1/series?from=2026-07-01T00:00:00Z&to=2026-08-01T00:00:00Z&bucket=day&by=model",
  },
  {
    name: "series, a year by month and project",
    path: "/api/v1/series?from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z&bucket=month&by=project",
  },
  {
    name: "report, a quarter by project, user and model, compared",
    path: "/api/v1/report?from=2026-08-01&to=2026-09-25&by=project,user,model&compare=previous&top=20",
  },
  {
    name: "report, a quarter by model, percentiles",
    path: "/api/v1/report?from=2026-07-01&to=2026-10-01&by=model&metrics=cost,calls,latency_p50,latency_p95",
  },
  {
    name: "report, a month by day in Berlin and model, cumulative",
    path: "/api/v1/report?from=2026-07-01&to=2026-08-01&by=model&bucket=day&time_zone=Europe/Berlin&cumulative=true",
  },
  {
    name: "report, a quarter by project, cost per user",
    path: "/api/v1/report?from=2026-07-01&to=2026-10-01&by=project&metrics=cost,cost_per_user",
  },
  {
    name: "report, a quarter by day, cost per user, cumulative",
    path: "/api/v1/report?from=2026-07-01&to=2026-10-01&bucket=day&metrics=cost,cost_per_user&cumulative=true",
  },
  {
    name: "report, a quarter by day in Kolkata",
    path: "/api/v1/report?from=2026-07-01&to=2026-10-01&bucket=day&time_zone=Asia/Kolkata",
  },
  {
    name: "report, a quarter by day in Berlin, percentiles",
    path: "/api/v1/report?from=2026-07-01&to=2026-10-01&bucket=day&time_zone=Europe/Berlin&metrics=cost,latency_p95",
  },
  {
    name: "report, a week by hour and model",
    path: "/api/v1/report?from=2026-08-01&to=2026-08-08&bucket=hour&by=model",
  },
  { name: "entries, the newest 100", path: "/api/v1/entries?limit=100" },
  { name: "entries of a project, 100", path: "/api/v1/entries?limit=100&project=project-7" },
];

interface Measured {
  readonly sizes: readonly Size[];
  readonly holds: { readonly atOnce: number; readonly callsPerSecond: number };
  readonly recordsPerSecond: number;
  readonly answers: readonly (Query & { readonly times: Distribution })[];
  readonly calls: readonly Round<Cell>[];
}

export const ledger: Bench = {
  name: "ledger",
  title: "the ledger at 1 M and 5 M calls",
  async run(options, note) {
    const directory = freshFolder("ledger");
    try {
      const sizes = await grow(directory, { options, note });
      note("calls with holds");
      const calls = options.quick ? 2000 : 100_000;
      const total = sizes.at(-1)?.calls ?? 0;
      const held = await doWork({
        kind: "hold",
        directory,
        from: total + leftOpen * sizes.length,
        calls,
        atOnce: 64,
      });
      note("records");
      const first = total + leftOpen * sizes.length + calls;
      const recorded = await doWork({ kind: "record", directory, from: first, calls });
      const recordsPerSecond = calls / recorded.seconds;
      const served = await ask(directory, { options, note });
      return result(
        {
          sizes,
          holds: { atOnce: 64, callsPerSecond: calls / held.seconds },
          recordsPerSecond,
          ...served,
        },
        options,
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

interface Running {
  readonly options: BenchOptions;
  readonly note: (text: string) => void;
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
): Promise<Pick<Measured, "answers" | "calls">> {
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
    const answers = [];
    for (const query of queries)
      answers.push({ ...query, times: await time(purser, query, options.quick ? 5 : 50) });
    const groups = [{ name: "c16", clients: 16, ratePerSecond: null, request: smallRequest }];
    const cell = {
      warmupMs: options.quick ? 200 : 2000,
      measureMs: options.seconds * 1000,
      groups,
    };
    const calls = await interleave(
      [{ name: "without queries" }, { name: "with queries" }],
      options.rounds,
      async ({ name }, round) => {
        note(`calls ${name}, round ${round + 1}`);
        const asking = name === "with queries" ? new Asking(purser) : null;
        const measured = await measureCell(load, purser, cell);
        await asking?.stop();
        return measured;
      },
    );
    return { answers, calls };
  } finally {
    await purser.close();
    await load.close();
    await upstream.close();
  }
}

async function time(purser: PurserTarget, { path }: Query, times: number): Promise<Distribution> {
  const sample = new Sample();
  await purser.api("GET", path);
  for (let turn = 0; turn < times; turn++) {
    const begin = performance.now();
    await purser.api("GET", path);
    sample.add(performance.now() - begin);
  }
  return sample.distribution();
}

/** Sends one query after another until stopped. */
class Asking {
  readonly #done: Promise<void>;
  #isStopped = false;

  constructor(purser: PurserTarget) {
    this.#done = this.#ask(purser);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #ask(purser: PurserTarget): Promise<void> {
    for (let turn = 0; !this.#isStopped; turn++)
      await purser.api("GET", queries[turn % queries.length]?.path ?? "");
  }
}

function result(measured: Measured, { rounds, seconds }: BenchOptions): BenchResult {
  const { sizes, answers, calls } = measured;
  const lost = sizes.filter(({ recovered }) => recovered !== leftOpen);
  return {
    settings: { rounds, seconds, left_open: leftOpen },
    tables: [sizeTable(measured), questionTable(answers), callTable(calls)],
    figures: figures(measured),
    invalid: lost.map(
      ({ calls, recovered }) =>
        `at ${calls} calls: ${recovered} of ${leftOpen} open holds were recovered`,
    ),
    rounds: measured,
  };
}

function sizeTable({ sizes, holds, recordsPerSecond }: Measured): Table {
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

function questionTable(answers: Measured["answers"]): Table {
  return {
    title: "queries over HTTP, ms",
    columns: ["", "p50", "p95", "longest"],
    rows: answers.map(({ name, times }) => [
      name,
      numberText(times.p50),
      numberText(times.p95),
      numberText(times.max),
    ]),
    notes: [],
  };
}

function callTable(calls: readonly Round<Cell>[]): Table {
  const rows = ["without queries", "with queries"].map((name) => {
    const cells = roundsOf(calls, name).map((cell) => onlyGroup(cell).latency);
    return [
      name,
      spreadText(spread(cells.map(({ p50 }) => p50))),
      spreadText(spread(cells.map(({ p99 }) => p99))),
    ];
  });
  return {
    title: "concurrent calls (60 ms upstream, 16 clients), ms",
    columns: ["", "p50", "p99"],
    rows,
    notes: [],
  };
}

function figures({ sizes, answers, calls }: Measured): readonly Figure[] {
  const largest = sizes.at(-1);
  const rate = median(sizes.map(({ entriesPerSecond }) => entriesPerSecond)) ?? 0;
  const summary = answers[0]?.times.p95 ?? Infinity;
  const [slowest] = answers.toSorted(
    (left, right) => (right.times.p95 ?? 0) - (left.times.p95 ?? 0),
  );
  const p50 = (name: string): number =>
    median(roundsOf(calls, name).map((cell) => onlyGroup(cell).latency.p50)) ?? NaN;
  const slower = p50("with queries") - p50("without queries");
  return [
    {
      what: "ledger: entries/s in batches",
      wanted: "≥ 100,000",
      measured: numberText(rate),
      met: rate >= 100_000,
    },
    {
      what: `summary over ${largest?.calls.toLocaleString("en-US")} calls, p95`,
      wanted: "≤ 50 ms",
      measured: `${numberText(summary)} ms`,
      met: summary <= 50,
    },
    {
      what: `slowest question (${slowest?.name}), p95`,
      wanted: "≤ 200 ms",
      measured: `${numberText(slowest?.times.p95)} ms`,
      met: (slowest?.times.p95 ?? Infinity) <= 200,
    },
    {
      what: "bytes per call on disk",
      wanted: "≤ 400",
      measured: numberText(largest?.bytesPerCall),
      met: (largest?.bytesPerCall ?? Infinity) <= 400,
    },
    {
      what: "latency added to a call by queries, p50",
      wanted: "nothing",
      measured: `${numberText(slower)} ms`,
      met: slower <= 0.3,
    },
  ];
}
