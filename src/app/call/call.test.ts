/** Tests what a provider receives of a call, and what a stream that a budget cuts is charged. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Learned } from "../../domain/estimate/learned.ts";
import { Desk } from "../../domain/ledger/desk.test-kit.ts";
import { makePriceBook } from "../../domain/price/book.ts";
import { definePrice } from "../../domain/price/text/override.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import type { CallContext, IncomingCall } from "./call-context.ts";
import { serveCall } from "./call.ts";
import { InFlight } from "../caller/in-flight.ts";
import type { Reply } from "../port/reply.ts";
import { Router } from "../route/router.ts";
import { Scouts } from "../hold/scouts.ts";
import type { Upstream, UpstreamReceiver, UpstreamRequest } from "../port/upstream.ts";
import { ThreadCounter } from "../../tokenizer/thread-counter.ts";
import { Waiting } from "../hold/waiting.ts";
import { aProvider } from "../port/parts.test-kit.ts";

const counter = new ThreadCounter();
after(() => counter.close());

const clock = { now: () => 1, monotonic: () => 1 };
const wire = openaiWire();
const provider = aProvider({ bases: { openai: "http://p" } });
/** One pico-dollar a token. */
const price = definePrice(
  { provider: "p", model: "m", input: "0.000001", output: "0.000001" },
  { field: "prices[0]", source: "test" },
);
const book = makePriceBook({ sources: [], overrides: [price], version: "test" });
const dearer = makePriceBook({
  sources: [],
  overrides: [
    definePrice(
      { provider: "p", model: "m", input: "9", output: "9" },
      { field: "prices[0]", source: "test" },
    ),
  ],
  version: "dearer",
});
let current = book;

interface Served {
  /** The bodies that the provider received. */
  readonly sent: readonly unknown[];
  /** The bytes that the caller received. */
  readonly passed: string;
}

/** Serves one call; the provider answers as `answer` says. */
async function serve(
  desk: Desk,
  body: object,
  answer: (receiver: UpstreamReceiver, flowing: () => Promise<void>) => Promise<void> | void,
): Promise<Served> {
  const sent: unknown[] = [];
  let passed = "";
  const connection = { isAborted: false, isPaused: false };
  const flowing = async (): Promise<void> => {
    do await new Promise(setImmediate);
    while (connection.isPaused && !connection.isAborted);
  };
  const upstream: Upstream = {
    forward(request: UpstreamRequest, receiver) {
      sent.push(JSON.parse(Buffer.from(request.body ?? []).toString()));
      const guarded: UpstreamReceiver = {
        head: (...head) => receiver.head(...head),
        data: (chunk) => !connection.isAborted && receiver.data(chunk),
        end: () => !connection.isAborted && receiver.end(),
        fail: (failure) => receiver.fail(failure),
      };
      setImmediate(() => void answer(guarded, flowing));
      const abort = async (): Promise<void> => {
        connection.isAborted = true;
        setImmediate(() => receiver.fail({ reached: true, timedOut: false, message: "ended" }));
      };
      return {
        abort,
        pause: () => (connection.isPaused = true),
        resume: () => (connection.isPaused = false),
        finish: () => undefined,
      };
    },
    close: async () => undefined,
  };
  const write = (bytes?: Uint8Array | string): boolean => (
    (passed += Buffer.from(bytes ?? "").toString()),
    true
  );
  const nothing = (): void => undefined;
  const reply: Reply = {
    gone: false,
    head: nothing,
    write,
    end: write,
    abort: nothing,
    onDrain: nothing,
    onGone: nothing,
  };
  const waiting = new Waiting();
  const run = async (command: Parameters<Desk["run"]>[0]): Promise<unknown> => desk.run(command);
  const limits = {
    firstByteMs: 10_000,
    idleStreamMs: 10_000,
    totalMs: 10_000,
    drainMs: 10_000,
    holdWaitMs: 0,
    streamSliceTokens: 50,
    maxOutputTokens: 1000,
    imageTokens: 1,
    audioTokens: 1,
    fileTokens: 1,
    serverToolTokens: 1,
    contextTokens: 1000,
  };
  const context = {
    ledger: {
      decide: run,
      commit: run,
      holdOf: async (id: string) => desk.books.holds.get(id),
      replacements: () => desk.books.registry.replacements.current,
    },
    clock,
    upstream,
    waiting,
    scouts: new Scouts(waiting),
    learned: new Learned(),
    inFlight: new InFlight({ clock, concurrentCallsPerKey: null }),
    router: new Router({
      providers: { byName: new Map([["p", provider]]), aliases: new Map() },
      wires: [wire],
    }),
    prices: () => current,
    observer: new Proxy({}, { get: () => nothing }),
    onDisconnect: "drain",
    limits,
    counter,
    belongings: { hasLost: false, ownerOf: () => undefined },
  } as unknown as CallContext;
  const endpoint = wire.endpoint("POST", "/chat/completions");
  const incoming = {
    caller: { key: null, attribution: {}, bringsProviderKey: false },
    target: { provider, wire, endpoint, path: "/chat/completions", query: "" },
    method: "POST",
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
  } as unknown as IncomingCall;
  const refused = await serveCall(context, incoming, reply);
  assert.equal(refused, null, JSON.stringify(refused?.refusal.reason));
  return { sent, passed };
}

