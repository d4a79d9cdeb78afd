/** Commands on an ended or unknown operation are refused without changes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../error.ts";
import { aHold, anOutcome, Desk, quantities } from "./desk.test-kit.ts";

const first = { operationId: "a", attempt: 1, at: 2, fingerprint: null };

/** How an operation's only attempt ended, and the refusal of each command afterwards. */
const ended = {
  unknown: () => undefined,
  released: (desk: Desk) =>
    desk.run({ kind: "release", operationId: "a", attempt: 1, at: 2, reason: "r" }),
  settled: (desk: Desk) => desk.run({ kind: "settle", ...first, outcome: anOutcome(30n) }),
  expired: (desk: Desk) => desk.run({ kind: "expire", at: 10 }),
};
const commands = {
  settle: { kind: "settle", ...first, fingerprint: "other", outcome: anOutcome(1n) },
  release: { kind: "release", operationId: "a", attempt: 1, at: 3, reason: "r" },
  "top-up": { kind: "top_up", operationId: "a", attempt: 1, at: 3, amount: quantities(1n) },
} as const;
const refusals: readonly (readonly [
  keyof typeof ended,
  keyof typeof commands,
  code: string,
  message: RegExp,
  remedy: RegExp,
])[] = [
  ["unknown", "settle", "not_found", /^no hold "a"$/, /Check the id/],
  ["unknown", "release", "not_found", /^no hold "a"$/, /Check the id/],
  ["unknown", "top-up", "not_found", /^no hold "a"$/, /Check the id/],
  ["released", "settle", "conflict", /^hold "a" was released$/, /ends once/],
  ["released", "top-up", "conflict", /^hold "a" has ended$/, /make a new one/],
  ["settled", "settle", "conflict", /^hold "a" was settled with another body$/, /ends once/],
  ["settled", "release", "conflict", /^hold "a" was settled$/, /cannot be released/],
  ["settled", "top-up", "conflict", /^hold "a" has ended$/, /make a new one/],
  ["expired", "top-up", "conflict", /^hold "a" has ended$/, /make a new one/],
];

for (const [how, command, code, message, remedy] of refusals) {
  test(`a ${command} of an operation that is ${how} is refused by its id, says why, and changes nothing`, () => {
    const desk = new Desk();
    desk.budget({ budgetId: "all" });
    if (how !== "unknown") desk.run(aHold("a", 40n, { expiresAt: 10 }));
    ended[how](desk);
    const before = [desk.journal.length, how === "unknown" ? null : desk.counter("all")];
    assert.throws(
      () => desk.run(commands[command]),
      (error) => {
        assert.ok(error instanceof PurserError);
        assert.deepEqual([error.code, error.detail.field], [code, "operation_id"]);
        assert.match(error.message, message);
        assert.match(error.detail.remedy ?? "", remedy);
        return true;
      },
    );
    assert.deepEqual([desk.journal.length, how === "unknown" ? null : desk.counter("all")], before);
  });
}

test("only the named attempt is ended", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all" });
  desk.run(aHold("a", 40n));
  for (const command of Object.values(commands))
    assert.throws(() => desk.run({ ...command, attempt: 2 }), { code: "not_found" });
  assert.equal(desk.counter("all").held, 40n);
});
