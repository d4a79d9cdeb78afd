/** Where a command writes: results on one stream, everything about the work on the other. */

import { type Paint, paintFor } from "./color.ts";

export interface Screen {
  /** Results. */
  readonly out: Output;
  /** Progress, notes and errors. */
  readonly notes: Output;
}

export interface Output {
  readonly tty: boolean;
  /** Columns; 100 where nobody says. */
  readonly columns: number;
  readonly paint: Paint;
  write(text: string): void;
}

/** A stream such as `process.stdout`. */
export interface TextStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export function screenOn(
  streams: { readonly stdout: TextStream; readonly stderr: TextStream },
  environment: Readonly<Record<string, string | undefined>>,
): Screen {
  return { out: outputOn(streams.stdout, environment), notes: outputOn(streams.stderr, environment) };
}

function outputOn(stream: TextStream, environment: Readonly<Record<string, string | undefined>>): Output {
  const tty = stream.isTTY === true;
  return {
    tty,
    get columns() {
      return stream.columns ?? 100;
    },
    paint: paintFor(tty, environment),
    write: (text) => void stream.write(text),
  };
}

/** A block of lines that is drawn over itself. */
export interface LiveBlock {
  draw(text: string): void;
  /** Leaves what was drawn last where it is, or takes it away. */
  end(keep: "keep" | "clear"): void;
}

/** Only for a terminal: elsewhere every drawing would be a further block. Long lines are cut by the terminal, since a wrapped one would count twice. */
export function liveBlock(output: Output): LiveBlock {
  let lines = 0;
  const back = (): string => (lines > 0 ? `\u{1b}[${lines}A\u{1b}[0J` : "");
  return {
    draw(text) {
      output.write(`${back()}\u{1b}[?7l${text}\u{1b}[?7h`);
      lines = text.split("\n").length - 1;
    },
    end(keep) {
      if (keep === "clear") output.write(back());
      lines = 0;
    },
  };
}
