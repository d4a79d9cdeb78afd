/** The outputs of a command: results on one stream, progress, notes and errors on the other. */

import { paintFor, type Paint } from "./color.ts";
import { withoutControls } from "./width.ts";
import { wrapText } from "./wrap.ts";

export interface Screen {
  /** Results. */
  readonly out: Output;
  /** Progress, notes and errors. */
  readonly notes: Output;
}

export interface Output {
  readonly tty: boolean;
  /** Whether output can be redrawn: a terminal that is not dumb. */
  readonly live: boolean;
  /** Read by a program, as with `--json` without a terminal: no progress is printed. */
  readonly quiet: boolean;
  /** The width of the terminal, or of `COLUMNS` without one; infinite by default. For tables and help. */
  readonly columns: number;
  /** The height of the terminal; infinite without one. */
  readonly rows: number;
  readonly paint: Paint;
  /** Wraps lines that are too wide for the terminal; without colours, removes control characters. */
  write(text: string): void;
  /** Writes unchanged text, such as cursor movements, or CSV, whose lines end with CR LF. */
  draw(text: string): void;
}

/** A stream such as `process.stdout`. */
export interface TextStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

export interface ScreenOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** False for `--no-color`. */
  readonly color?: boolean;
  /** True for `--json`. */
  readonly json?: boolean;
}

export function screenOn(
  streams: { readonly stdout: TextStream; readonly stderr: TextStream },
  options: ScreenOptions,
): Screen {
  return { out: outputOn(streams.stdout, options), notes: outputOn(streams.stderr, options) };
}

/** Assumed if a terminal does not report its size, such as on a serial line. */
const usualColumns = 80;
const usualRows = 24;
/** Text is not wrapped more narrowly than this; the terminal itself wraps it. */
const leastColumns = 20;

export function outputOn(
  stream: TextStream,
  { environment, color = true, json = false }: ScreenOptions,
): Output {
  const tty = stream.isTTY === true;
  const live = tty && environment["TERM"] !== "dumb";
  const columns = (): number =>
    tty ? Math.max(leastColumns, stream.columns || usualColumns) : Number.POSITIVE_INFINITY;
  const stated = tty ? 0 : Number(environment["COLUMNS"]);
  const paint = paintFor(tty && color, environment);
  const isColoured = paint.bold("x") !== "x";
  return {
    tty,
    live,
    quiet: json && !live,
    get columns() {
      return stated > 0 ? Math.max(leastColumns, stated) : columns();
    },
    get rows() {
      return tty ? stream.rows || usualRows : Number.POSITIVE_INFINITY;
    },
    paint,
    write: (text) =>
      void stream.write(wrapText(isColoured ? text : withoutControls(text), columns())),
    draw: (text) => void stream.write(text),
  };
}

/** A block of lines that is redrawn in place. */
export interface LiveBlock {
  draw(text: string): void;
  /** Keeps or clears the last drawing. */
  end(keep: "keep" | "clear"): void;
}

/** Only for a live output. Lines beyond the height of the terminal are left out, with a note. */
export function liveBlock(output: Output): LiveBlock {
  let lines = 0;
  const back = (): string => (lines > 0 ? `\u{1b}[${lines}A\u{1b}[0J` : "");
  return {
    draw(text) {
      const fitted = fitHeight(
        wrapText(text, output.columns).replace(/\n$/, "").split("\n"),
        output,
      );
      output.draw(`${back()}${fitted.map((line) => `${line}\n`).join("")}`);
      lines = fitted.length;
    },
    end(keep) {
      if (keep === "clear") output.draw(back());
      lines = 0;
    },
  };
}

/** Keeps the last line, which explains how to quit. */
function fitHeight(lines: readonly string[], { rows, paint }: Output): readonly string[] {
  const room = Math.max(4, rows - 1);
  if (lines.length <= room) return lines;
  const left = lines.length - room + 1;
  return [
    ...lines.slice(0, room - 2),
    paint.dim(`(${left} more lines: enlarge the terminal to see them)`),
    ...lines.slice(-1),
  ];
}
