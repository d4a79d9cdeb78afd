/** Benchmarks the latency that a gateway adds to a call whose provider takes 60 ms. */

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
import { differences, median, spread } from "./report/statistics.ts";
import { bytesText, numberText, spreadText } from "./report/table.ts";
import { interleave, roundsOf, type Round } from "./rounds.ts";
import { onStage } from "./stage.ts";
import { targetNotes } from "./target/target.ts";

const delayMs = 60;

interface Shape {
  readonly name: string;
  readonly group: CellGroup;
}

const closed = (clients: number): Shape => ({
  name: `closed loop, ${clients} clients`,
  group: { name: `c${clients}`, clients, ratePerSecond: null, request: smallRequest },
});
const open = (ratePerSecond: number): Shape => ({
  name: `open loop, ${ratePerSecond} calls/s`,
  group: {
    name: `r${ratePerSecond}`,
    clients: ratePerSecond,
    ratePerSecond,
    request: smallRequest,
  },
});
const shapes: readonly Shape[] = [closed(1), closed(16), closed(64), open(250)];
/** The shape that has targets. */
const judged = closed(16).name;

export const latency: Bench = {
  name: "latency",
  title: `latency added to a ${delayMs} ms upstream`,
  run: (options, note) =>
    onStage(options, async (stage) => {
      const { load, upstream, targets } = stage;
      await warmUp(stage, options.quick ? 200 : 3000);
      await upstream.set({ delayMs, streamTokens: 20, gapMs: 0 });
      const measured: ShapeRounds[] = [];
      for (const shape of shapes) {
        const cell = {
          warmupMs: options.quick ? 200 : 1000,
          measureMs: options.seconds * 1000,
          groups: [shape.group],
        };
        const rounds = await interleave(targets, options.rounds, (target, round) => {
          note(`${shape.name}, round ${round + 1}, ${target.name}`);
          return measureCell(load, target, cell);
        });
        measured.push({ shape, rounds });
      }
      return result(measured, { names: targets.map(({ name }) => name), options });
    }),
};

interface ShapeRounds {
  readonly shape: Shape;
  readonly rounds: readonly Round<Cell>[];
}

function result(
  measured: readonly ShapeRounds[],
  { names, options }: { readonly names: readonly string[]; readonly options: BenchOptions },
): BenchResult {
  return {
    settings: { delay_ms: delayMs, prompt_bytes: smallRequest.promptBytes },
    tables: measured.map(({ shape, rounds }, place) =>
      table(shape, { rounds, names, notes: place === 0 ? notes : [] }),
    ),
    figures: figures(measured, names),
    invalid: measured.flatMap((entry) => [...invalid(entry, options), ...slowFloor(entry)]),
    rounds: measured.map(({ shape, rounds }) => ({ shape: shape.name, rounds })),
  };
}

const notes = [
  ...targetNotes,
  "Milliseconds; the median of the rounds and their range. Added: the difference to direct in the same round. CPU: microseconds of the gateway's process per call.",
];

function table(
  shape: Shape,
  {
    rounds,
    names,
    notes,
  }: {
    readonly rounds: readonly Round<Cell>[];
    readonly names: readonly string[];
    readonly notes: readonly string[];
  },
): Table {
  const direct = roundsOf(rounds, "direct");
  const rows = names.map((name) => {
    const cells = roundsOf(rounds, name);
    return [
      name,
      spreadText(spread(cells.map((cell) => onlyGroup(cell).calls / onlyGroup(cell).seconds))),
      spreadText(spread(percentile(cells, "p50"))),
      spreadText(spread(percentile(cells, "p99"))),
      name === "direct"
        ? "-"
        : spreadText(spread(differences(percentile(cells, "p50"), percentile(direct, "p50")))),
      name === "direct"
        ? "-"
        : spreadText(spread(differences(percentile(cells, "p99"), percentile(direct, "p99")))),
      numberText(median(cells.map((cell) => cell.cpuMicroseconds))),
      bytesText(median(cells.map(({ memoryBytes }) => memoryBytes))),
    ];
  });
  return {
    title: shape.name,
    columns: ["", "calls/s", "p50", "p99", "added p50", "added p99", "CPU", "memory"],
    rows,
    notes,
  };
}

function percentile(cells: readonly Cell[], name: "p50" | "p99"): readonly (number | null)[] {
  return cells.map((cell) => onlyGroup(cell).latency[name]);
}

function figures(measured: readonly ShapeRounds[], names: readonly string[]): readonly Figure[] {
  const rounds = measured.find(({ shape }) => shape.name === judged)?.rounds ?? [];
  const added = (name: string, share: "p50" | "p99"): number | null =>
    median(
      differences(
        percentile(roundsOf(rounds, name), share),
        percentile(roundsOf(rounds, "direct"), share),
      ),
    );
  if (!names.includes("purser")) return [];
  return (["p50", "p99"] as const).map((share) => {
    const limit = share === "p50" ? 0.3 : 2;
    const value = added("purser", share);
    const peer = names.includes("portkey")
      ? ` (Portkey ${numberText(added("portkey", share))} ms)`
      : "";
    return {
      what: `added latency, 60 ms upstream, 16 clients, four levels and durable ledger: ${share}`,
      wanted: `≤ ${limit} ms`,
      measured: `${numberText(value)} ms${peer}`,
      met: value !== null && value <= limit,
    };
  });
}

function invalid(
  { shape, rounds }: ShapeRounds,
  { quick, seconds }: BenchOptions,
): readonly string[] {
  // One client at 60 ms makes 16 calls a second: too few for a p99, enough for a p50.
  const leastCalls = quick ? 1 : Math.floor(seconds * 10);
  return rounds.flatMap(({ subject, round, measured }) =>
    doubts(measured, { label: `${shape.name}, round ${round + 1}, ${subject}`, leastCalls }),
  );
}

/** If calls without a gateway are already slow, the run measured the machine. */
function slowFloor({ shape, rounds }: ShapeRounds): readonly string[] {
  const p99 = median(percentile(roundsOf(rounds, "direct"), "p99"));
  return p99 === null || p99 <= 2 * delayMs
    ? []
    : [
        `${shape.name}: direct p99 is ${numberText(p99)} ms, more than twice its floor of ${delayMs} ms`,
      ];
}
