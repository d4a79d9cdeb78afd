/** Pauses and extensions of budgets, in every ledger. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { aHold } from "../../domain/ledger/desk.test-kit.ts";
import type { Alert } from "../../domain/rule/alert.ts";
import type { Action, Rule } from "../../domain/rule/rule.ts";
import { hold, putBudget, settle, start, usd } from "./fixture.ts";
import { only, using, type OpenStore } from "./store-under-test.ts";

const control = { at: start, budgetId: "b", value: null, by: "admin", reason: "r" } as const;

export function testControlling(open: OpenStore): void {
  test("a pause and an extension are kept when the ledger is opened again", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      await ledger.commit(putBudget("b", usd(1)));
      await ledger.commit({ kind: "extend_budget", ...control, amount: usd(0.5) });
      await ledger.commit({ kind: "pause_budget", ...control });
      const reopened = await store.reopen();
      const balance = only(await reopened.ledger.balances("b", start));
      assert.deepEqual(
        [balance.limit, balance.granted, balance.paused],
        [usd(1.5), usd(0.5), { by: "admin", reason: "r", at: start }],
      );
      assert.equal(reopened.ledger.pausesOf("b").length, 1);
      const hold = (id: string) => reopened.ledger.commit(aHold(id, usd(1.2), { at: start }));
      assert.equal((await hold("paused")).admitted, false);
      await reopened.ledger.commit({ kind: "resume_budget", ...control });
      assert.equal((await hold("resumed")).admitted, true);
    });
  });

  test("what a rule does to a budget is kept when the ledger is opened again, until it is resumed", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      await ledger.commit(putBudget("b", usd(1)));
      const rules = [
        aRule("stop", { kind: "pause", budgetId: "b" }),
        aRule("cheaper", { kind: "model", models: { "openai/gpt-5": "openai/gpt-5-mini" } }),
      ];
      for (const rule of rules) {
        await ledger.commit({ kind: "put_rule", at: start, rule, deleted: false });
        const fired = { ...alert, ruleId: rule.ruleId, action: rule.action?.kind ?? null };
        await ledger.commit({ kind: "fire_rule", at: start, since: start, alert: fired });
      }
      const reopened = await store.reopen();
      const served = (): string | undefined =>
        reopened.ledger
          .replacements()
          ?.of(
            { attribution: {}, route: { provider: "openai", model: "gpt-5" }, budgets: [] },
            start,
          )?.model;
      const state = (): unknown => [reopened.ledger.pausesOf("b").map(({ by }) => by), served()];
      assert.deepEqual(state(), [["rule:stop"], "openai/gpt-5-mini"]);
      assert.equal(reopened.ledger.alertOf({ ruleId: "stop", value: "b" })?.action, "pause");
      await reopened.ledger.commit({ kind: "resume_budget", ...control });
      assert.deepEqual(state(), [[], undefined]);
    });
  });

  test("the balance of one value is found after its window, and after the ledger is opened again", async () => {
    await using(open, async (store) => {
      const each = { budgetType: "project", resourceId: "*", period: "hour" } as const;
      await store.ledger.commit(putBudget("each", usd(9), each));
      await store.ledger.commit(hold("op", usd(2)));
      await store.ledger.commit(settle("op", usd(1)));
      const { ledger } = await store.reopen();
      const [balance, ...others] = await ledger.balances("each", start, "p1");
      assert.deepEqual([balance?.counter.value, balance?.spent, others], ["p1", usd(1), []]);
      assert.equal(only(await ledger.balances("each", start, "none")).spent, 0n);
    });
  });

  test("a question and its answer are kept when the ledger is opened again", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      const asks = { timeoutMs: 1000 };
      await ledger.commit(putBudget("b", usd(1), { asks }));
      const ask = { kind: "ask_budget", at: start, budgetId: "b", value: "main" } as const;
      const answers = await Promise.all(
        [1, 2, 3].map(() => ledger.commit({ ...ask, needed: usd(3) })),
      );
      assert.deepEqual(
        answers,
        answers.map(() => ({ open: true })),
      );
      const reopened = await store.reopen();
      const question = {
        askedAt: start,
        until: start + 1000,
        needed: usd(3),
        available: usd(1),
        declined: null,
      };
      const asked = only(await reopened.ledger.balances("b", start));
      assert.deepEqual(asked.question, question);
      assert.deepEqual(reopened.ledger.budget("b")?.asks, asks);
      await reopened.ledger.commit({ kind: "decline_budget", ...control, at: start + 1 });
      const declined = only(await (await store.reopen()).ledger.balances("b", start));
      assert.deepEqual(declined.question, {
        ...question,
        until: start + 1001,
        declined: { by: "admin", reason: "r" },
      });
    });
  });

  test("a run that closed stays closed when the ledger is opened again, unless its call failed", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      await ledger.commit(putBudget("b", usd(1), { reserveForClosing: usd(0.4) }));
      const close = (id: string, run: string) =>
        aHold(id, usd(id === "1" ? 0.1 : 0.01), { at: start, closing: `session:${run}` });
      await ledger.commit(aHold("ordinary", usd(0.55), { at: start }));
      assert.ok((await ledger.commit(close("1", "s"))).admitted);
      assert.ok((await ledger.commit(close("2", "t"))).admitted);
      assert.ok((await ledger.commit(close("3", "u"))).admitted);
      const more = { usd: usd(0.1), tokens: 0n, requests: 0n };
      const call = { operationId: "1", attempt: 1, at: start };
      assert.ok((await ledger.commit({ kind: "top_up", ...call, amount: more })).admitted);
      await ledger.commit({ kind: "release", ...call, operationId: "3", reason: "failed" });

      const reopened = await store.reopen();
      const refused = await reopened.ledger.commit(close("4", "s"));
      assert.equal(!refused.admitted && refused.refusal.reason, "closing_used");
      assert.ok((await reopened.ledger.commit(close("5", "u"))).admitted);
      await reopened.ledger.commit({ kind: "release", ...call, reason: "failed" });
      assert.ok((await reopened.ledger.commit(close("6", "s"))).admitted);
      assert.ok((await reopened.reader.verify()).ok);
    });
  });

  test("of closing calls of one run at once, one uses the reserve", async () => {
    await using(open, async ({ ledger }) => {
      await ledger.commit(putBudget("b", usd(1), { reserveForClosing: usd(0.4) }));
      await ledger.commit(aHold("ordinary", usd(0.6), { at: start }));
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, n) =>
          ledger.commit(aHold(`c${n}`, usd(0.001), { at: start, closing: "session:s" })),
        ),
      );
      assert.equal(answers.filter(({ admitted }) => admitted).length, 1);
    });
  });
}

function aRule(ruleId: string, action: Action): Rule {
  const condition = {
    when: "threshold",
    budgetId: "b",
    partsPerMillion: 500_000,
    of: "actual",
  } as const;
  return { ruleId, condition, notify: null, escalate: null, action };
}

const alert: Omit<Alert, "ruleId" | "action"> = {
  when: "threshold",
  value: "b",
  chargedAt: start,
  window: { start: null, end: null },
  until: null,
  figure: usd(1),
  limit: usd(1),
  currency: "USD",
  attribution: {},
  budgetId: "b",
  operationId: null,
  notify: null,
  escalate: null,
};
