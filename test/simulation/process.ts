/** Purser without a network: its use cases over the real ledger, until it is killed. */

import { cpSync } from "node:fs";
import { serveCall, type CallContext } from "../../src/app/call/call.ts";
import { InFlight } from "../../src/app/caller/in-flight.ts";
import type { Clock } from "../../src/app/port/clock.ts";
import type { Ledger } from "../../src/app/port/ledger.ts";
import type { LedgerReader } from "../../src/app/port/reader.ts";
import { recover } from "../../src/app/call/recover.ts";
import { Identification } from "../../src/app/caller/identify.ts";
import { Scouts } from "../../src/app/hold/scouts.ts";
import { Waiting } from "../../src/app/hold/waiting.ts";
import type { Upstream, UpstreamExchange } from "../../src/app/port/upstream.ts";
import type { Catalogue } from "../../src/catalogue/catalogue.ts";
import { defaultLimits } from "../../src/config/limit.ts";
import type { Attribution } from "../../src/domain/attribution/attribution.ts";
import { PurserError } from "../../src/domain/error.ts";
import { Learned } from "../../src/domain/estimate/learned.ts";
import { openLedger } from "../../src/store/sqlite/open.ts";
import { openaiWire } from "../../src/wire/openai/index.ts";
import type { Caller } from "./caller.ts";
import { aProvider, silentObserver } from "../../src/app/port/parts.test-kit.ts";

export interface World {
  readonly clock: Clock;
  readonly upstream: Upstream;
  readonly catalogue: Catalogue;
  readonly onDisconnect: "drain" | "cancel";
}

export interface ChatCall {
  readonly attribution: Attribution;
  readonly caller: Caller;
  readonly text: string;
  readonly stream: boolean;
  readonly maxTokens: number | null;
  /** Output that the provider will want to give. */
  readonly wants: number;
}

/** Longer than any simulation takes: time-outs are not what is tried here. */
const never = Number.MAX_SAFE_INTEGER;
const limits = { ...defaultLimits, firstByteMs: never, idleStreamMs: never, totalMs: never, drainMs: never, streamSliceTokens: 128 };
const wire = openaiWire({ newTokenField: "max_tokens" });
const price = { provider: "house", model: "m", match: "exact", validFrom: null, validTo: null, source: "configuration" } as const;

export class PurserProcess {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly directory: string;
  readonly #context: CallContext;
  readonly #underWay = new Set<Promise<void>>();
  readonly #failures: string[] = [];
  #isKilled = false;

  private constructor(parts: { readonly ledger: Ledger; readonly reader: LedgerReader; readonly directory: string }, world: World) {
    this.ledger = parts.ledger;
    this.reader = parts.reader;
    this.directory = parts.directory;
    // The dead ask nobody.
    const upstream: Upstream = {
      forward: (request, receiver) => (this.#isKilled ? noExchange : world.upstream.forward(request, receiver)),
      close: () => Promise.resolve(),
    };
    this.#context = contextOf(this.ledger, { ...world, upstream }, (what, error) => {
      if (!this.#isKilled) this.#failures.push(`${what}: ${String(error)}`);
    });
  }

  /** Opens a folder, new or left behind, and charges what a dead process had under way. */
  static async start(directory: string, world: World): Promise<PurserProcess> {
    const process = new PurserProcess(
      { ...(await openLedger({ directory, durability: "process", clock: world.clock })), directory },
      world,
    );
    try {
      await recover({ ledger: process.ledger, clock: world.clock, waiting: new Waiting(), observer: silentObserver }, "1");
    } catch (error) {
      await process.bury();
      throw error;
    }
    return process;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** Sends a call on its way; its answer goes to the caller. */
  call(call: ChatCall): void {
    const served = this.#serve(call).finally(() => this.#underWay.delete(served));
    this.#underWay.add(served);
  }

  /** Whoever waits for room looks at the clock again. */
  lookAround(): void {
    this.#context.waiting.roomMade();
  }

  /** Dies: all that is not on file is lost. @returns A new folder, as the disk looks at this instant. */
  kill(folder: string): string {
    cpSync(this.directory, folder, { recursive: true });
    this.#isKilled = true;
    return folder;
  }

  /** What was reported as impossible. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Ends what a dead process would not have left running. */
  async bury(): Promise<void> {
    this.#isKilled = true;
    await this.reader.close();
    await this.ledger.close();
  }

  async #serve({ attribution, caller, ...call }: ChatCall): Promise<void> {
    const { text, stream, maxTokens, wants } = call;
    const messages = [{ role: "user", content: text }];
    const ceiling = maxTokens === null ? {} : { max_tokens: maxTokens };
    const body = bodyOf({ model: "house/m", user: caller.operationId, stream, wants, ...ceiling, messages });
    const endpoint = wire.endpoint("POST", "/chat/completions");
    const target = { wire, wireName: "openai", endpoint, path: "/chat/completions", provider: null } as const;
    const incoming = { caller: { key: null, attribution, bringsProviderKey: false, holdsKey: () => false }, target, method: "POST", body };
    try {
      const headers = { "x-purser-operation-id": caller.operationId };
      const refusal = await serveCall(this.#context, { ...incoming, headers }, caller);
      if (refusal) caller.status = 402;
    } catch (error) {
      // A repeat while the first is in flight, or a ledger that was closed because its process is dead.
      const isExpected = error instanceof PurserError && (error.code === "conflict" || this.#isKilled);
      if (!isExpected) throw error;
      caller.status = 409;
    } finally {
      caller.isOver = true;
    }
  }
}

/** Bodies differ in length as their texts do, and in nothing else: whoever counts bytes cannot be misled by other fields. */
function bodyOf(fields: Readonly<Record<string, unknown>> & { readonly messages: readonly { readonly content: string }[] }): Buffer {
  const rest = JSON.stringify({ ...fields, messages: [] }).length;
  return Buffer.from(JSON.stringify({ ...fields, pad: ".".repeat(longestFields - rest) }));
}

const longestFields = 200;

const noExchange: UpstreamExchange = {
  abort: async () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  finish: () => undefined,
};

function contextOf(
  ledger: Ledger,
  { clock, upstream, catalogue, onDisconnect }: World,
  failed: CallContext["observer"]["failed"],
): CallContext {
  const waiting = new Waiting();
  const book = catalogue.book([{ ...price, perMillion: { input: "0.15", output: "0.60" } }], new Map());
  return {
    ledger,
    clock,
    upstream,
    waiting,
    limits,
    onDisconnect,
    inFlight: new InFlight({ clock, concurrentCallsPerKey: null }),
    scouts: new Scouts(waiting),
    belongings: { ownerOf: () => undefined, keep: () => undefined },
    learned: new Learned(),
    counter,
    identification: new Identification({ ledger, clock, allowAnonymous: true }),
    providers: { byName: new Map([["house", aProvider({ name: "house", bases: { openai: "http://house" } })]]), aliases: new Map() },
    prices: () => book,
    observer: { ...silentObserver, failed },
  };
}

/** Counts as the scripted provider does, whose every token is five bytes; of its inputs, no better bound than bytes is known. */
const counter: CallContext["counter"] = {
  warm: () => undefined,
  countText: async ({ length }) => {
    const counted = { bytes: length, least: length / 5, expected: length / 5, most: length / 5 };
    return { ...counted, settled: counted };
  },
  countInput: async ({ length }) => ({ tokens: length, digest: String(length) }),
};
