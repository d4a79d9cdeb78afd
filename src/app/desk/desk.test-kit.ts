/** Test kit: the desk on the real ledger, with a budget in every currency and a priced model. */

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { defineKey } from "../../domain/key/define.ts";
import type { Key } from "../../domain/key/key.ts";
import { aHold } from "../../domain/ledger/desk.test-kit.ts";
import type { Quantities } from "../../domain/ledger/entry.ts";
import { pico } from "../../domain/money/money.ts";
import { makePriceBook } from "../../domain/price/book.ts";
import { definePrice } from "../../domain/price/text/override.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import { LedgerBench } from "../port/ledger.test-kit.ts";
import type { DeskContext } from "./desk-context.ts";
import type { FoundHold } from "./find-hold.ts";
import { holdByApi, type ApiHold } from "./hold.ts";

/** USD per million tokens: a token costs a million pico-dollars times the rate; USD per search. */
const rates = { input: "1", output: "10", web_search: "0.01", valid_from: "2020-01-01" };

export function keyOf(keyId: string, fields: Partial<Key> = {}): Key {
  return {
    ...defineKey({ name: keyId }),
    keyId,
    hash: keyId,
    hint: "",
    createdAt: 0,
    revokedAt: null,
    ...fields,
  };
}
export const caller = keyOf("k1");
export const admin = keyOf("k9", { role: "admin" });

export const amount = (usd: bigint) => ({ kind: "amount", amount: pico(usd) }) as const;
/** 300 micro-dollars: 100 tokens of input at 1 and 20 of output at 10 USD per million. */
export const counted = {
  kind: "estimate",
  inputTokens: 100,
  maxOutputTokens: 20,
  cacheWrite: "none",
  serviceTier: "standard",
  webSearches: 0,
} as const;
/** 190 micro-dollars. */
export const usage = {
  kind: "usage",
  usage: { input: 90, output: 10 },
  serviceTier: "standard",
  model: null,
  reportedCost: null,
} as const;

export class DeskBench {
  readonly books: LedgerBench;
  readonly context: DeskContext;

  private constructor(books: LedgerBench, prices: PriceBook) {
    this.books = books;
    const { ledger, reader, clock, waiting, observer } = books;
    this.context = {
      ledger,
      reader,
      clock,
      waiting,
      observer,
      holdLimits: { holdSeconds: 600, holdSharePercent: 50, openHoldsPerKey: 3 },
      prices: () => prices,
      reportsBilledCost: (provider) => provider === "billing",
    };
  }

  static async open(test: TestContext): Promise<DeskBench> {
    const books = await LedgerBench.open(test);
    for (const [budgetId, currency, limit] of [
      ["usd", "USD", 10n ** 15n],
      ["tokens", "tokens", 10_000n],
      ["requests", "requests", 10n],
    ] as const)
      await books.budget({ budgetId, currency, amount: limit });
    const priced = (provider: string, model: string, output = rates.output) =>
      definePrice(
        { provider, model, ...rates, output },
        { field: "prices[0]", source: "configuration" },
      );
    const painter = {
      provider: "p",
      model: "painter",
      input: "0",
      output: "0",
      meters: { images: "0.04" },
    };
    const overrides = [
      priced("p", "m"),
      priced("p", "dear", "100"),
      priced("billing", "m"),
      definePrice(painter, { field: "prices[3]", source: "configuration" }),
    ];
    return new DeskBench(books, makePriceBook({ sources: [], overrides, version: "v7" }));
  }

  amounts(): ReturnType<LedgerBench["amounts"]> {
    return this.books.amounts("usd", "tokens", "requests");
  }

  request(sizing: ApiHold["sizing"], change: Partial<ApiHold> = {}): ApiHold {
    return {
      operationId: "a",
      key: caller,
      attribution: {},
      provider: "p",
      model: "m",
      sizing,
      ttlSeconds: 60,
      ...change,
    };
  }

  async hold(sizing: ApiHold["sizing"], change: Partial<ApiHold> = {}): Promise<FoundHold> {
    const answer = await holdByApi(this.context, this.request(sizing, change));
    assert.ok(answer.admitted);
    return this.open(answer.call.operationId);
  }

  /** A call in flight at the gateway. */
  async gatewayCall(operationId: string, keyId: string | null = null): Promise<FoundHold> {
    const route = { provider: "p", model: "m", endpoint: "chat", keyId };
    const at = this.context.clock.now();
    await this.context.ledger.commit(aHold(operationId, 40n, { at, route }));
    return this.open(operationId);
  }

  async open(operation: string): Promise<FoundHold> {
    const hold = await this.context.ledger.holdOf(operation);
    assert.ok(hold);
    return { ...hold, status: null };
  }

  /** What an open hold amounts to now. */
  async held({ operationId }: FoundHold): Promise<Quantities | undefined> {
    return (await this.context.ledger.holdOf(operationId))?.amount;
  }
}
