/** How far a piece of work has come, for work that takes longer than a second. */

import { bar } from "./bar.ts";
import { duration, percent } from "./number.ts";
import type { Output } from "./screen.ts";

export interface Progress {
  /** @param done 0 to 1. @param detail Stands behind the bar, such as `1,200 calls/s`. */
  update(done: number, detail?: string): void;
  end(): void;
}

export interface ProgressOptions {
  readonly label: string;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
}

/** Nothing is shown before this much time has passed. */
const quietMs = 1000;
const redrawMs = 100;
/** Without a terminal each update would be a line: one in this time is enough. */
const lineMs = 5000;

/** A bar that is redrawn on a terminal; a plain line now and then elsewhere. */
export function startProgress(output: Output, options: ProgressOptions): Progress {
  const startedAt = options.now();
  let lastAt = startedAt + quietMs - (output.tty ? redrawMs : lineMs);
  let drawn = false;
  return {
    update(done, detail = "") {
      const now = options.now();
      if (now - lastAt < (output.tty ? redrawMs : lineMs)) return;
      lastAt = now;
      const line = progressLine({ ...options, done, detail, elapsedMs: now - startedAt, cells: output.tty ? 24 : 0 });
      output.write(output.tty ? `\r\u{1b}[2K${line.slice(0, Math.max(20, output.columns - 1))}` : `${line}\n`);
      drawn = true;
    },
    end() {
      if (drawn && output.tty) output.write("\r\u{1b}[2K");
      drawn = false;
    },
  };
}

interface LineFacts {
  readonly label: string;
  readonly done: number;
  readonly detail: string;
  readonly elapsedMs: number;
  /** 0 leaves the bar out. */
  readonly cells: number;
}

function progressLine(facts: LineFacts): string {
  const share = Math.min(1, Math.max(0, facts.done));
  const left = share > 0 && share < 1 ? `${duration((facts.elapsedMs * (1 - share)) / share)} left` : "";
  const blocks = facts.cells > 0 ? `▕${bar(share, facts.cells).padEnd(facts.cells)}▏` : "";
  return [facts.label, blocks, percent(share), facts.detail, left].filter((part) => part !== "").join("  ");
}
