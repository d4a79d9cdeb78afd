/** Defines how the bytes of a stream are split into events, and who reads the events. */

/** Reads the events of a stream. */
export interface EventReader {
  /** @param data The JSON text of one event. @returns Whether the caller receives the event. */
  take(data: Buffer): boolean;
  /** Takes a last event whose JSON was cut off by the end of the stream. Absent: it is not read. */
  takeCutOff?(data: Buffer): void;
  /** Takes `[DONE]`. Absent: it has no meaning in the format. */
  takeDone?(): void;
}

/** Splits the bytes of a stream into events, and hands each event's JSON text to its reader. */
export interface Framing {
  /** @returns The bytes of complete events, to be passed on. */
  push(chunk: Uint8Array): Uint8Array;
  /** The caller has received all bytes that `push` returned. */
  passed(): void;
  /** @returns The bytes held back. */
  end(): Uint8Array;
  /** Whether part of an event was not read because of its size. */
  readonly malformed: boolean;
  /** Bytes of generated text in such events that were not read. */
  readonly unreadTextBytes: number;
  /** The bytes that end an event which the caller has received in part; usually empty. */
  readonly separator: string;
  /** Whether the caller has received the end of the stream; null if only its events show that. */
  readonly hasPassedEnd: boolean | null;
}
