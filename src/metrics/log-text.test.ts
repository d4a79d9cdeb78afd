/** Log lines for people. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { silentObserver } from "../app/port/parts.test-kit.ts";
import { makeLog } from "./log.ts";
import { logText } from "./log-text.ts";

test("a text line has time, level and message, and the remaining fields", () => {
  const line = {
    level: 40,
    time: Date.UTC(2026, 2, 10, 12),
    msg: "lab/a has no price",
    model: "lab/a",
    share: 0.8,
  };
  assert.equal(
    logText(JSON.stringify(line)),
    "2026-03-10T12:00:00Z warning  lab/a has no price share=0.8\n",
  );
});

test("a bug shows its indented stack", () => {
  const err = { message: "broken", stack: "Error: broken\n    at here" };
  assert.equal(
    logText(JSON.stringify({ level: 50, time: 0, msg: "a call failed", err })),
    "1970-01-01T00:00:00Z error  a call failed\n  Error: broken\n      at here\n",
  );
});

test("a text log contains no JSON", () => {
  let text = "";
  const log = makeLog("info", (line) => (text += line));
  log.warn("the ledger is writable again");
  log.error("a call failed", new Error("broken"));
  assert.match(
    text,
    /Z warning {2}the ledger is writable again\n.*Z error {2}a call failed\n {2}Error: broken\n/,
  );
  assert.ok(!text.includes('{"'));
});

test("only a budget's first refusal per window and reason is logged", () => {
  let text = "";
  const observer = makeLog("info", (line) => (text += line)).observe(silentObserver);
  const refusal = { reason: "budget_exhausted", budgetId: "atlas", windowEnd: 1000 } as const;
  const lines = (): number => text.split("\n").length - 1;
  for (let call = 0; call < 3; call++) observer.refused(refusal);
  assert.match(
    text,
    /^\S+Z warning {2}budget atlas refuses calls \(budget_exhausted\); .*purser report --refused[^\n]*\n$/,
  );
  observer.refused({ ...refusal, reason: "budget_held" });
  observer.refused({ ...refusal, budgetId: "all", windowEnd: null });
  observer.refused({ ...refusal, windowEnd: 2000 });
  assert.equal(lines(), 4);
  for (const windowEnd of [1000, 2000]) observer.refused({ ...refusal, windowEnd });
  assert.equal(lines(), 4);
});

test("a refused provider key is reported once if configured, and never if sent by the caller", () => {
  let text = "";
  const observer = makeLog("info", (line) => (text += line)).observe(silentObserver);
  observer.callFailed({ provider: "lab", status: 401, withConfiguredKey: false });
  observer.callFailed({ provider: "lab", status: 500, withConfiguredKey: true });
  assert.equal(text, "");
  for (let call = 0; call < 2; call++)
    observer.callFailed({ provider: "lab", status: 401, withConfiguredKey: true });
  assert.equal(text.split("lab returned 401 for its configured key").length, 2);
  assert.match(text, /purser doctor --online/);
});
