/** Tests what a finished call contributes to the statistics. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Learned } from "../../domain/estimate/learned.ts";
import { aHold, anOutcome, Desk } from "../../domain/ledger/desk.test-kit.ts";
import type { Outcome } from "../../domain/ledger/entry.ts";
import { plainFacts } from "../../wire/answer/feed.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import { settle, type CallToSettle } from "./settle.ts";
import { Waiting } from "../hold/waiting.ts";
import { aProvider, silentObserver } from "../port/parts.test-kit.ts";

const wire = openaiWire();
const endpoint = wire.endpoint("POST", "/chat/completions");
/**
 * Ends a call with 200 tokens of output.
 * @returns Tokens that the next call with this ceiling is expected to need; null if nothing was
 *   learned.
 */
async function expectedAfter(
  ceiling: CallToSettle["ceiling"],
  change: Partial<Outcome> = {},
): Promise<number | null> {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: 1000n });
  desk.run(aHold("op", 20n));
  const learned = new Learned();
  const provider = aProvider();
  const held: CallToSettle = {
    call: { operationId: "op", attempt: 1 },
    route: {
      provider,
      wire,
      wireName: "openai",
      endpoint,
      url: "http://p",
      model: "m",
      title: "p/m",
    },
    facts: { ...plainFacts, stream: false },
    ceiling,
    slices: null,
    input: { counted: null },
  };
  const outcome = anOutcome(10n, { usage: { input: 10, output: 200 }, ...change });
  const ledger = { decide: async (command: Parameters<Desk["run"]>[0]) => desk.run(command) };
  const context = {
    ledger,
    clock: { now: () => 2 },
    waiting: new Waiting(),
    learned,
    observer: silentObserver,
  } as Parameters<typeof settle>[0];
  await settle(context, held, outcome);
  return learned.of("p", "m").output.expected(ceiling.asked);
}

test("an answer contributes its length, shortened or not, unless it used up its shortened limit", async () => {
  assert.equal(await expectedAfter({ asked: 1000, sent: 1000 }), 200);
  assert.equal(
    await expectedAfter({ asked: 1000, sent: 500 }),
    200,
    "fitted, and not all of it used",
  );
  assert.equal(await expectedAfter({ asked: 200, sent: 200 }), 200, "all of what was asked for");
  assert.equal(await expectedAfter({ asked: 1000, sent: 200 }), null, "it might have needed more");
  assert.equal(
    await expectedAfter({ asked: 1000, sent: 1000 }, { status: "estimated" }),
    null,
    "a guess teaches nothing",
  );
});
