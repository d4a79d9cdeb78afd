/**
 * Runs mutation tests: `npm run check:mutants -- --count 100`. Fails if a room kills too few
 * mutants.
 */

import path from "node:path";
import { CommanderError } from "commander";
import { startProgress } from "../../src/cli/terminal/progress.ts";
import { screenOn } from "../../src/cli/terminal/screen.ts";
import { seeded } from "../simulation/random.ts";
import { baselineOf } from "./baseline.ts";
import { copyCheckout } from "./checkout.ts";
import { choose, share } from "./choose.ts";
import { examine, type Examination, type Laboratory } from "./examine.ts";
import { figuresOf } from "./figures.ts";
import { findChanges } from "./find-changes.ts";
import { readImporters } from "./importers.ts";
import { judgementOf, readJudged } from "./judged.ts";
import { mutant, type Mutant } from "./mutant.ts";
import { readOptions, type Options } from "./options.ts";
import { openParser } from "./parse.ts";
import { reportJson, writeReport, type Report } from "./report.ts";
import { findRooms } from "./room.ts";

interface Task {
  readonly room: string;
  readonly mutants: readonly Mutant[];
}

const root = path.resolve(import.meta.dirname, "../..");
const options = asked();
const screen = screenOn(process, { environment: process.env, json: options.json });
const report = await run(makeTasks());
if (options.json) process.stdout.write(reportJson(report));
else writeReport(report, screen.out);
if (report.rooms.some(({ killedPercent }) => killedPercent < options.least)) process.exitCode = 1;

function asked(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    // The error or the help is already printed.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    throw error;
  }
}

function makeTasks(): readonly Task[] {
  const parser = openParser(root);
  const random = seeded(options.seed);
  const rooms = findRooms(root, options.room).map(({ name, files }) => ({
    room: name,
    all: files
      .map((file) => ({ file, source: parser.parse(file) }))
      .flatMap(({ file, source }) =>
        findChanges(source).map((change) => mutant(file, source.text, change)),
      ),
  }));
  parser.close();
  const counts = share(
    options.count,
    rooms.map(({ all }) => all.length),
  );
  return rooms.map(({ room, all }, place) => ({
    room,
    mutants: choose(all, counts[place] ?? 0, random),
  }));
}

async function run(tasks: readonly Task[]): Promise<Report> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  const checkout = copyCheckout(root);
  const laboratory = {
    checkout,
    baseline: baselineOf(checkout),
    importers: readImporters(root),
    wider: options.wider,
    signal: stop.signal,
  };
  try {
    const examined = await examineAll(tasks, laboratory);
    return makeReport(examined, laboratory);
  } finally {
    checkout.remove();
  }
}

type Examined = ReadonlyMap<string, readonly Examination[]>;

async function examineAll(tasks: readonly Task[], laboratory: Laboratory): Promise<Examined> {
  const progress = startProgress(screen.notes, { label: "Mutants", now: () => performance.now() });
  const total = tasks.reduce((sum, { mutants }) => sum + mutants.length, 0);
  const examined = new Map<string, Examination[]>();
  let done = 0;
  for (const { room, mutants } of tasks) {
    const ends: Examination[] = [];
    examined.set(room, ends);
    for (const mutant of mutants) {
      progress.update(done / total, `${done} of ${total}, ${mutant.file}`);
      const end = laboratory.signal.aborted ? undefined : await examine(mutant, laboratory);
      if (end) ends.push(end);
      done += 1;
    }
  }
  progress.end();
  return examined;
}

function makeReport(examined: Examined, { baseline }: Laboratory): Report {
  const judged = readJudged(root);
  return {
    seed: options.seed,
    rooms: [...examined].map(([room, ends]) => figuresOf(room, ends, judged)),
    survivors: [...examined.values()]
      .flat()
      .filter(({ fate }) => fate === "survived")
      .map(({ mutant }) => ({ mutant, judged: judgementOf(mutant, judged) })),
    leftOut: [...baseline.leftOut].toSorted(),
  };
}
