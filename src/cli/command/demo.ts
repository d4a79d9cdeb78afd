/** `purser demo`: runs simulated traffic through a temporary gateway and shows the results. */

import type { Command } from "commander";
import type { SeriesJson } from "../../contract/series.ts";
import { purser } from "../called.ts";
import type { CommandContext } from "../context.ts";
import { enter, nextCall } from "../demo/cast.ts";
import {
  brokenScene,
  cutScene,
  refusalScene,
  type SceneResult,
  type SceneStage,
} from "../demo/scene.ts";
import { readFigures } from "../figures.ts";
import { type JsonOption, whole, withJson } from "../option.ts";
import { makeCall } from "../replay/drive.ts";
import { seeded } from "../replay/random.ts";
import { Statistics } from "../replay/statistics.ts";
import { printJson } from "../session.ts";
import { abortOnSignal } from "../signal.ts";
import { openStage, type Stage } from "../stage.ts";
import { onEndKey } from "../terminal/keys.ts";
import { counted } from "../terminal/number.ts";
import { startProgress, whileWaiting } from "../terminal/progress.ts";
import { liveBlock, type Output } from "../terminal/screen.ts";
import { reportText } from "./report.ts";
import { readSnapshot, snapshotText } from "./top.ts";

interface DemoOptions extends JsonOption {
  readonly seconds: number;
}

/** Concurrent calls: enough to look lively, few enough for any machine. */
const callers = 8;
/** Pause between two calls of one caller. */
const pauseMs = 60;
const refreshMs = 1000;
const view = { by: ["team", "agent"], minutes: 60 };

export function defineDemo(command: Command, context: CommandContext): void {
  withJson(command)
    .option(
      "--seconds <n>",
      "duration of the traffic",
      whole("--seconds", { least: 1, most: 3600 }),
      60,
    )
    .addHelpText(
      "after",
      "\nIt needs no provider key and deletes everything it creates.\n\nExamples:\n  purser demo\n  purser demo --seconds 10",
    )
    .action((options: DemoOptions) => runDemo(options, context));
}

async function runDemo(options: DemoOptions, context: CommandContext): Promise<void> {
  const { out, notes } = context.screen;
  if (!options.json)
    notes.write("Starting a gateway and a simulated provider on a temporary folder ...\n");
  const stage = await whileWaiting(notes, "Starting", openStage(context, {}));
  try {
    const keys = await enter(stage.admin);
    const keyOf = (team: string): string => keys.get(team) ?? "";
    await traffic(stage, { options, context, keyOf });
    const scenes = await whileWaiting(
      notes,
      "Running three scenarios",
      playScenes({ url: stage.url, admin: stage.admin, keyOf }),
    );
    const figures = await readFigures(stage.admin, { by: ["team", "agent", "model"] });
    const verified = await whileWaiting(
      notes,
      "Verifying",
      context.parts.verifyFolder(stage.dataDirectory, () => {}),
    );
    const isWell = verified.ok;
    if (options.json)
      printJson(context, {
        total: figures.total,
        groups: figures.groups,
        scenes,
        verified: isWell,
      });
    else out.write(closingText({ figures, scenes, entries: verified.entries, isWell }, out));
    if (!isWell) context.end(1);
  } finally {
    await stage.close();
  }
}

async function playScenes(stage: SceneStage): Promise<readonly SceneResult[]> {
  return [await refusalScene(stage), await brokenScene(stage), await cutScene(stage)];
}

interface TrafficWork {
  readonly options: DemoOptions;
  readonly context: CommandContext;
  readonly keyOf: (team: string) => string;
}

/** Makes calls for the requested time, or until a signal, and shows their figures. */
async function traffic(stage: Stage, work: TrafficWork): Promise<Statistics> {
  const { Pool } = await import("undici");
  const pool = new Pool(stage.url, { connections: callers, pipelining: 1 });
  const interruption = abortOnSignal();
  const keys = onEndKey(process.stdin, () => interruption.abort());
  const statistics = new Statistics();
  const random = seeded(1);
  const now = (): number => performance.now();
  const endsAt = now() + work.options.seconds * 1000;
  const goesOn = (): boolean => now() < endsAt && !interruption.signal.aborted;
  const caller = async (): Promise<void> => {
    while (goesOn()) {
      const call = nextCall(random);
      statistics.record(
        { team: call.team, tag: "demo" },
        await makeCall(call, { pool, keyOf: work.keyOf, now, tag: "demo" }),
      );
      await pause(pauseMs);
    }
  };
  try {
    await Promise.all([
      ...Array.from({ length: callers }, caller),
      watch(stage, { ...work, goesOn, endsAt }),
    ]);
  } finally {
    keys.release();
    interruption.release();
    await pool.close();
  }
  return statistics;
}

async function watch(
  stage: Stage,
  work: TrafficWork & { readonly goesOn: () => boolean; readonly endsAt: number },
): Promise<void> {
  const { out, notes } = work.context.screen;
  const isLive = out.live && work.options.json !== true;
  const block = liveBlock(out);
  const progress = startProgress(notes, { label: "Demo", now: () => performance.now() });
  while (work.goesOn()) {
    const leftMs = Math.max(0, work.endsAt - performance.now());
    if (isLive) {
      const snapshot = await readSnapshot(stage.admin, view);
      block.draw(
        `${snapshotText(snapshot, { ...view, output: out })}${out.paint.dim(`${Math.ceil(leftMs / 1000)} s left; press q or Ctrl-C to skip to the end`)}\n`,
      );
    } else progress.update(1 - leftMs / (work.options.seconds * 1000));
    await pause(Math.min(refreshMs, leftMs));
  }
  block.end("clear");
  progress.end();
}

interface Closing {
  readonly figures: SeriesJson;
  readonly scenes: readonly SceneResult[];
  readonly entries: number;
  readonly isWell: boolean;
}

function closingText({ figures, scenes, entries, isWell }: Closing, output: Output): string {
  const { bold, green, red, dim } = output.paint;
  const played = scenes.map(
    (scene) => `${bold(scene.title)}\n${scene.lines.map((line) => `  ${line}\n`).join("")}`,
  );
  const verdict = isWell
    ? `${green("✔")} ${counted(entries, "journal entry", "journal entries")} verified: every balance matches them.`
    : `${red("✘")} the ledger failed verification.`;
  return [
    ...played,
    `${bold("What was spent, and on what")}\n${reportText(figures, { by: ["team", "agent", "model"], top: 20, output })}`,
    `${verdict}\n\nStart your own gateway: ${bold(`${purser} serve`)}${dim(", then change the base URL and key of your agent.")}\n`,
  ].join("\n");
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
