/** Tests who learns of decisions. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { aHold, Desk } from "../../domain/ledger/desk.test-kit.ts";
import type { ThresholdEntry } from "../../domain/ledger/entry.ts";
import type { RefusedCall } from "../port/observer.ts";
import { announceChange, announceRefusal } from "./announce.ts";
import { Waiting } from "./waiting.ts";

test("a refusal reaches the observer with its budget, its reason and the end of the window", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: 10n });
  const answer = desk.run(aHold("a", 11n));
  assert.ok(!answer.admitted);
  const refused: RefusedCall[] = [];
  const observer = {
    refused: (call: RefusedCall) => void refused.push(call),
    thresholdCrossed: () => assert.fail(),
  };
  announceRefusal({ observer }, answer.refusal);
  const windowEnd = Date.UTC(1971, 0, 1);
  assert.deepEqual(refused, [{ reason: "budget_exhausted", budgetId: "b", windowEnd }]);
});

test("a change wakes the waiting calls once, and reports each threshold that it crossed", () => {
  const waiting = new Waiting();
  const crossed: ThresholdEntry[] = [];
  const observer = {
    refused: () => assert.fail("nothing was refused"),
    thresholdCrossed: (threshold: ThresholdEntry) => void crossed.push(threshold),
  };
  announceChange({ waiting, observer });
  assert.deepEqual([waiting.endings, crossed], [1, []]);
  const thresholds = [1, 2].map((partsPerMillion) => ({ partsPerMillion }) as ThresholdEntry);
  announceChange({ waiting, observer }, thresholds);
  assert.deepEqual([waiting.endings, crossed], [2, thresholds]);
});
