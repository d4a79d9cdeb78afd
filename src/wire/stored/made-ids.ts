/** Watches an answer for the ids of what it made, while its bytes pass. */

import { toBuffer } from "../bytes.ts";
import { SseSplitter } from "../sse/index.ts";
import { jsonObjectOf } from "./references.ts";

/** Ids in one JSON value of an answer: a whole body, or the payload of an event. */
export type IdReader = (value: Readonly<Record<string, unknown>>) => readonly string[];

export interface MadeIdsOptions {
  /** Whether the answer is a stream of events. */
  readonly isStream: boolean;
  /** Text that every event with an id has; other events are not read. */
  readonly markers: readonly string[];
  readonly read: IdReader;
  readonly onIds: (ids: readonly string[]) => void;
}

/** A longer body is not read: what it created has no owner then. */
const longestBody = 4 * 1024 * 1024;

/** Reports ids as soon as they have passed. */
export class MadeIds {
  readonly #options: MadeIdsOptions;
  readonly #markers: readonly Buffer[];
  readonly #splitter: SseSplitter | null;
  #body: Uint8Array[] = [];
  #length = 0;

  constructor(options: MadeIdsOptions) {
    this.#options = options;
    this.#markers = options.markers.map((marker) => Buffer.from(marker));
    this.#splitter = options.isStream
      ? new SseSplitter({ onEvent: (event) => this.#see(event.data()) })
      : null;
  }

  push(chunk: Uint8Array): void {
    if (this.#splitter) return void this.#splitter.push(chunk);
    this.#length += chunk.length;
    if (this.#length > longestBody) this.#body = [];
    else this.#body.push(chunk);
  }

  end(): void {
    if (this.#splitter) return void this.#splitter.end();
    if (this.#length > 0 && this.#length <= longestBody) this.#read(Buffer.concat(this.#body));
    this.#body = [];
  }

  #see(payload: Buffer | undefined): true {
    if (payload && this.#markers.some((marker) => payload.includes(marker)))
      this.#read(toBuffer(payload));
    return true;
  }

  #read(bytes: Buffer): void {
    const value = jsonObjectOf(bytes);
    const ids = value ? this.#options.read(value) : [];
    if (ids.length > 0) this.#options.onIds(ids);
  }
}
