/** Reads a recorded trace of calls: the time, input tokens and output tokens of each. */

import { grouped } from "../terminal/number.ts";
import { PurserError } from "../../domain/error.ts";

export interface TraceRow {
  /** Milliseconds since the first row, with a fraction. */
  readonly afterMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const header = "TIMESTAMP,ContextTokens,GeneratedTokens";
const rowPattern =
  /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?,(\d{1,9}),(\d{1,9})$/;

/** More than any model supports, so larger counts are errors in the file. */
const mostTokens = 10_000_000;

/**
 * @param text Lines of `TIMESTAMP,ContextTokens,GeneratedTokens`, with or without carriage returns
 *   and a final line end, as in the Azure LLM inference traces
 *   (https://github.com/Azure/AzurePublicDataset, read 2026-11).
 * @param file The file name for errors.
 * @throws PurserError `invalid_request` with the line number for an invalid row, a row out of
 *   order, or a file without rows.
 */
export function readTrace(text: string, file: string): readonly TraceRow[] {
  const lines = text.replace(/^\u{feff}/u, "").split(/\r?\n/);
  if (lines[0]?.trim() !== header)
    throw malformed(file, { line: 1, problem: `the heading is not "${header}"` });
  while (lines.length > 1 && lines.at(-1) === "") lines.pop();
  if (lines.length === 1)
    throw malformed(file, { line: 2, problem: "there are no rows under the heading" });
  return readRows(lines, file);
}

function readRows(lines: readonly string[], file: string): readonly TraceRow[] {
  const rows: TraceRow[] = [];
  let first: bigint | undefined;
  let previous = 0;
  for (let index = 1; index < lines.length; index++) {
    const line = index + 1;
    const read = readRow(lines[index] ?? "");
    if (typeof read === "string") throw malformed(file, { line, problem: read });
    first ??= read.nanoseconds;
    const afterMs = Number(read.nanoseconds - first) / 1e6;
    if (afterMs < previous)
      throw malformed(file, { line, problem: "its time is earlier than that of the row above" });
    previous = afterMs;
    rows.push({ afterMs, inputTokens: read.inputTokens, outputTokens: read.outputTokens });
  }
  return rows;
}

interface ReadRow {
  /** Since the epoch. A bigint, because milliseconds with seven decimals do not fit a float. */
  readonly nanoseconds: bigint;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** @returns The row, or a description of the error. */
function readRow(text: string): ReadRow | string {
  const match = rowPattern.exec(text);
  if (!match)
    return `"${text.length > 60 ? `${text.slice(0, 60)}...` : text}" is not TIMESTAMP,ContextTokens,GeneratedTokens`;
  const [, year, month, day, hour, minute, second, fraction = "", input, output] = match;
  const seconds = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  if (new Date(seconds).toISOString() !== written)
    return `${year}-${month}-${day} ${hour}:${minute}:${second} is not a valid date and time`;
  const inputTokens = Number(input);
  const outputTokens = Number(output);
  if (inputTokens > mostTokens || outputTokens > mostTokens)
    return `more than ${grouped(mostTokens)} tokens in one call`;
  return {
    nanoseconds: BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(9, "0")),
    inputTokens,
    outputTokens,
  };
}

function malformed(
  file: string,
  fault: { readonly line: number; readonly problem: string },
): PurserError {
  return new PurserError("invalid_request", `${file}, line ${fault.line}: ${fault.problem}`, {
    field: `line ${fault.line}`,
    remedy: `Fix this line: rows are "2023-11-16 18:15:46.6805900,374,44" under the heading "${header}", sorted by time. No call was made.`,
    line: fault.line,
  });
}