const messages = [{ role: "user", content: "hi" }];

function whole(receiver: UpstreamReceiver): void {
  receiver.head(200, { "content-type": "text/event-stream" });
  receiver.data(
    Buffer.from(
      'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\ndata: [DONE]\n\n',
    ),
  );
  receiver.end();
}

test("a stream that does not ask for its usage is made to, and one that does is sent as it is", async () => {
  const [asked] = (await serve(new Desk(), { model: "m", stream: true, messages }, whole)).sent;
  assert.deepEqual(asked, {
    model: "m",
    stream: true,
    messages,
    stream_options: { include_usage: true },
  });
  const itself = { model: "m", stream: true, messages, stream_options: { include_usage: true } };
  assert.deepEqual((await serve(new Desk(), itself, whole)).sent, [itself]);
});

function plainly(receiver: UpstreamReceiver): void {
  receiver.head(200, { "content-type": "application/json" });
  receiver.data(
    Buffer.from('{"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'),
  );
  receiver.end();
}

test("a call that is not a stream is not asked for the usage of a stream", async () => {
  const plain = { model: "m", messages };
  assert.deepEqual((await serve(new Desk(), plain, plainly)).sent, [plain]);
});

test("a stream that a budget cuts is charged for what passed, which is between a token a word and a token a byte, and holds nothing more", async () => {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: 400n });
  const { passed } = await serve(
    desk,
    { model: "m", stream: true, max_tokens: 300, messages },
    async (receiver, flowing) => {
      receiver.head(200, { "content-type": "text/event-stream" });
      for (let chunk = 0; chunk < 200; chunk++) {
        receiver.data(
          Buffer.from(
            `data: {"choices":[{"index":0,"delta":{"content":"${"word ".repeat(12)}"}}]}\n\n`,
          ),
        );
        await flowing();
      }
      receiver.end();
    },
  );
  const { spent, held } = desk.counter("b");
  assert.match(passed, /"finish_reason":"length"/);
  assert.equal(held, 0n);
  const tokens = BigInt(passed.match(/word /g)?.length ?? 0);
  assert.ok(
    tokens > 0n && spent >= tokens && spent <= tokens * 5n + 50n,
    `${spent} for ${tokens} words of five bytes`,
  );
});

test("a price that is set while the hold is written does not apply to the call", async (t) => {
  t.after(() => (current = book));
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: 1000n });
  const run = desk.run.bind(desk);
  desk.run = (command) => {
    current = dearer;
    return run(command);
  };
  const { sent } = await serve(desk, { model: "m", messages, max_tokens: 3 }, plainly);
  assert.equal(sent.length, 1);
  const settled = desk.journal.at(-1);
  assert.ok(settled?.kind === "settle");
  assert.deepEqual([settled.cost.usd, settled.priceVersion], [2n, book.version]);
});

test("a call whose model is replaced is held by what the serving model can cost", async (t) => {
  t.after(() => (current = book));
  // Its reasoning is billed and not in the stream, so its whole ceiling is held.
  const small = { provider: "p", model: "gpt-5-mini", input: "0.000001", output: "0.000001" };
  const served = definePrice(small, { field: "prices[1]", source: "test" });
  current = makePriceBook({ sources: [], overrides: [price, served], version: "two" });
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: 9000n });
  const body = { model: "m", stream: true, max_tokens: 2000, messages };
  const heldFor = async (): Promise<readonly [model: string, tokens: bigint, sent: unknown]> => {
    const { sent } = await serve(desk, body, whole);
    const hold = desk.journal.findLast((entry) => entry.kind === "hold");
    assert.ok(hold);
    const [asked] = sent as readonly { readonly model: string }[];
    return [hold.route.model, hold.amount.tokens, asked?.model];
  };
  const [, few] = await heldFor();
  const condition = {
    when: "threshold",
    budgetId: "b",
    partsPerMillion: 1,
    of: "actual",
  } as const;
  const action = { kind: "model", models: { "p/m": "p/gpt-5-mini" } } as const;
  const rule = { ruleId: "r", condition, notify: null, escalate: null, action };
  desk.run({ kind: "put_rule", at: 1, rule, deleted: false });
  const alert = {
    ruleId: "r",
    when: "threshold",
    value: "b",
    chargedAt: 1,
    window: { start: null, end: null },
    until: null,
    figure: 1n,
    limit: 1n,
    currency: "USD",
    attribution: {},
    budgetId: "b",
    operationId: null,
    notify: null,
    escalate: null,
    action: "model",
  } as const;
  desk.run({
    kind: "fire_rule",
    at: 1,
    since: desk.books.registry.rules.get("r")?.since ?? 0,
    alert,
  });
  const [model, all, sent] = await heldFor();
  assert.deepEqual([model, sent], ["gpt-5-mini", "gpt-5-mini"]);
  assert.ok(all > few + 1000n, `a slice of a stream holds ${few}, the whole ceiling ${all}`);
});
