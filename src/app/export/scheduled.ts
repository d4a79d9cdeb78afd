/** Makes the files of scheduled exports: each period once, also after a restart. */

import { setTimeout as pause } from "node:timers/promises";
import { focusVersions } from "../../domain/focus/focus-columns.ts";
import type { ExportState } from "../../domain/ledger/export-run.ts";
import type { Clock } from "../port/clock.ts";
import type { Exporter, ExportJob } from "../port/exporter.ts";
import type { ExportSchedule, ExportSink } from "../port/export-schedule.ts";
import type { Ledger } from "../port/ledger.ts";
import type { CallFilter } from "../port/reader.ts";
import type { Range } from "../report/range.ts";
import { dueAt, fileNameOf, missingPeriods, nextPeriod } from "./period.ts";
import { reportBudgets } from "./report-budgets.ts";
import { ExportQueue, usualLimits } from "./export-queue.ts";

export interface ScheduledPart {
  readonly schedule: ExportSchedule;
  readonly sink: ExportSink;
}

export interface ScheduledExportsParts {
  readonly scheduled: readonly ScheduledPart[];
  readonly ledger: Pick<Ledger, "commit" | "exportState" | "budgets" | "balances">;
  readonly exporter: Exporter;
  readonly clock: Pick<Clock, "now">;
  /** Such as all calls that are not simulated. */
  readonly filter: CallFilter;
  /** Receives ledger errors. Failed runs are in the journal. */
  readonly onProblem: (message: string, error: unknown) => void;
}

/** What an administrator sees of a schedule. */
export interface ScheduleStatus {
  readonly schedule: ExportSchedule;
  readonly state: ExportState | undefined;
  /** The period of the next file, and when it is made; a time that has passed is a retry. */
  readonly next: Range & { readonly at: number };
}

const firstRetryMs = 60_000;
const longestRetryMs = 3_600_000;
/** A clock that was set is noticed after this time at the latest. */
const longestWaitMs = 60_000;

/**
 * Makes one file at a time, off the call path. Each schedule runs for itself: a receiver that takes
 * its file slowly delays no other. A call counts when it ends, so the ledger has all calls of a
 * period once it is over.
 */
export class ScheduledExports {
  readonly #parts: ScheduledExportsParts;
  readonly #stop = new AbortController();
  readonly #startedAt: number;
  readonly #exporter: Exporter;
  #running: Promise<unknown> | undefined;

  constructor(parts: ScheduledExportsParts) {
    this.#parts = parts;
    const limits = { ...usualLimits, atOnce: 1, mostWaiting: parts.scheduled.length };
    this.#exporter = new ExportQueue(parts.exporter, limits);
    this.#startedAt = parts.clock.now();
  }

  start(): void {
    const { scheduled } = this.#parts;
    this.#running ??= Promise.all(scheduled.map((part) => this.#run(part)));
  }

  /** Ends the files that are being made; they are made after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("the server stops"));
    await this.#running;
  }

  /** In the order of the configuration. */
  list(): readonly ScheduleStatus[] {
    return this.#parts.scheduled.map(({ schedule }) => this.#statusOf(schedule));
  }

  #statusOf(schedule: ExportSchedule): ScheduleStatus {
    const now = this.#parts.clock.now();
    const state = this.#parts.ledger.exportState(schedule.name);
    const [missing] = this.#missing(schedule, now);
    if (!missing) {
      const next = nextPeriod(schedule, now);
      return { schedule, state, next: { ...next, at: dueAt(schedule, next) } };
    }
    const at = Math.max(dueAt(schedule, missing), this.#retryAt(schedule, missing));
    return { schedule, state, next: { ...missing, at } };
  }

  async #run(part: ScheduledPart): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#makeDue(part);
      const waitMs = this.#waitMs(part.schedule);
      await pause(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  #waitMs(schedule: ExportSchedule): number {
    const { next } = this.#statusOf(schedule);
    return Math.min(longestWaitMs, Math.max(1000, next.at - this.#parts.clock.now()));
  }

  async #makeDue({ schedule, sink }: ScheduledPart): Promise<void> {
    const now = this.#parts.clock.now();
    for (const period of this.#missing(schedule, now)) {
      if (this.#stop.signal.aborted || this.#retryAt(schedule, period) > now) return;
      try {
        if (!(await this.#make({ schedule, sink }, period))) return;
      } catch (error) {
        this.#parts.onProblem(`export ${schedule.name} cannot be recorded`, error);
        return;
      }
    }
  }

  #missing(schedule: ExportSchedule, now: number): readonly Range[] {
    const doneTo = this.#parts.ledger.exportState(schedule.name)?.done?.to ?? null;
    return missingPeriods(schedule, { now, doneTo });
  }

  /** When a period that failed is tried again: at once after a start, which may have a remedy. */
  #retryAt({ name }: ExportSchedule, { to }: Range): number {
    const last = this.#parts.ledger.exportState(name)?.last;
    if (!last || last.error === null || last.to !== to || last.at < this.#startedAt) return 0;
    return last.at + Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(last.attempt - 1, 10));
  }

  /** @returns Whether the file was made. */
  async #make({ schedule, sink }: ScheduledPart, period: Range): Promise<boolean> {
    const { ledger, clock } = this.#parts;
    const last = ledger.exportState(schedule.name)?.last;
    const attempt = last?.error != null && last.to === period.to ? last.attempt + 1 : 1;
    const file = fileNameOf(schedule, period);
    const kept = await this.#keep({ schedule, sink }, { period, file });
    if (this.#stop.signal.aborted && kept.error !== null) return false;
    const run = { schedule: schedule.name, ...period, attempt, file, ...kept };
    await ledger.commit({ kind: "end_export", at: clock.now(), run });
    return kept.error === null;
  }

  async #keep(
    { schedule, sink }: ScheduledPart,
    { period, file: name }: { readonly period: Range; readonly file: string },
  ): Promise<{ readonly bytes: number; readonly error: string | null }> {
    const { signal } = this.#stop;
    try {
      const parts = this.#exporter.run(await this.#job(schedule, period), signal);
      const mediaType = mediaTypes[schedule.format];
      return { bytes: await sink.keep({ name, mediaType, parts }, signal), error: null };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { bytes: 0, error: message.slice(0, mostErrorCharacters) };
    }
  }

  async #job({ format, timeZone, every }: ExportSchedule, { from, to }: Range): Promise<ExportJob> {
    const filter = { ...this.#parts.filter, from, to };
    switch (format) {
      case "csv":
      case "json":
        return { format, rows: "calls", filter, scope: filter, adminKeys: new Set() };
      case "xlsx":
        return { format, filter };
      case "focus":
        return {
          format,
          filter,
          from,
          to,
          period: "day",
          closing: every,
          version: focusVersions[0],
          billsComputed: false,
        };
      case "pdf":
    }
    const budgets = await reportBudgets({ role: "admin", key: null }, this.#parts);
    return { format, filter, from, to, timeZone, madeAt: this.#parts.clock.now(), budgets };
  }
}

const mostErrorCharacters = 500;

const mediaTypes: Readonly<Record<ExportSchedule["format"], string>> = {
  csv: "text/csv; charset=utf-8",
  json: "application/json",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  pdf: "application/pdf",
  focus: "text/csv; charset=utf-8",
};
