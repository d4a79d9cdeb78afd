/** A connection that makes one call at a time and times it. */

import { connect, type Socket } from "node:net";
import { AnswerReader } from "./answer-reader.ts";

/** Times in milliseconds, from `performance.now()`. */
export interface CallTimes {
  readonly from: number;
  readonly end: number;
  /** 0 if the connection broke. */
  readonly status: number;
  /** Arrival times of a stream's events. */
  readonly arrivals: readonly number[];
  readonly events: number;
}

/** If the connection breaks during a call, the call gets status 0 and the next one reconnects. */
export class Client {
  readonly #port: number;
  readonly #ended: (client: Client, times: CallTimes) => void;
  readonly #reader: AnswerReader;
  #socket: Socket | null = null;
  #from: number | null = null;
  #arrivals: number[] = [];
  #events = 0;

  constructor(port: number, ended: (client: Client, times: CallTimes) => void) {
    this.#port = port;
    this.#ended = ended;
    this.#reader = new AnswerReader({
      events: (count) => {
        this.#events += count;
        this.#arrivals.push(performance.now());
      },
      end: (status) => this.#end(status),
    });
  }

  get error(): string | null {
    return this.#reader.error;
  }

  /** Resolves when connected. */
  open(): Promise<void> {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#reader.push(bytes));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (this.#socket === socket) this.#socket = null;
      if (this.#from !== null) this.#end(0);
    });
    return new Promise((resolve, reject) => {
      socket.once("connect", () => resolve());
      socket.once("error", reject);
    });
  }

  /** @param from The time the call was due. */
  send(bytes: Buffer, from: number): void {
    this.#from = from;
    this.#arrivals = [];
    this.#events = 0;
    if (this.#socket) this.#socket.write(bytes);
    else
      this.open().then(
        () => this.#socket?.write(bytes),
        () => this.#end(0),
      );
  }

  close(): void {
    this.#from = null;
    this.#socket?.destroy();
  }

  #end(status: number): void {
    const from = this.#from;
    if (from === null) return;
    this.#from = null;
    this.#ended(this, {
      from,
      end: performance.now(),
      status,
      arrivals: this.#arrivals,
      events: this.#events,
    });
  }
}
