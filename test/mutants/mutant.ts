/** A mutant: one source with one change. */

import type { Change } from "./change.ts";

export interface Mutant {
  /** Relative to the checkout, with `/`. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly rule: string;
  /** The changed lines before and after, each joined into one. */
  readonly before: string;
  readonly after: string;
  /** The whole source with the change. */
  readonly source: string;
  /** Offset of the change in the source. */
  readonly start: number;
}

export function mutant(file: string, text: string, change: Change): Mutant {
  const from = text.lastIndexOf("\n", change.start - 1) + 1;
  const lineEnd = text.indexOf("\n", change.end);
  const to = lineEnd < 0 ? text.length : lineEnd;
  const source = text.slice(0, change.start) + change.text + text.slice(change.end);
  return {
    file,
    line: text.slice(0, change.start).split("\n").length,
    rule: change.rule,
    before: inOneLine(text.slice(from, to)),
    after: inOneLine(source.slice(from, to + source.length - text.length)),
    source,
    start: change.start,
  };
}

function inOneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}
