/**
 * Benchmarks the throughput of one process with a zero-latency provider, for small and agent-sized
 * prompts.
 */

import type { Bench, BenchOptions, BenchResult, Figure, Table } from "./bench.ts";
import {
  doubts,
  measureCell,
  onlyGroup,
  smallRequest,
  warmUp,
  type Cell,
  type CellGroup,
} from "./cell.ts";
import { median, spread } from "./report/statistics.ts";
import { bytesText, numberText, percentText, spreadText } from "./report/table.ts";
import { interleave, roundsOf, type Round } from "./rounds.ts";
import { onStage, type Stage } from "./stage.ts";
import { targetNotes } from "./target/target.ts";

interface Load {
  readonly name: string;
  readonly groups: readonly CellGroup[];
}

const kilobytes = [10, 100, 400, 1000] as const;

const small = (clients: number): Load => ({
  name: `small prompts, ${clients} clients`,
  groups: [{ name: "small", clients, ratePerSecond: null, request: smallRequest }],
});
/**
 * Enough clients to saturate the process: with eight, it is idle half of the time, waiting for the
 * disk.
 */
const largeClients = 32;
const large = (size: number): Load => ({
  name: `prompts of ${size} KB, ${largeClients} clients`,
  groups: [
    {
      name: "large",
      clients: largeClients,
      ratePerSecond: null,
      request: { ...smallRequest, promptBytes: size * 1000 },
    },
  ],
});
/**
 * Few enough calls that none queues: a small call is delayed only by a large one being processed.
 */
const mixed = (size: number | null): Load => ({
  name:
    size === null ? "small prompts alone, 100/s" : `small prompts, 100/s, among ${size} KB, 10/s`,
  groups: [
    { name: "small", clients: 100, ratePerSecond: 100, request: smallRequest },
    ...(size === null
      ? []
      : [
          {
            name: "large",
            clients: 20,
            ratePerSecond: 10,
            request: { ...smallRequest, promptBytes: size * 1000 },
          },
        ]),
  ],
});

const whole: readonly Load[] = [small(16), small(64), ...kilobytes.map(large)];
const mixes: readonly Load[] = [mixed(null), ...kilobytes.map(mixed)];

interface Measured {
  readonly load: Load;
  readonly rounds: readonly Round<Cell>[];
}

export const saturation: Bench = {
  name: "saturation",
  title: "calls per second of one process, with a zero-latency upstream",
  run: (options, note) =>
    onStage(options, async (stage) => {
      await warmUp(stage, options.quick ? 200 : 3000);
      const measured: Measured[] = [];
      for (const load of [...whole, ...mixes])
        measured.push(await measure(stage, load, { options, note }));
      return result(measured, { names: stage.targets.map(({ name }) => name), options });
    }),
};

async function measure(
  { load: generator, targets }: Stage,
  load: Load,
  { options, note }: { readonly options: BenchOptions; readonly note: (text: string) => void },
): Promise<Measured> {
  const cell = {
    warmupMs: options.quick ? 200 : 1000,
    measureMs: options.seconds * 1000,
    groups: load.groups,
  };
  const rounds = await interleave(targets, options.rounds, (target, round) => {
    note(`${load.name}, round ${round + 1}, ${target.name}`);
    return measureCell(generator, target, cell);
  });
  return { load, rounds };
}

interface Shown {
  readonly names: readonly string[];
  readonly options: BenchOptions;
}

function result(measured: readonly Measured[], shown: Shown): BenchResult {
  const saturated = measured.filter(({ load }) => whole.includes(load));
  const mixed = measured.filter(({ load }) => mixes.includes(load));
  return {
    settings: { upstream_delay_ms: 0, small_prompt_bytes: smallRequest.promptBytes },
    tables: [
      ...saturated.map((entry, place) =>
        rateTable(entry, { ...shown, notes: place === 0 ? notes : [] }),
      ),
      delayTable(mixed, shown),
    ],
    figures: shown.names.includes("purser")
      ? [...rateFigures(saturated, shown), delayFigure(mixed)]
      : [],
    invalid: measured.flatMap((entry) => invalid(entry, shown.options)),
    rounds: measured.map(({ load, rounds }) => ({ load: load.name, rounds })),
  };
}

const notes = [
  ...targetNotes,
  "Load generator, upstream and gateway share the machine: they compete for its two cores, so only compare rows with each other.",
  "Of proxy: relative to the bare proxy's calls/s in the same round. CPU: microseconds of the gateway's process (all threads) per call.",
];

