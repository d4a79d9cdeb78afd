/** Benchmarks streams: time to the first token and between tokens, and memory of many at once. */

import type { Bench, BenchOptions, BenchResult, Figure, Table } from "./bench.ts";
import { doubts, measureCell, onlyGroup, smallRequest, warmUp, type Cell } from "./cell.ts";
import { processFigures } from "./report/process.ts";
import { differences, median, spread } from "./report/statistics.ts";
import { bytesText, numberText, spreadText } from "./report/table.ts";
import { interleave, roundsOf, type Round } from "./rounds.ts";
import { onStage, type Stage } from "./stage.ts";
import type { Target } from "./target/target.ts";

/** A shape of the load. */
interface Shape {
  readonly clients: number;
  readonly tokens: number;
  readonly gapMs: number;
  /**
   * True: each client opens one stream, all at once. False: streams follow each other until the
   * cell ends.
   */
  readonly atOnce: boolean;
}

/** Delay before the first token, so it does not race with the headers. */
const delayMs = 20;

function shapes({ quick }: BenchOptions): readonly Shape[] {
  const tokens = quick ? 20 : 300;
  return [
    { clients: 16, tokens: 20, gapMs: 5, atOnce: false },
    { clients: 100, tokens, gapMs: 20, atOnce: true },
    { clients: quick ? 200 : 1000, tokens, gapMs: 100, atOnce: true },
  ];
}

interface StreamCell extends Cell {
  /** Memory growth per stream at the end of a cell. */
  readonly memoryAStream: number | null;
}

interface Measured {
  readonly shape: Shape;
  readonly rounds: readonly Round<StreamCell>[];
}

export const streams: Bench = {
  name: "streams",
  title: "time to the first token and between tokens, and memory of many streams",
  run: (options, note) =>
    onStage(options, async (stage) => {
      await warmUp(stage, options.quick ? 200 : 3000);
      const measured: Measured[] = [];
      for (const shape of shapes(options)) {
        // A cell with a thousand streams takes half a minute, so use fewer rounds.
        const rounds = shape.atOnce ? Math.min(options.rounds, 3) : options.rounds;
        const done = await interleave(stage.targets, rounds, (target, round) => {
          note(`${nameOf(shape)}, round ${round + 1}, ${target.name}`);
          return measure(stage, target, { shape, options });
        });
        measured.push({ shape, rounds: done });
      }
      return result(measured, { names: stage.targets.map(({ name }) => name), options });
    }),
};

async function measure(
  { upstream, load }: Stage,
  target: Target,
  { shape, options }: { readonly shape: Shape; readonly options: BenchOptions },
): Promise<StreamCell> {
  await upstream.set({ delayMs, streamTokens: shape.tokens, gapMs: shape.gapMs });
  const before = processFigures(target.pid).memoryBytes;
  const request = { ...smallRequest, maxTokens: 1000, stream: true };
  const cell = await measureCell(load, target, {
    warmupMs: options.quick || shape.atOnce ? 0 : 1000,
    measureMs: shape.atOnce ? null : options.seconds * 1000,
    groups: [{ name: "streams", clients: shape.clients, ratePerSecond: null, request }],
  });
  const memoryAStream =
    before === null || cell.memoryBytes === null
      ? null
      : (cell.memoryBytes - before) / shape.clients;
  return { ...cell, memoryAStream };
}

function nameOf({ clients, tokens, gapMs, atOnce }: Shape): string {
  return `${clients} streams of ${tokens} tokens, ${gapMs} ms apart${atOnce ? ", begun at once" : ""}`;
}

function result(
  measured: readonly Measured[],
  { names, options }: { readonly names: readonly string[]; readonly options: BenchOptions },
): BenchResult {
  return {
    settings: { upstream_first_token_ms: delayMs },
    tables: measured.map((entry, place) => table(entry, names, place === 0 ? notes : [])),
    figures: names.includes("purser") ? figures(measured) : [],
    invalid: measured.flatMap((entry) => [...invalid(entry, options), ...lostEvents(entry)]),
    rounds: measured.map(({ shape, rounds }) => ({ shape, rounds })),
  };
}

const notes = [
  "Milliseconds. Portkey's gateway waits 25 ms before the first chunk of every stream (its streamHandler.ts), which determines its time to the first token.",
  "Memory: the whole process right after the streams. A stream: the growth since before the streams, divided by their number.",
];

function table(
  { shape, rounds }: Measured,
  names: readonly string[],
  notes: readonly string[],
): Table {
  const direct = roundsOf(rounds, "direct").map(firstToken);
  const rows = names.map((name) => {
    const cells = roundsOf(rounds, name);
    return [
      name,
      spreadText(spread(cells.map(firstToken))),
      name === "direct" ? "-" : spreadText(spread(differences(cells.map(firstToken), direct))),
      spreadText(spread(cells.map((cell) => onlyGroup(cell).firstToken.p99))),
      numberText(median(cells.map((cell) => onlyGroup(cell).gap.p50))),
      numberText(median(cells.map((cell) => onlyGroup(cell).gap.p99))),
      numberText(median(cells.map(({ cpuMicroseconds }) => cpuMicroseconds))),
      bytesText(median(cells.map(({ memoryBytes }) => memoryBytes))),
      bytesText(median(cells.map(({ memoryAStream }) => memoryAStream))),
    ];
  });
  const columns = [
    "",
    "first token p50",
    "added",
    "p99",
    "between p50",
    "p99",
    "CPU µs",
    "memory",
    "a stream",
  ];
  return { title: nameOf(shape), columns, rows, notes };
}

function firstToken(cell: Cell): number | null {
  return onlyGroup(cell).firstToken.p50;
}

function figures(measured: readonly Measured[]): readonly Figure[] {
  const [few] = measured;
  const many = measured.at(-1);
  const of = (entry: Measured | undefined, name: string): readonly StreamCell[] =>
    roundsOf(entry?.rounds ?? [], name);
  const added = median(
    differences(of(few, "purser").map(firstToken), of(few, "direct").map(firstToken)),
  );
  const memory = median(of(many, "purser").map(({ memoryBytes }) => memoryBytes));
  return [
    {
      what: "added time to the first token, 16 streams, p50",
      wanted: "≤ 0.3 ms",
      measured: `${numberText(added)} ms`,
      met: added !== null && added <= 0.3,
    },
    {
      what: `memory with ${many?.shape.clients} concurrent streams`,
      wanted: "≤ 250 MB",
      measured: bytesText(memory),
      met: memory !== null && memory <= 250e6,
    },
  ];
}

function invalid({ shape, rounds }: Measured, { quick }: BenchOptions): readonly string[] {
  const leastCalls = quick ? 1 : shape.clients;
  return rounds.flatMap(({ subject, round, measured }) =>
    doubts(measured, { label: `${nameOf(shape)}, round ${round + 1}, ${subject}`, leastCalls }),
  );
}

/** The first event, the tokens, the finish reason, the usage and `[DONE]`. */
function lostEvents({ shape, rounds }: Measured): readonly string[] {
  const wanted = shape.tokens + 4;
  return rounds.flatMap(({ subject, round, measured }) => {
    const { least, most } = onlyGroup(measured).events;
    if (least === null || (least === wanted && most === wanted)) return [];
    return [
      `${nameOf(shape)}, round ${round + 1}, ${subject}: ${least} to ${most} events in a stream instead of ${wanted}`,
    ];
  });
}
