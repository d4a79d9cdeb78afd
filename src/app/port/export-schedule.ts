/** Ports of scheduled exports: their settings, and where their files go. */

import type { WebhookTarget } from "./notifier-settings.ts";

export const scheduleFormats = ["csv", "json", "xlsx", "pdf", "focus"] as const;
export type ScheduleFormat = (typeof scheduleFormats)[number];

export const schedulePeriods = ["day", "week", "month"] as const;
export type SchedulePeriod = (typeof schedulePeriods)[number];

export type ExportTarget =
  /** An absolute path. */
  | { readonly kind: "folder"; readonly folder: string }
  | (WebhookTarget & { readonly allowPrivateAddress: boolean });

/** A file for each day, week or month, made after it has ended. */
export interface ExportSchedule {
  readonly name: string;
  readonly format: ScheduleFormat;
  readonly every: SchedulePeriod;
  readonly timeZone: string;
  /** When to make the file, in minutes after midnight of the day after the period. */
  readonly at: number;
  readonly target: ExportTarget;
}

export interface FileToKeep {
  readonly name: string;
  readonly mediaType: string;
  readonly parts: AsyncIterable<Uint8Array>;
}

/** Where the files of a schedule go. */
export interface ExportSink {
  /**
   * Keeps a whole file, or nothing of it. A file of the same name that is there already is left as
   * it is.
   *
   * @returns Its size in bytes.
   * @throws Error that says what failed, without secrets.
   */
  keep(file: FileToKeep, signal: AbortSignal): Promise<number>;
}
