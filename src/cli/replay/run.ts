/** Runs a replay: starts the gateway, makes the calls, and compares ledger and books. */

import type { SeriesJson } from "../../contract/series.ts";
import type { CommandContext } from "../context.ts";
import { abortOnSignal } from "../signal.ts";
import { counted, dollars, grouped } from "../terminal/number.ts";
import { startProgress, whileWaiting } from "../terminal/progress.ts";
import { compareSides, type CutCosts, readSides } from "./compare.ts";
import { makeCall } from "./drive.ts";
import type { ReplayOptions } from "./options.ts";
import type { PlannedCall } from "./plan.ts";
import type { Comparison } from "./reconcile.ts";
import { runSchedule, type ScheduleReport } from "./schedule.ts";
import { openSetting, type Setting } from "./setting.ts";
import { type Quantiles, Statistics, type Sums } from "./statistics.ts";

export interface ReplayResult {
  readonly calls: number;
  readonly recordedMs: number;
  readonly schedule: ScheduleReport;
  readonly sums: Sums;
  readonly latency: Quantiles | null;
  readonly firstByte: Quantiles | null;
  /** Figures of the ledger by team; null if it cannot be read or was not empty before. */
  readonly byTeam: SeriesJson | null;
  /** Streams cut by a budget, which are not compared; null if none, or not readable. */
  readonly cut: CutCosts | null;
  /** Null if one of the two sides cannot be read. */
  readonly comparison: Comparison | null;
  /** Calls that the simulator billed but the ledger does not have; null if not compared. */
  readonly lost: number | null;
  /** The result of `verify` on the ledger; null if it cannot be read. */
  readonly verified: { readonly ok: boolean; readonly entries: number } | null;
  readonly interrupted: boolean;
  /** No call failed, and the books agree if they were compared. */
  readonly ok: boolean;
}

export async function runReplay(
  calls: readonly PlannedCall[],
  options: ReplayOptions,
  context: CommandContext,
): Promise<ReplayResult> {
  const { notes } = context.screen;
  const setting = await whileWaiting(notes, "Starting", openSetting(options, context));
  const interruption = abortOnSignal();
  try {
    const before = await readSides(setting);
    const statistics = new Statistics();
    const schedule = await drive(calls, {
      options,
      context,
      setting,
      statistics,
      signal: interruption.signal,
    });
    const comparing = compareSides({ setting, before, cutCalls: statistics.cutCalls, context });
    const after = await whileWaiting(notes, "Comparing the books", comparing);
    const sums = statistics.sums();
    const found =
      setting.verify === null ? null : await whileWaiting(notes, "Verifying", setting.verify());
    const verified = found && { ok: found.ok, entries: found.entries };
    const { comparison } = after;
    const lost = comparison && Math.max(0, comparison.calls.books - comparison.calls.ledger);
    return {
      calls: calls.length,
      recordedMs: calls.at(-1)?.afterMs ?? 0,
      schedule,
      sums,
      latency: statistics.latency(),
      firstByte: statistics.firstByte(),
      byTeam: after.byTeam,
      comparison,
      cut: after.cut,
      lost,
      verified,
      interrupted: interruption.signal.aborted,
      ok: sums.failed === 0 && (comparison?.equal ?? true) && (verified?.ok ?? true),
    };
  } finally {
    interruption.release();
    await setting.close();
  }
}

interface DriveWork {
  readonly options: ReplayOptions;
  readonly context: CommandContext;
  readonly setting: Setting;
  readonly statistics: Statistics;
  readonly signal: AbortSignal;
}

async function drive(calls: readonly PlannedCall[], work: DriveWork): Promise<ScheduleReport> {
  const { Pool } = await import("undici");
  const { options, setting, statistics } = work;
  const pool = new Pool(setting.url, {
    connections: options.concurrency,
    pipelining: 1,
    headersTimeout: 120_000,
    bodyTimeout: 120_000,
  });
  const now = (): number => performance.now();
  const progress = startProgress(work.context.screen.notes, { label: "Replaying", now });
  const live = { ended: 0, refused: 0, spentUsd: 0, startedAt: now() };
  const run = Date.now().toString(36);
  const send = async (call: PlannedCall, index: number): Promise<void> => {
    const tag = `${run}-${index}`;
    const outcome = await makeCall(call, { pool, keyOf: setting.keyOf, now, tag });
    statistics.record({ team: call.team, tag }, outcome);
    live.ended += 1;
    live.refused += Number(outcome.result === "refused");
    // Only for the progress line: the report sums exact amounts.
    live.spentUsd += Number(outcome.cost ?? 0);
    progress.update(
      live.ended / calls.length,
      liveText({ ...live, elapsedMs: now() - live.startedAt }),
    );
  };
  const sleep = (ms: number): Promise<void> => interruptibleSleep(ms, work.signal);
  try {
    const speed = options.speed === "max" ? Number.POSITIVE_INFINITY : Number(options.speed);
    return await runSchedule(calls, send, {
      speed,
      concurrency: options.concurrency,
      now,
      sleep,
      signal: work.signal,
    });
  } finally {
    progress.end();
    await pool.close();
  }
}

function liveText(live: {
  readonly ended: number;
  readonly refused: number;
  readonly spentUsd: number;
  readonly elapsedMs: number;
}): string {
  const rate = Math.round(live.ended / Math.max(0.001, live.elapsedMs / 1000));
  return `${counted(live.ended, "call")}  ${grouped(rate)}/s  ${dollars(live.spentUsd.toFixed(4))}  ${grouped(live.refused)} refused`;
}

async function interruptibleSleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
