/** Meters the stream of an answer as it passes, in any format. */

import type { Cut, Progress, Reading, UsageMeter } from "../wire.ts";
import type { EventReader, Framing } from "./framing.ts";
import type { PassedOutput } from "./passed-output.ts";
import { SseFraming } from "./sse-framing.ts";

const nothing = new Uint8Array(0);

/** What a format reads from the events of one stream. */
export interface StreamReader extends EventReader {
  readonly output: PassedOutput;
  /** Input tokens reported so far, including cached ones; null before the first report. */
  readonly inputTokens: number | null;
  /** Whether the closing event was read. */
  readonly finished: boolean;
  /** The caller has received everything taken so far. */
  passed(): void;
  /** @param malformed Whether part of the stream passed unread. */
  reading(malformed: boolean): Reading;
}

/** Writes the events that end a stream early. Not called once the caller has received its end. */
type Stop = (cut: Cut) => string;

/** A meter for a stream of server-sent events. */
export function sseMeter(reader: StreamReader & { stop: Stop }): StreamMeter {
  const stop = (cut: Cut): string => reader.stop(cut);
  return new StreamMeter({ reader, framing: new SseFraming(reader), stop });
}

export class StreamMeter implements UsageMeter {
  readonly #reader: StreamReader;
  readonly #framing: Framing;
  readonly #stop: Stop;
  #hasPassedEnd = false;

  /** @param parts.framing Hands its events to the reader. */
  constructor(parts: {
    readonly reader: StreamReader;
    readonly framing: Framing;
    readonly stop: Stop;
  }) {
    this.#reader = parts.reader;
    this.#framing = parts.framing;
    this.#stop = parts.stop;
  }

  get output(): PassedOutput {
    return this.#reader.output;
  }

  get progress(): Progress {
    const { inputTokens, output } = this.#reader;
    return { inputTokens, outputTokens: output.mostTokens };
  }

  get finished(): boolean {
    return this.#reader.finished;
  }

  push(chunk: Uint8Array): Uint8Array {
    const passed = this.#framing.push(chunk);
    this.#reader.output.noteUnread(this.#framing.unreadTextBytes);
    return passed;
  }

  passed(): void {
    this.#framing.passed();
    this.#reader.passed();
    this.#hasPassedEnd = this.#framing.hasPassedEnd ?? this.#reader.finished;
  }

  end(): { readonly rest: Uint8Array; readonly reading: Reading } {
    const rest = this.#framing.end();
    return { rest, reading: this.#reader.reading(this.#framing.malformed) };
  }

  stop(cut: Cut): Uint8Array {
    if (this.#hasPassedEnd) return nothing;
    return Buffer.from(this.#framing.separator + this.#stop(cut));
  }
}
