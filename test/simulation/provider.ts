/**
 * A scripted provider: it answers, generates, breaks off and fails on command, and keeps its own
 * books.
 */

import type {
  Upstream,
  UpstreamExchange,
  UpstreamReceiver,
  UpstreamRequest,
} from "../../src/app/port/upstream.ts";
import type { Random } from "./random.ts";

/** Pico-USD per token. */
export const rates = { input: 150_000n, output: 600_000n };

/** The provider's bill for one request. */
export interface Bill {
  /** The operation and attempt. */
  call: string;
  /** It answered with an error or was never reached, so nothing is billed. */
  free: boolean;
  /** Null until something has been generated. */
  cost: bigint | null;
  tokens: bigint;
  /** Whether the complete answer was sent, with its usage. */
  finished: boolean;
}

/** One request at the provider. */
interface Served {
  readonly bill: Bill;
  readonly receiver: UpstreamReceiver;
  readonly stream: boolean;
  readonly input: number;
  /** Output that it will generate unless interrupted. */
  readonly output: number;
  generated: number;
  hasHead: boolean;
}

interface Body {
  readonly user: string;
  readonly stream?: boolean;
  readonly max_tokens?: number;
  readonly wants: number;
  readonly messages: readonly { readonly content: string }[];
}

/** Like a real provider, it keeps serving calls after the process that made them is killed. */
export class ScriptedProvider implements Upstream {
  readonly bills: Bill[] = [];
  readonly #random: Random;
  readonly #callOf: (operationId: string) => Promise<string>;
  #served: Served[] = [];

  /** @param callOf Returns the name of an operation's current attempt. */
  constructor(random: Random, callOf: (operationId: string) => Promise<string>) {
    this.#random = random;
    this.#callOf = callOf;
  }

  get busy(): number {
    return this.#served.length;
  }

  forward(request: UpstreamRequest, receiver: UpstreamReceiver): UpstreamExchange {
    const body = JSON.parse(Buffer.from(request.body ?? []).toString()) as Body;
    const bill: Bill = {
      call: "",
      free: false,
      cost: null,
      tokens: 0n,
      finished: false,
    };
    const served: Served = {
      bill,
      receiver,
      stream: body.stream ?? false,
      input:
        Math.ceil(Buffer.byteLength(body.messages.map(({ content }) => content).join("")) / 4) + 7,
      output: Math.min(body.wants, body.max_tokens ?? Number.POSITIVE_INFINITY),
      generated: 0,
      hasHead: false,
    };
    void this.#callOf(body.user).then((call) => (bill.call = call));
    this.bills.push(bill);
    this.#served.push(served);
    return {
      abort: async ({ message, timedOut }) => this.#abort(served, { message, timedOut }),
      pause: noop,
      resume: noop,
      finish: noop,
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Advances a randomly chosen request by one step. */
  step(): void {
    const served = this.#served[this.#random.below(this.#served.length)];
    if (!served) return;
    if (served.hasHead) this.#goOn(served);
    else if (this.#random.below(12) === 0) this.#failBefore(served);
    else if (served.stream) this.#begin(served);
    else this.#answer(served);
  }

  /**
   * The calling process was killed. Requests in flight are billed, in full or for what was
   * generated.
   */
  loseCallers(): void {
    for (const served of this.#served)
      this.#generate(served, this.#random.below(2) === 0 ? served.output : served.generated);
    this.#served = [];
  }

  /**
   * Fails with an error, a refused connection, or a connection that breaks after the request was
   * accepted.
   */
  #failBefore(served: Served): void {
    const kind = this.#random.below(3);
    this.#end(served);
    served.bill.free = kind < 2;
    if (kind === 0) {
      served.receiver.head(429, { "content-type": "application/json" });
      served.receiver.data(Buffer.from('{"error":{"message":"slow down"}}'));
      served.receiver.end();
    } else if (kind === 1) {
      served.receiver.fail({ reached: false, timedOut: false, message: "connect ECONNREFUSED" });
    } else {
      if (this.#random.below(2) === 0) this.#generate(served, served.output);
      served.receiver.fail({ reached: true, timedOut: false, message: "socket hang up" });
    }
  }

  #answer(served: Served): void {
    this.#end(served);
    this.#generate(served, served.output);
    const body = Buffer.from(
      JSON.stringify({
        id: "c",
        object: "chat.completion",
        model: "m",
        choices: [],
        usage: usageOf(served),
      }),
    );
    served.receiver.head(200, { "content-type": "application/json" });
    const cut = this.#random.below(body.length);
    served.receiver.data(body.subarray(0, cut));
    if (this.#random.below(15) === 0)
      return served.receiver.fail({ reached: true, timedOut: false, message: "other side closed" });
    served.receiver.data(body.subarray(cut));
    served.bill.finished = true;
    served.receiver.end();
  }

  #begin(served: Served): void {
    served.hasHead = true;
    this.#generate(served, 0);
    served.receiver.head(200, { "content-type": "text/event-stream" });
  }

  #goOn(served: Served): void {
    if (this.#random.below(40) === 0) {
      this.#end(served);
      return served.receiver.fail({ reached: true, timedOut: false, message: "other side closed" });
    }
    const from = served.generated;
    this.#generate(served, Math.min(served.output, from + 1 + this.#random.below(30)));
    for (let token = from; token < served.generated; token++)
      this.#send(served, { choices: [{ index: 0, delta: { content: " coin" } }] });
    if (served.generated < served.output || !this.#served.includes(served)) return;
    this.#end(served);
    served.bill.finished = true;
    this.#send(served, { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
    this.#send(served, { choices: [], usage: usageOf(served) });
    served.receiver.data(Buffer.from("data: [DONE]\n\n"));
    served.receiver.end();
  }

  #send({ receiver }: Served, fields: object): void {
    receiver.data(
      Buffer.from(
        `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", model: "m", ...fields })}\n\n`,
      ),
    );
  }

  #generate(served: Served, tokens: number): void {
    served.generated = tokens;
    served.bill.cost = BigInt(served.input) * rates.input + BigInt(tokens) * rates.output;
    served.bill.tokens = BigInt(served.input + tokens);
  }

  /** The connection was closed: bills what was generated so far. */
  #abort(
    served: Served,
    { message, timedOut }: { readonly message: string; readonly timedOut: boolean },
  ): void {
    if (!this.#served.includes(served)) return;
    this.#end(served);
    queueMicrotask(() => served.receiver.fail({ reached: true, timedOut, message }));
  }

  #end(served: Served): void {
    this.#served = this.#served.filter((other) => other !== served);
  }
}

function usageOf({ input, generated }: Served): object {
  return { prompt_tokens: input, completion_tokens: generated, total_tokens: input + generated };
}

function noop(): void {}
