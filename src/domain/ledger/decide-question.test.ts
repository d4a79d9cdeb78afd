/** Budgets that ask people for more money. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Books } from "./books.ts";
import type { HoldCommand } from "./command.ts";
import { openQuestion } from "./counter.ts";
import { aBudget, aHold, Desk } from "./desk.test-kit.ts";
import { noHistory } from "./past.ts";

const asks = { timeoutMs: 1000 };
const control = { budgetId: "b", value: null, by: "admin", reason: "r" } as const;

function aDesk(): Desk {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: 10n, asks });
  assert.ok(desk.run(aHold("spent", 10n)).admitted);
  return desk;
}

function refusal(desk: Desk, id: string, change: Partial<HoldCommand> = {}) {
  const answer = desk.run(aHold(id, 5n, change));
  return answer.admitted ? null : answer.refusal;
}

const question = (desk: Desk, at: number, needed = 5n) =>
  desk.run({ kind: "ask_budget", at, budgetId: "b", value: "main", needed }).open;

const count = (desk: Desk, kind: string): number =>
  desk.journal.filter((entry) => entry.kind === kind).length;

test("a call that asks is not refused yet, and one that does not ask is", () => {
  const desk = aDesk();
  assert.deepEqual(refusal(desk, "1", { asks: true })?.asks, asks);
  assert.equal(count(desk, "refusal"), 0);
  assert.deepEqual(refusal(desk, "2")?.asks, asks);
  assert.equal(count(desk, "refusal"), 1);
});

test("200 calls ask one question, which an extension answers", () => {
  const desk = aDesk();
  const answers = Array.from({ length: 200 }, () => question(desk, 5));
  assert.ok(answers.every(Boolean));
  assert.equal(count(desk, "budget_ask"), 1);
  desk.run({ kind: "extend_budget", at: 6, ...control, amount: 7n });
  assert.equal(refusal(desk, "fits", { at: 6 }), null);
  const short = refusal(desk, "does not fit", { at: 6, asks: true });
  assert.ok(short?.asks);
  assert.equal(question(desk, 6), true, "what is missing now is a new question");
  assert.equal(count(desk, "budget_ask"), 2);
});

test("a declined question refuses calls until its time is over, and then they ask again", () => {
  const desk = aDesk();
  question(desk, 5);
  desk.run({ kind: "decline_budget", at: 10, ...control });
  const declined = refusal(desk, "1", { at: 11, asks: true });
  assert.deepEqual([declined?.reason, declined?.asks], ["approval_declined", undefined]);
  assert.deepEqual(declined?.balance.question?.declined, { by: "admin", reason: "r" });
  assert.equal(count(desk, "refusal"), 1);
  assert.equal(question(desk, 12), false);
  assert.equal(refusal(desk, "2", { at: 1010, asks: true })?.reason, "budget_held");
  assert.equal(question(desk, 1010), true);
});

test("a question without an answer is asked again after it expires", () => {
  const desk = aDesk();
  question(desk, 5);
  assert.equal(question(desk, 1004), true);
  assert.equal(count(desk, "budget_ask"), 1);
  assert.equal(question(desk, 1005), true);
  assert.equal(count(desk, "budget_ask"), 2);
});

test("a changed budget ends its question, and one with room or without asking does not ask", () => {
  const desk = aDesk();
  question(desk, 5);
  desk.put(aBudget({ budgetId: "b", amount: 12n, asks }), 6);
  const [counter] = desk.books.counters();
  assert.equal(counter?.controls.question, null);
  assert.equal(question(desk, 7, 2n), false, "there is room");
  desk.put(aBudget({ budgetId: "b", amount: 12n }), 8);
  assert.equal(question(desk, 9), false);
  assert.equal(refusal(desk, "1", { asks: true })?.asks, undefined);
  desk.run({ kind: "delete_budget", at: 10, budgetId: "b" });
  assert.equal(question(desk, 11), false);
});

test("people are not asked if another budget refuses too", () => {
  const desk = aDesk();
  desk.budget({ budgetId: "other", amount: 1n });
  const refused = refusal(desk, "1", { asks: true });
  assert.deepEqual([refused?.budgetId, refused?.asks], ["other", undefined]);
  assert.equal(count(desk, "refusal"), 1);
});

test("a paused budget refuses, and does not ask", () => {
  const desk = aDesk();
  desk.run({ kind: "pause_budget", at: 2, ...control });
  const refused = refusal(desk, "1", { asks: true });
  assert.deepEqual([refused?.reason, refused?.asks], ["budget_paused", undefined]);
});

test("only an open question can be declined", () => {
  const desk = aDesk();
  const decline = (at: number) => desk.run({ kind: "decline_budget", at, ...control });
  assert.throws(() => decline(5), /has no open question/);
  question(desk, 5);
  assert.throws(() => decline(1005), /has no open question/);
  decline(6);
  assert.throws(() => decline(7), /has no open question/);
});

test("each value has a question of its own, and the next window has none", () => {
  const desk = new Desk();
  const each = { budgetType: "user", resourceId: "*", period: "hour" } as const;
  desk.budget({ budgetId: "b", amount: 1n, asks: { timeoutMs: 86_400_000 }, ...each });
  const ask = (value: string, at: number) =>
    desk.run({ kind: "ask_budget", at, budgetId: "b", value, needed: 5n });
  ask("u", 1);
  ask("v", 1);
  ask("u", 2);
  assert.equal(count(desk, "budget_ask"), 2);
  assert.throws(() => desk.run({ kind: "decline_budget", at: 3, ...control }), /value is missing/);
  desk.run({ kind: "decline_budget", at: 3, ...control, value: "u" });
  const open = [...desk.books.counters()].map(({ key, controls }) => [
    key.value,
    openQuestion(controls.question, 4) !== null,
  ]);
  assert.deepEqual(open, [
    ["u", false],
    ["v", true],
  ]);
  assert.equal(ask("u", 3_600_000).open, true);
});

test("questions follow from the journal", () => {
  const desk = aDesk();
  question(desk, 5);
  desk.run({ kind: "decline_budget", at: 6, ...control });
  const replayed = new Books(noHistory);
  for (const entry of desk.journal) replayed.apply(entry);
  const questions = (books: Books) => [...books.counters()].map((one) => one.controls.question);
  assert.deepEqual(questions(replayed), questions(desk.books));
  assert.equal(questions(replayed)[0]?.until, 1006);
});

test("an answer to a certain question counts once, and not for a later one", () => {
  const desk = aDesk();
  const extend = (askedAt: number, at: number) =>
    desk.run({ kind: "extend_budget", at, ...control, amount: 1n, askedAt });
  const decline = (askedAt: number, at: number) =>
    desk.run({ kind: "decline_budget", at, ...control, askedAt });
  assert.throws(() => extend(5, 5), /question of budget "b" at .*005Z is answered/);
  question(desk, 5);
  assert.throws(() => extend(4, 6), /is answered/);
  extend(5, 6);
  assert.throws(() => extend(5, 7), /is answered/);
  question(desk, 8);
  assert.throws(() => decline(5, 9), /is answered/);
  decline(8, 9);
  assert.throws(() => extend(8, 10), /is answered/);
  assert.throws(() => decline(8, 10), /is answered/);
  const last = question(desk, 2000);
  assert.ok(last);
  extend(2000, 9000);
});
