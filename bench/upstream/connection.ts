/** One connection to the upstream: finds the end of each request and writes the constant answer. */

import type { Socket } from "node:net";
import { streamBytes, wholeAnswer, type StreamBytes } from "./answer.ts";
import type { UpstreamSetting } from "./setting.ts";

/** State shared by all connections. */
export interface UpstreamState {
  setting: UpstreamSetting;
  stream: StreamBytes;
  whole: number;
  streams: number;
  left: number;
}

const headEnd = Buffer.from("\r\n\r\n");
const lastChunk = Buffer.from("0\r\n\r\n");
const streamField = Buffer.from('"stream":true');
const answer = wholeAnswer();
/** Clients write the field at the start or end of the body, so the prompt is not searched. */
const searched = 600;

export function newState(setting: UpstreamSetting): UpstreamState {
  return { setting, stream: streamBytes(setting.streamTokens), whole: 0, streams: 0, left: 0 };
}

export class UpstreamConnection {
  readonly #socket: Socket;
  readonly #state: UpstreamState;
  #head: Buffer | null = null;
  /** Remaining bytes of the body; null if it is chunked. */
  #left: number | null = 0;
  #isInBody = false;
  #isStream = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, state: UpstreamState) {
    this.#socket = socket;
    this.#state = state;
    socket.on("data", (bytes: Buffer) => this.#push(bytes));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#leave());
  }

  #push(bytes: Buffer): void {
    if (this.#isInBody) return this.#body(bytes);
    const head = this.#head ? Buffer.concat([this.#head, bytes]) : bytes;
    const end = head.indexOf(headEnd);
    if (end < 0) {
      this.#head = head;
      return;
    }
    this.#head = null;
    const text = head.toString("latin1", 0, end).toLowerCase();
    const length = text.indexOf("\r\ncontent-length:");
    this.#left =
      length >= 0
        ? Number.parseInt(text.slice(length + 17), 10)
        : text.includes("\r\ntransfer-encoding: chunked")
          ? null
          : 0;
    this.#isInBody = true;
    this.#isStream = false;
    this.#body(head.subarray(end + headEnd.length));
  }

  #body(bytes: Buffer): void {
    this.#isStream ||=
      bytes.subarray(0, searched).includes(streamField) ||
      bytes.subarray(-searched).includes(streamField);
    if (this.#left === null) {
      if (bytes.subarray(-lastChunk.length).equals(lastChunk)) this.#arrived();
    } else if ((this.#left -= bytes.length) <= 0) this.#arrived();
  }

  #arrived(): void {
    this.#isInBody = false;
    const respond = (): void => (this.#isStream ? this.#stream() : this.#answer());
    const { delayMs } = this.#state.setting;
    if (delayMs === 0) respond();
    else setTimeout(respond, delayMs);
  }

  #answer(): void {
    this.#state.whole += 1;
    this.#socket.write(answer);
  }

  #stream(): void {
    const { setting, stream } = this.#state;
    this.#state.streams += 1;
    let left = setting.streamTokens;
    if (setting.gapMs === 0) {
      this.#socket.write(
        Buffer.concat([
          stream.begin,
          ...Array.from({ length: left }, () => stream.token),
          stream.end,
        ]),
      );
      return;
    }
    this.#socket.write(stream.begin);
    this.#timer = setInterval(() => {
      left -= 1;
      this.#socket.write(left > 0 ? stream.token : Buffer.concat([stream.token, stream.end]));
      if (left === 0) this.#stopTimer();
    }, setting.gapMs);
  }

  #leave(): void {
    if (this.#timer) this.#state.left += 1;
    this.#stopTimer();
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
