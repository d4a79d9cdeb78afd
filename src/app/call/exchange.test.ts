/** Tests how a hold ends if something fails inside Purser while its call is at the provider. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import { Learned } from "../../domain/estimate/learned.ts";
import { tokenizerOf } from "../../domain/estimate/tokenizer.ts";
import type { AnswerOf, Command } from "../../domain/ledger/command.ts";
import { aHold, Desk, quantities } from "../../domain/ledger/desk.test-kit.ts";
import { pico } from "../../domain/money/money.ts";
import { ThreadCounter } from "../../tokenizer/thread-counter.ts";
import { plainFacts } from "../../wire/answer/feed.test-kit.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import { Exchange, type ExchangeContext } from "./exchange.ts";
import type { ForwardedCall } from "./forwarded-call.ts";
import { InputCount } from "../hold/input-count.ts";
import type { Observer } from "../port/observer.ts";
import type { Reply } from "../port/reply.ts";
import { Slices } from "../hold/slices.ts";
import { Waiting } from "../hold/waiting.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import { aProvider, silentObserver } from "../port/parts.test-kit.ts";

const call = { operationId: "op", attempt: 1 };
const clock = { now: () => 1, monotonic: () => 1 };
const provider = aProvider();
const wire = openaiWire();
const endpoint = wire.endpoint("POST", "/chat/completions");
const counter = new ThreadCounter();
const input = new InputCount(counter, {
  body: Buffer.from('{"messages":[]}'),
  tokenizer: tokenizerOf({ family: "openai", model: "gpt-4o" }),
});

after(() => counter.close());

/** A ledger that fails some commands, like one that cannot be written. */
function refusing(desk: Desk, isRefused: (command: Command) => boolean): ExchangeContext["ledger"] {
  return {
    decide: async <C extends Command>(command: C): Promise<AnswerOf[C["kind"]]> => {
      if (isRefused(command)) throw new PurserError("store_unavailable", "the disk is full");
      return desk.run(command);
    },
    holdOf: async (operationId) => desk.books.holds.get(operationId),
  };
}

function bookOf(version: string): PriceBook {
  return { version, sheet: () => undefined, ceiling: () => undefined };
}

function contextOf(
  ledger: ExchangeContext["ledger"],
  observer: Partial<Observer>,
): ExchangeContext {
  return {
    ledger,
    clock,
    waiting: new Waiting(),
    learned: new Learned(),
    observer: { ...silentObserver, ...observer },
    prices: () => bookOf("later"),
    limits: { firstByteMs: 1000, idleStreamMs: 1000, totalMs: 1000, drainMs: 1000 },
    onDisconnect: "drain",
  };
}

function forwarded(ledger: ExchangeContext["ledger"]): ForwardedCall {
  const rates = { input: pico(1n), output: pico(1n) };
  const estimate = {
    inputTokens: 10,
    ceiling: 1000,
    firstSlice: 10,
    unknownInput: 0,
    least: 1,
    rates,
    fees: pico(0n),
  };
  const meter = wire.meter(endpoint, { stream: true, facts: plainFacts });
  assert.ok(meter.output);
  const { tokenizer } = input;
  const observer = { failed: assert.fail };
  const counting = { counter, tokenizer, observer, meter, output: meter.output };
  const slices = new Slices({
    ledger,
    clock,
    call,
    rates: estimate.rates,
    inputTokens: estimate.inputTokens,
    heldOutput: 10,
    ceiling: 1000,
    sliceTokens: 10,
    ...counting,
  });
  return {
    call,
    route: {
      provider,
      wire,
      endpoint,
      url: "http://p",
      model: "m",
      title: "p/m",
    },
    askedTitle: null,
    facts: plainFacts,
    estimate,
    heldAt: 0,
    prices: bookOf("held"),
    startedAt: 0,
    ceiling: { asked: 1000, sent: 1000 },
    held: quantities(20n),
    reducedMaxTokens: null,
    fallback: null,
    withConfiguredKey: true,
    meter,
    slices,
    input,
    showsOnlyReason: false,
  };
}

function deskWithHold(): Desk {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: 1000n });
  desk.run(aHold("op", 20n));
  return desk;
}

/**
 * Streams an answer to its end.
 *
 * @returns The number of reported failures, and whether the caller's connection was reset.
 */
async function stream(
  ledger: ExchangeContext["ledger"],
  text: string,
  observer: Partial<Observer> = {},
): Promise<readonly [failures: number, isBroken: boolean]> {
  const failures: string[] = [];
  let isBroken = false;
  const nothing = (): void => undefined;
  const reply: Reply = {
    gone: false,
    head: nothing,
    abort: () => (isBroken = true),
    write: () => true,
    end: nothing,
    onDrain: nothing,
    onGone: nothing,
  };

  const exchange = new Exchange(
    contextOf(ledger, { failed: (what) => void failures.push(what), ...observer }),
    forwarded(ledger),
    reply,
  );
  exchange.attach({
    abort: async ({ message }) => exchange.fail({ reached: true, timedOut: false, message }),
    pause: nothing,
    resume: nothing,
    finish: nothing,
  });
  exchange.head(200, { "content-type": "text/event-stream" });
  exchange.data(Buffer.from(`data: {"choices":[{"delta":{"content":"${text}"}}]}\n\n`));
  // Let the effects of a failed top-up happen first.
  await new Promise(setImmediate);
  exchange.end();
  await exchange.ended;
  return [failures.length, isBroken];
}

