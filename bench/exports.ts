/** Benchmarks exports of a million calls: peak memory, speed, and their effect on calls. */

import { rmSync } from "node:fs";
import type { Bench, BenchOptions, BenchResult, Figure, Table } from "./bench.ts";
import { measureCell, onlyGroup, smallRequest, type Cell } from "./cell.ts";
import { doWork } from "./history/history.ts";
import { startLoad } from "./load/load.ts";
import { peakMemory } from "./report/process.ts";
import { median, spread } from "./report/statistics.ts";
import { bytesText, numberText, spreadText } from "./report/table.ts";
import { interleave, roundsOf, type Round } from "./rounds.ts";
import { freshFolder } from "./target/cache.ts";
import { adminKey, fourLevels, startPurser, type PurserTarget } from "./target/purser.ts";
import { startUpstream, type BenchUpstream } from "./upstream/upstream.ts";

const mostMemoryBytes = 200e6;

interface Format {
  readonly name: string;
  readonly path: string;
}

/** From before the first invented call to after the last one. */
const range = "from=2026-06-01&to=2026-12-01";

const formats: readonly Format[] = [
  { name: "csv", path: `csv?${range}` },
  { name: "json", path: `json?${range}` },
  { name: "focus 1.4", path: `focus?version=1.4&${range}` },
  { name: "xlsx", path: `xlsx?${range}` },
];

interface Exported extends Format {
  readonly seconds: number;
  readonly bytes: number;
  /** Lines of a text; of a spreadsheet, they mean nothing. */
  readonly lines: number;
  readonly startedBytes: number | null;
  readonly peakBytes: number | null;
}

interface Measured {
  readonly calls: number;
  readonly exported: readonly Exported[];
  readonly beside: readonly Round<Cell>[];
}

const without = "without exports";

