/** Tests that setting the wall clock neither ends calls nor extends them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Learned } from "../../domain/estimate/learned.ts";
import { aHold, Desk, quantities } from "../../domain/ledger/desk.test-kit.ts";
import { pico } from "../../domain/money/money.ts";
import { plainFacts } from "../../wire/answer/feed.test-kit.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import { Exchange, type ExchangeContext } from "./exchange.ts";
import type { ForwardedCall } from "./forwarded-call.ts";
import { hold, type CallToHold } from "../hold/hold.ts";
import { InFlight } from "../caller/in-flight.ts";
import type { Ledger } from "../port/ledger.ts";
import { tokenizerOf } from "../../domain/estimate/tokenizer.ts";
import { InputCount } from "../hold/input-count.ts";
import type { TokenCounter } from "../port/token-counter.ts";
import type { Reply } from "../port/reply.ts";
import { Scouts } from "../hold/scouts.ts";
import { Waiting } from "../hold/waiting.ts";
import { aProvider, silentObserver } from "../port/parts.test-kit.ts";

const hourMs = 3_600_000;
const nothing = (): void => undefined;

/** A test can set its wall time independently of its monotonic time. */
class JumpingClock {
  wall = Date.UTC(2026, 2, 10);
  elapsed = 5000;

  now(): number {
    return this.wall;
  }

  monotonic(): number {
    return this.elapsed;
  }

  pass(ms: number): void {
    this.wall += ms;
    this.elapsed += ms;
  }
}

/** Fails if a stream is counted. */
const counter: TokenCounter = {
  warm: nothing,
  countText: () => assert.fail(),
  countInput: async () => ({ tokens: 10, digest: "" }),
};
const wire = openaiWire();
const endpoint = wire.endpoint("POST", "/chat/completions");
const provider = aProvider();
const reply: Reply = {
  gone: false,
  head: nothing,
  abort: nothing,
  write: () => true,
  end: nothing,
  onDrain: nothing,
  onGone: nothing,
};
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

interface Running {
  readonly desk: Desk;
  readonly exchange: Exchange;
  readonly aborts: string[];
}

function begin(clock: JumpingClock): Running {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: 1000n });
  desk.run(aHold("op", 20n));
  const context: ExchangeContext = {
    ledger: {
      decide: async (command) => desk.run(command),
      holdOf: async (id) => desk.books.holds.get(id),
    },
    clock,
    waiting: new Waiting(),
    learned: new Learned(),
    observer: {
      ...silentObserver,
      failed: (what, error) => assert.fail(`${what}: ${String(error)}`),
    },
    prices: () => ({ version: "test", sheet: () => undefined, ceiling: () => undefined }),
    limits: { firstByteMs: 5000, idleStreamMs: 5000, totalMs: 60_000, drainMs: 5000 },
    onDisconnect: "drain",
  };
  const call: ForwardedCall = {
    call: { operationId: "op", attempt: 1 },
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
    heldAt: clock.now(),
    prices: context.prices(),
    startedAt: clock.monotonic(),
    ceiling: { asked: 1000, sent: 1000 },
    held: quantities(20n),
    reducedMaxTokens: null,
    fallback: null,
    withConfiguredKey: true,
    meter: wire.meter(endpoint, { stream: true, facts: plainFacts }),
    slices: null,
    showsOnlyReason: false,
    input: new InputCount(counter, {
      body: Buffer.alloc(0),
      tokenizer: tokenizerOf({ family: "other", model: "m" }),
    }),
  };
  const exchange = new Exchange(context, call, reply);
  const aborts: string[] = [];
  exchange.attach({
    abort: async ({ message }) => void aborts.push(message),
    pause: nothing,
    resume: nothing,
    finish: nothing,
  });
  return { desk, exchange, aborts };
}

for (const [what, jump] of [
  ["forward", hourMs],
  ["back", -hourMs],
] as const) {
  test(`a clock that is set ${what} an hour ends no call that waits, streams or is drained`, async () => {
    const clock = new JumpingClock();
    const { exchange, aborts, desk } = begin(clock);
    clock.wall += jump;
    exchange.connection.tick(clock.monotonic());
    exchange.head(200, { "content-type": "text/event-stream" });
    clock.wall += jump;
    exchange.connection.tick(clock.monotonic());
    exchange.data(Buffer.from('data: {"choices":[{"delta":{"content":"word"}}]}\n\n'));
    clock.pass(2000);
    exchange.connection.tick(clock.monotonic());
    assert.deepEqual(aborts, []);
    exchange.end();
    await exchange.ended;
    const ended = desk.journal.at(-1);
    assert.ok(ended?.kind === "settle");
    assert.equal(ended.latencyMs, 2000);
  });

  test(`a clock that is set ${what} an hour does not make a call last longer than its limits`, () => {
    const clock = new JumpingClock();
    const waiting = begin(clock);
    clock.wall += jump;
    clock.pass(5001);
    waiting.exchange.connection.tick(clock.monotonic());
    assert.deepEqual(waiting.aborts, ["no answer within limits.first_byte_ms"]);

    const idle = begin(clock);
    idle.exchange.head(200, { "content-type": "text/event-stream" });
    idle.exchange.connection.tick(clock.monotonic());
    clock.wall += jump;
    clock.pass(5001);
    idle.exchange.connection.tick(clock.monotonic());
    assert.deepEqual(idle.aborts, ["the answer paused for longer than limits.idle_stream_ms"]);
  });

  test(`a clock that is set ${what} an hour changes nothing about how long a call waits for room`, async () => {
    const clock = new JumpingClock();
    const desk = new Desk();
    desk.budget({ budgetId: "b", amount: 30n });
    desk.run(aHold("other", 20n, { at: clock.now() }));
    let tries = 0;
    const commit = async (command: Parameters<Ledger["commit"]>[0]): Promise<never> => {
      tries += 1;
      clock.wall += jump;
      clock.pass(40);
      return desk.run(command) as never;
    };
    const request: CallToHold = {
      at: clock.now(),
      operationId: "op",
      repeat: "new",
      attribution: {},
      route: { provider: "p", model: "m", endpoint: "chat", keyId: null },
      budgets: [],
      estimate: () => ({ ...estimate, inputTokens: 25, firstSlice: 1, ceiling: 1 }),
      count: async () => ({ tokens: 25, digest: "" }),
    };
    const waiting = new Waiting();
    const parts = {
      ledger: { commit },
      clock,
      waiting,
      scouts: new Scouts(waiting),
      observer: silentObserver,
    };
    const held = await hold({ ...parts, limits: { holdWaitMs: 100, totalMs: 60_000 } }, request);
    assert.equal(held.admitted, false);
    assert.ok(tries >= 3 && tries <= 6, `${tries} tries within 100 ms, at 40 ms each`);
  });

  test(`a clock that is set ${what} an hour while calls are brought to their end is not noticed`, async () => {
    const clock = new JumpingClock();
    const inFlight = new InFlight({ clock, concurrentCallsPerKey: null });
    const leave = inFlight.enter(null);
    let stops = 0;
    inFlight.add({ tick: nothing, stop: () => void (stops += 1) }, null);
    const closing = inFlight.close(100);
    clock.wall += jump;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(stops, 0);
    clock.pass(101);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(stops > 0);
    leave();
    await closing;
  });
}
