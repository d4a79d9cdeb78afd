/**
 * A simulated Purser process without a network: the real use cases and ledger, until it is killed.
 */

import { cpSync } from "node:fs";
import type { CallContext } from "../../src/app/call/call-context.ts";
import { serveCall } from "../../src/app/call/call.ts";
import { InFlight } from "../../src/app/caller/in-flight.ts";
import type { Clock } from "../../src/app/port/clock.ts";
import type { Ledger } from "../../src/app/port/ledger.ts";
import type { LedgerReader } from "../../src/app/port/reader.ts";
import { recover } from "../../src/app/call/recover.ts";
import { Identification } from "../../src/app/caller/identify.ts";
import { Scouts } from "../../src/app/hold/scouts.ts";
import { Router } from "../../src/app/route/router.ts";
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
  /** Output that the provider will try to generate. */
  readonly wants: number;
}

/** Longer than any simulation takes: timeouts are not tested here. */
const never = Number.MAX_SAFE_INTEGER;
const limits = {
  ...defaultLimits,
  firstByteMs: never,
  idleStreamMs: never,
  totalMs: never,
  drainMs: never,
  streamSliceTokens: 128,
};
const wire = openaiWire({ newTokenField: "max_tokens" });
const house = aProvider({ name: "house", bases: { openai: "http://house" } });
const price = {
  row: { provider: "house", model: "m", input: "0.15", output: "0.60" },
  source: "configuration",
} as const;

export class PurserProcess {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly directory: string;
  readonly #context: CallContext;
  readonly #underWay = new Set<Promise<void>>();
  readonly #failures: string[] = [];
  #isKilled = false;

  private constructor(
    parts: { readonly ledger: Ledger; readonly reader: LedgerReader; readonly directory: string },
    world: World,
  ) {
    this.ledger = parts.ledger;
    this.reader = parts.reader;
    this.directory = parts.directory;
    // A killed process sends no requests.
    const upstream: Upstream = {
      forward: (request, receiver) =>
        this.#isKilled ? noExchange : world.upstream.forward(request, receiver),
      close: () => Promise.resolve(),
    };
    this.#context = contextOf(this.ledger, { ...world, upstream }, (what, error) => {
      if (!this.#isKilled) this.#failures.push(`${what}: ${String(error)}`);
    });
  }

  /** Opens a new or existing folder, and charges the calls that a killed process had in flight. */
  static async start(directory: string, world: World): Promise<PurserProcess> {
    const process = new PurserProcess(
      {
        ...(await openLedger({ directory, durability: "process", clock: world.clock })),
        directory,
      },
      world,
    );
    try {
      await recover(
        {
          ledger: process.ledger,
          clock: world.clock,
          waiting: new Waiting(),
          observer: silentObserver,
        },
        "1",
      );
    } catch (error) {
      await process.bury();
      throw error;
    }
    return process;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** Starts a call; its answer goes to the caller. */
  call(call: ChatCall): void {
    const served = this.#serve(call).finally(() => this.#underWay.delete(served));
    this.#underWay.add(served);
  }

  /** Makes calls that wait for room check the clock again. */
  lookAround(): void {
    this.#context.waiting.roomMade();
  }

  /**
   * Kills the process: everything not on disk is lost.
   *
   * @returns A new folder with the disk's current content.
   */
  kill(folder: string): string {
    cpSync(this.directory, folder, { recursive: true });
    this.#isKilled = true;
    return folder;
  }

  /** Errors reported as bugs. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Stops everything that would not survive a killed process. */
  async bury(): Promise<void> {
    this.#isKilled = true;
    await this.reader.close();
    await this.ledger.close();
  }

  async #serve({ attribution, caller, ...call }: ChatCall): Promise<void> {
    const { text, stream, maxTokens, wants } = call;
    const messages = [{ role: "user", content: text }];
    const ceiling = maxTokens === null ? {} : { max_tokens: maxTokens };
    const body = bodyOf({
      model: "house/m",
      user: caller.operationId,
      stream,
      wants,
      ...ceiling,
      messages,
    });
    const endpoint = wire.endpoint("POST", "/chat/completions");
    const target = {
      wire,
      endpoint,
      path: "/chat/completions",
      provider: null,
    } as const;
    const incoming = {
      caller: { key: null, attribution, bringsProviderKey: false, holdsKey: () => false },
      target,
      method: "POST",
      body,
    };
    try {
      const headers = { "x-purser-operation-id": caller.operationId };
      const refusal = await serveCall(this.#context, { ...incoming, headers }, caller);
      if (refusal) caller.status = 402;
    } catch (error) {
      // A repeat while the first is in flight, or a ledger closed because its process was killed.
      const isExpected =
        error instanceof PurserError && (error.code === "conflict" || this.#isKilled);
      if (!isExpected) throw error;
      caller.status = 409;
    } finally {
      caller.isOver = true;
    }
  }
}

/** Bodies differ only in their text, so byte counts are not distorted by other fields. */
function bodyOf(
  fields: Readonly<Record<string, unknown>> & {
    readonly messages: readonly { readonly content: string }[];
  },
): Buffer {
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
  const book = catalogue.book([price], new Map());
  return {
    ledger,
    clock,
    upstream,
    waiting,
    limits,
    onDisconnect,
    inFlight: new InFlight({ clock, concurrentCallsPerKey: null }),
    scouts: new Scouts(waiting),
    belongings: { hasLost: false, ownerOf: () => undefined, keep: () => undefined },
    learned: new Learned(),
    counter,
    identification: new Identification({ ledger, clock, allowAnonymous: true, keyHeaders: [] }),
    router: new Router({
      providers: { byName: new Map([["house", house]]), aliases: new Map() },
      wires: [wire],
    }),
    prices: () => book,
    models: () => [],
    observer: { ...silentObserver, failed },
  };
}

/**
 * Counts like the scripted provider, which uses five bytes per token. For input, no better bound
 * than bytes is available.
 */
const counter: CallContext["counter"] = {
  warm: () => undefined,
  countText: async ({ length }) => {
    const counted = { bytes: length, least: length / 5, expected: length / 5, most: length / 5 };
    return { ...counted, settled: counted };
  },
  countInput: async ({ length }) => ({ tokens: length, digest: String(length) }),
};
