/** Shows the progress of work that takes longer than a second. */

import { bar } from "./bar.ts";
import { duration, percent } from "./number.ts";
import type { Output } from "./screen.ts";
import { width } from "./width.ts";
import { wrapWords } from "./wrap.ts";

export interface Progress {
  /** @param done 0 to 1. @param detail Shown after the bar, such as `1,200 calls/s`. */
  update(done: number, detail?: string): void;
  end(): void;
}

export interface ProgressOptions {
  readonly label: string;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
}

/** Nothing is shown before this time. */
const quietMs = 1000;
const redrawMs = 100;
/** Minimum time between lines without a terminal. */
const lineMs = 5000;

/** A bar that is redrawn on a terminal; otherwise a plain line every few seconds. */
export function startProgress(output: Output, options: ProgressOptions): Progress {
  const startedAt = options.now();
  let lastAt = startedAt + quietMs - (output.tty ? redrawMs : lineMs);
  let drawn = false;
  return {
    update(done, detail = "") {
      if (output.quiet) return;
      const now = options.now();
      if (now - lastAt < (output.live ? redrawMs : lineMs)) return;
      lastAt = now;
      const facts = { label: options.label, done, detail, elapsedMs: now - startedAt };
      if (output.live) output.draw(`${clearLine}${liveLine(facts, output.columns - 1)}`);
      else output.write(`${progressLine(facts, 0)}\n`);
      drawn = true;
    },
    end() {
      if (drawn && output.live) output.draw(clearLine);
      drawn = false;
    },
  };
}

/** Shows the elapsed time of work without known progress, from the first second until it ends. */
export async function whileWaiting<Result>(
  output: Output,
  label: string,
  work: Promise<Result>,
): Promise<Result> {
  if (output.quiet) return work;
  const startedAt = performance.now();
  let drawn = false;
  let lineAt = startedAt;
  const show = (): void => {
    const now = performance.now();
    const text = `${label} ... ${duration(Math.floor((now - startedAt) / 1000) * 1000)}`;
    if (output.live) output.draw(`${clearLine}${fitted(text, output.columns - 1)}`);
    else if (now - lineAt < lineMs) return;
    else output.write(`${text}\n`);
    lineAt = now;
    drawn = true;
  };
  const timer = setInterval(show, quietMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (drawn && output.live) output.draw(clearLine);
  }
}

const clearLine = "\r\u{1b}[2K";

interface LineFacts {
  readonly label: string;
  readonly done: number;
  readonly detail: string;
  readonly elapsedMs: number;
}

/** Shortens or omits the bar on a narrow terminal. */
function liveLine(facts: LineFacts, room: number): string {
  const line = [24, 12, 0]
    .map((cells) => progressLine(facts, cells))
    .find((one) => width(one) <= room);
  return line ?? fitted(progressLine(facts, 0), room);
}

/** A redrawn line must not wrap: it is cut after its last whole word. */
function fitted(text: string, room: number): string {
  return wrapWords(text, room)[0] ?? "";
}

/** @param cells Width of the bar; 0 omits it. */
function progressLine(facts: LineFacts, cells: number): string {
  const share = Math.min(1, Math.max(0, facts.done));
  const left =
    share > 0 && share < 1 ? `${duration((facts.elapsedMs * (1 - share)) / share)} left` : "";
  const blocks = cells > 0 ? `▕${bar(share, cells).padEnd(cells)}▏` : "";
  return [facts.label, blocks, percent(share), facts.detail, left]
    .filter((part) => part !== "")
    .join("  ");
}