test("if the ledger is lost during a top-up, the stream is charged the amount held, and holds nothing more", async () => {
  const desk = deskWithHold();
  const ledger = refusing(desk, ({ kind }) => kind === "top_up");
  assert.deepEqual(await stream(ledger, "words ".repeat(20)), [1, true]);
  assert.deepEqual(desk.counter("b"), { spent: 20n, held: 0n, overrun: 0n });
  assert.equal(desk.journal.at(-1)?.kind, "settle");
});

test("a call is priced by the book that held it, even if a later one has a price of an earlier time", async () => {
  const desk = deskWithHold();
  await stream(
    refusing(desk, () => false),
    "words",
  );
  const settled = desk.journal.at(-1);
  assert.ok(settled?.kind === "settle");
  assert.equal(settled.priceVersion, "held");
});

/**
 * A call for which the provider may bill more than passes.
 *
 * @param come The part of the answer that arrives before the connection breaks.
 */
async function breakOff(
  hidden: boolean,
  {
    come,
    caller,
    timedOut,
  }: {
    readonly come: string | null;
    readonly caller: "leaves" | "stays";
    readonly timedOut: boolean;
  },
): Promise<readonly [status: string, output: number | undefined]> {
  const desk = deskWithHold();
  const ledger = refusing(desk, () => false);
  let leave = (): void => undefined;
  const nothing = (): void => undefined;
  const reply: Reply = {
    gone: false,
    head: nothing,
    abort: nothing,
    write: () => true,
    end: nothing,
    onDrain: nothing,
    onGone: (left) => (leave = left),
  };
  const held = { ...forwarded(ledger), facts: { ...plainFacts, hiddenOutput: hidden } };
  const exchange = new Exchange(contextOf(ledger, {}), held, reply);
  exchange.attach({
    abort: async () => undefined,
    pause: nothing,
    resume: nothing,
    finish: nothing,
  });
  if (come !== null) {
    exchange.head(200, { "content-type": "text/event-stream" });
    exchange.data(Buffer.from(`data: ${come}\n\n`));
  }
  if (caller === "leaves") leave();
  exchange.fail({ reached: true, timedOut, message: "broken off" });
  await exchange.ended;
  const settled = desk.journal.at(-1);
  assert.ok(settled?.kind === "settle");
  return [settled.status, settled.usage.output];
}

const role = '{"choices":[{"delta":{"role":"assistant","content":""}}]}';
const counted =
  '{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":7}}';

test("unreported reasoning is charged up to its limit when its stream breaks off", async () => {
  for (const caller of ["leaves", "stays"] as const) {
    for (const timedOut of [false, true]) {
      assert.deepEqual(await breakOff(true, { come: role, caller, timedOut }), ["estimated", 1000]);
      assert.deepEqual(await breakOff(true, { come: counted, caller, timedOut }), ["settled", 7]);
      assert.equal((await breakOff(true, { come: null, caller, timedOut }))[0], "unresolved");
    }
  }
});

test("a stream that was cancelled at once is charged for little, and one that timed out is charged the amount held", async () => {
  assert.deepEqual(await breakOff(false, { come: null, caller: "leaves", timedOut: false }), [
    "estimated",
    10,
  ]);
  assert.equal(
    (await breakOff(false, { come: null, caller: "leaves", timedOut: true }))[0],
    "unresolved",
  );
});

test("if the ledger rejects a charge, the amount held is charged, and nothing more is held", async () => {
  const desk = deskWithHold();
  const ledger = refusing(
    desk,
    (command) => command.kind === "settle" && command.outcome.status !== "unresolved",
  );
  assert.deepEqual(await stream(ledger, "w"), [1, true]);
  assert.deepEqual(desk.counter("b"), { spent: 60n, held: 0n, overrun: 0n });
});

test("a failure after the charge is in the ledger does not change the charge", async () => {
  const desk = deskWithHold();
  const callEnded = (): never => {
    throw new Error("a bug after the charge");
  };
  assert.deepEqual(
    await stream(
      refusing(desk, () => false),
      "words",
      { callEnded },
    ),
    [1, true],
  );
  assert.deepEqual(
    desk.journal
      .map(({ kind }) => kind)
      .filter((kind) => kind === "settle" || kind === "correction"),
    ["settle"],
  );
});

test("if a lost ledger cannot end a hold at all, the hold is left for recovery at the next start", async () => {
  const desk = deskWithHold();
  const ledger = refusing(desk, ({ kind }) => kind === "settle");
  assert.deepEqual(await stream(ledger, "words"), [2, true]);
  assert.deepEqual(desk.counter("b"), { spent: 0n, held: 60n, overrun: 0n });
});