function rateTable(
  { load, rounds }: Measured,
  { names, notes }: Shown & { readonly notes: readonly string[] },
): Table {
  const proxy = rates(roundsOf(rounds, "proxy"));
  const rows = names.map((name) => {
    const cells = roundsOf(rounds, name);
    return [
      name,
      spreadText(spread(rates(cells))),
      percentText(median(ratios(rates(cells), proxy))),
      spreadText(spread(cells.map((cell) => onlyGroup(cell).latency.p50))),
      spreadText(spread(cells.map((cell) => onlyGroup(cell).latency.p99))),
      numberText(median(cells.map(({ cpuMicroseconds }) => cpuMicroseconds))),
      bytesText(median(cells.map(({ memoryBytes }) => memoryBytes))),
    ];
  });
  return {
    title: load.name,
    columns: ["", "calls/s", "of proxy", "p50 ms", "p99 ms", "CPU", "memory"],
    rows,
    notes,
  };
}

/** Latency of small calls among large ones. */
function delayTable(mixed: readonly Measured[], { names }: Shown): Table {
  const rows = names.map((name) => [
    name,
    ...mixed.map(({ rounds }) => smallCalls(roundsOf(rounds, name))),
  ]);
  return {
    title: "effect of large calls on small ones: p50 / p99 / longest of the small calls, ms",
    columns: ["", "none", ...kilobytes.map((size) => `${size} KB`)],
    rows,
    notes: [
      "Open loop: 100 small and 10 large calls a second; the medians of the rounds. The generator and the upstream process the large bodies too: the direct row shows that cost.",
    ],
  };
}

function smallCalls(cells: readonly Cell[]): string {
  return (["p50", "p99", "max"] as const)
    .map((share) => numberText(median(cells.map((cell) => cell.groups[0]?.latency[share]))))
    .join(" / ");
}

function rates(cells: readonly Cell[]): readonly number[] {
  return cells.map((cell) => onlyGroup(cell).calls / onlyGroup(cell).seconds);
}

function ratios(values: readonly number[], bases: readonly number[]): readonly (number | null)[] {
  return values.map((value, round) => (bases[round] ? value / (bases[round] ?? 1) : null));
}

function rateFigures(measured: readonly Measured[], { names }: Shown): readonly Figure[] {
  return measured.flatMap(({ load, rounds }) => {
    const ratioTo = (name: string): number | null =>
      median(ratios(rates(roundsOf(rounds, "purser")), rates(roundsOf(rounds, name))));
    const toProxy = ratioTo("proxy");
    const figure: Figure = {
      what: `calls/s of a bare proxy, ${load.name}`,
      wanted: "≥ 60 %",
      measured: percentText(toProxy),
      met: toProxy !== null && toProxy >= 0.6,
    };
    const toPeer = ratioTo("portkey");
    if (!names.includes("portkey") || load !== whole[1]) return [figure];
    return [
      {
        what: `calls/s of Portkey, ${load.name}`,
        wanted: "≥ 5×",
        measured: `${numberText(toPeer)}×`,
        met: (toPeer ?? 0) >= 5,
      },
      figure,
    ];
  });
}

/** The worst size, compared with a bare proxy under the same load. */
function delayFigure(mixed: readonly Measured[]): Figure {
  const [alone, ...among] = mixed;
  const p99 = (entry: Measured | undefined, name: string): number =>
    median(roundsOf(entry?.rounds ?? [], name).map((cell) => cell.groups[0]?.latency.p99)) ?? NaN;
  const added = (name: string): number =>
    Math.max(...among.map((entry) => p99(entry, name) - p99(alone, name)));
  const value = added("purser");
  return {
    what: "p99 added to small calls by large ones (up to 1 MB)",
    wanted: "≤ 5 ms",
    measured: `${numberText(value)} ms (bare proxy ${numberText(added("proxy"))} ms)`,
    met: value <= 5,
  };
}

function invalid({ load, rounds }: Measured, { quick, seconds }: BenchOptions): readonly string[] {
  const leastCalls = quick ? 1 : Math.floor(seconds * 8);
  return rounds.flatMap(({ subject, round, measured }) =>
    doubts(measured, { label: `${load.name}, round ${round + 1}, ${subject}`, leastCalls }),
  );
}
