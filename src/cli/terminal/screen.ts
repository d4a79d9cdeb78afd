/** Where a command writes: results on one stream, everything about the work on the other. */

import { paintFor, type Paint } from "./color.ts";
import { wrapText } from "./wrap.ts";

export interface Screen {
  /** Results. */
  readonly out: Output;
  /** Progress, notes and errors. */
  readonly notes: Output;
}

export interface Output {
  readonly tty: boolean;
  /** Whether what was drawn can be drawn over: a terminal that is not a dumb one. */
  readonly live: boolean;
  /** Read by a program, as with `--json` where there is no terminal: no progress is told. */
  readonly quiet: boolean;
  /** The width of the terminal; infinite where there is none, since nobody cuts a file. */
  readonly columns: number;
  /** Its height; infinite where there is none. */
  readonly rows: number;
  readonly paint: Paint;
  /** On a terminal, lines that are too wide are broken at the ends of words. */
  write(text: string): void;
  /** As it is: for what moves the cursor. */
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

/** Of a terminal that does not say how large it is, as one on a serial line. */
const usualColumns = 80;
const usualRows = 24;
/** Narrower than this no text is set: such a terminal wraps by itself. */
const leastColumns = 20;

export function outputOn(
  stream: TextStream,
  { environment, color = true, json = false }: ScreenOptions,
): Output {
  const tty = stream.isTTY === true;
  const live = tty && environment["TERM"] !== "dumb";
  const columns = (): number =>
    tty ? Math.max(leastColumns, stream.columns || usualColumns) : Number.POSITIVE_INFINITY;
  return {
    tty,
    live,
    quiet: json && !live,
    get columns() {
      return columns();
    },
    get rows() {
      return tty ? stream.rows || usualRows : Number.POSITIVE_INFINITY;
    },
    paint: paintFor(tty && color, environment),
    write: (text) => void stream.write(wrapText(text, columns())),
    draw: (text) => void stream.write(text),
  };
}

/** A block of lines that is drawn over itself. */
export interface LiveBlock {
  draw(text: string): void;
  /** Leaves what was drawn last where it is, or takes it away. */
  end(keep: "keep" | "clear"): void;
}

/** Only where an output is live: elsewhere every drawing would be a further block. What does not fit the height is left out, and said. */
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

/** The last line, which says how to end, stays. */
function fitHeight(lines: readonly string[], { rows, paint }: Output): readonly string[] {
  const room = Math.max(4, rows - 1);
  if (lines.length <= room) return lines;
  const left = lines.length - room + 1;
  return [
    ...lines.slice(0, room - 2),
    paint.dim(`(${left} more lines: a higher terminal shows them)`),
    ...lines.slice(-1),
  ];
}