export const exports: Bench = {
  name: "exports",
  title: "exports of 1 M calls",
  async run(options, note) {
    const directory = freshFolder("exports");
    const upstream = await startUpstream();
    try {
      const calls = options.quick ? 20_000 : 1_000_000;
      note(`writing ${calls} calls`);
      await doWork({ kind: "fill", directory, from: 0, to: calls });
      const place = { directory, upstream };
      const exported = [];
      for (const format of formats) {
        note(`exporting ${format.name}`);
        exported.push(await exportAlone(place, format));
      }
      const beside = await callsBeside(place, { options, note });
      return result({ calls, exported, beside }, options);
    } finally {
      await upstream.close();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

interface Place {
  readonly directory: string;
  readonly upstream: BenchUpstream;
}

function start({ directory, upstream }: Place): Promise<PurserTarget> {
  return startPurser({
    name: "purser",
    upstream: `http://127.0.0.1:${upstream.port}/v1`,
    durability: "full",
    budgets: fourLevels,
    data: directory,
  });
}

/** In a process of its own, so that its peak is of this export. */
async function exportAlone(place: Place, format: Format): Promise<Exported> {
  const purser = await start(place);
  try {
    const startedBytes = peakMemory(purser.pid);
    const begin = performance.now();
    const { bytes, lines } = await download(purser, format.path);
    const seconds = (performance.now() - begin) / 1000;
    return { ...format, seconds, bytes, lines, startedBytes, peakBytes: peakMemory(purser.pid) };
  } finally {
    await purser.close();
  }
}

/** Reads a file as fast as it comes and keeps nothing of it. */
async function download(
  purser: PurserTarget,
  path: string,
  signal?: AbortSignal,
): Promise<{ readonly bytes: number; readonly lines: number }> {
  const response = await fetch(`http://127.0.0.1:${purser.port}/api/v1/exports/${path}`, {
    headers: { authorization: `Bearer ${adminKey}` },
    ...(signal && { signal }),
  });
  if (!response.ok || !response.body) throw new Error(`${path}: ${await response.text()}`);
  let [bytes, lines] = [0, 0];
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    for (const byte of part) if (byte === lineFeed) lines += 1;
  }
  return { bytes, lines };
}

const lineFeed = 10;

/** Calls without exports, and with one export of each format after another. */
async function callsBeside(
  place: Place,
  { options, note }: { readonly options: BenchOptions; readonly note: (text: string) => void },
): Promise<readonly Round<Cell>[]> {
  const load = startLoad();
  const purser = await start(place);
  try {
    await place.upstream.set({ delayMs: 60, streamTokens: 20, gapMs: 0 });
    const groups = [{ name: "c16", clients: 16, ratePerSecond: null, request: smallRequest }];
    const cell = {
      warmupMs: options.quick ? 200 : 2000,
      measureMs: options.seconds * 1000,
      groups,
    };
    return await interleave(
      [{ name: without }, ...formats.map(({ name }) => ({ name }))],
      options.rounds,
      async ({ name }, round) => {
        note(`calls beside ${name}, round ${round + 1}`);
        const format = formats.find((one) => one.name === name);
        const exporting = format && startExporting(purser, format);
        const measured = await measureCell(load, purser, cell);
        await exporting?.stop();
        return measured;
      },
    );
  } finally {
    await purser.close();
    await load.close();
  }
}

/** Exports again and again until stopped. */
function startExporting(
  purser: PurserTarget,
  { path }: Format,
): { readonly stop: () => Promise<void> } {
  const controller = new AbortController();
  const { signal } = controller;
  const done = (async () => {
    while (!signal.aborted) await download(purser, path, signal);
  })().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return {
    stop: async () => {
      controller.abort();
      await done;
    },
  };
}

function result(measured: Measured, { rounds, seconds }: BenchOptions): BenchResult {
  const { calls, exported } = measured;
  return {
    settings: { rounds, seconds, calls },
    tables: [exportTable(measured), callTable(measured)],
    figures: figures(measured),
    invalid: exported
      .filter(({ name, lines }) => (name === "csv" || name === "json") && lines < calls)
      .map(({ name, lines }) => `${name}: ${lines} lines, but ${calls} calls`),
    rounds: measured,
  };
}

function exportTable({ calls, exported }: Measured): Table {
  return {
    title: `exports of ${calls.toLocaleString("en-US")} calls`,
    columns: ["", "seconds", "calls/s", "size", "memory before", "peak memory"],
    rows: exported.map(({ name, seconds, bytes, startedBytes, peakBytes }) => [
      name,
      numberText(seconds),
      numberText(calls / seconds),
      bytesText(bytes),
      bytesText(startedBytes),
      bytesText(peakBytes),
    ]),
    notes: [
      "Over HTTP, each in a new process. Memory: the highest resident size of the process, before the export and after it.",
    ],
  };
}

function callTable({ beside }: Measured): Table {
  const rows = [without, ...formats.map(({ name }) => name)].map((name) => {
    const cells = roundsOf(beside, name);
    const latencies = cells.map((cell) => onlyGroup(cell).latency);
    return [
      name,
      spreadText(spread(latencies.map(({ p50 }) => p50))),
      spreadText(spread(latencies.map(({ p99 }) => p99))),
      bytesText(median(cells.map(({ memoryBytes }) => memoryBytes))),
    ];
  });
  return {
    title: "calls beside an export (60 ms upstream, 16 clients), ms",
    columns: ["", "p50", "p99", "memory"],
    rows,
    notes: [],
  };
}

function figures({ calls, exported, beside }: Measured): readonly Figure[] {
  const peak = Math.max(...exported.map(({ peakBytes }) => peakBytes ?? Infinity));
  const p50 = (name: string): number =>
    median(roundsOf(beside, name).map((cell) => onlyGroup(cell).latency.p50)) ?? NaN;
  const added = Math.max(...formats.map(({ name }) => p50(name) - p50(without)));
  return [
    {
      what: `peak memory of an export of ${calls.toLocaleString("en-US")} calls, any format`,
      wanted: "≤ 200 MB",
      measured: bytesText(peak),
      met: peak <= mostMemoryBytes,
    },
    {
      what: "latency added to a call by an export, p50, any format",
      wanted: "≤ 5 ms",
      measured: `${numberText(added)} ms`,
      met: added <= 5,
    },
  ];
}
