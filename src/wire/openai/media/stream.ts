/** Reads the usage of a stream of speech, of a transcript or of images. */

import { ChatStream } from "../chat/stream.ts";
import type { Reading } from "../../wire.ts";

/** The last event of a part; no other event marks the end. */
const lastEvent =
  /"type"\s*:\s*"(?:speech\.audio\.done|transcript\.text\.done|image_(?:generation|edit)\.completed)"/;

/** No event is longer before its type, unless it is an image. */
const searched = 512;

/** Ends with the connection: a stream of several images has as many last events. */
export class MediaStream extends ChatStream {
  #hasLast = false;

  override take(payload: Buffer): boolean {
    this.#hasLast ||=
      lastEvent.test(payload.toString("latin1", 0, searched)) ||
      lastEvent.test(payload.subarray(-searched).toString("latin1"));
    return super.take(payload);
  }

  override reading(malformed: boolean): Reading {
    if (this.#hasLast) this.takeDone();
    return super.reading(malformed);
  }
}
