/** Conformance tests: the questions that a reader of a ledger answers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ledger } from "../../app/port/ledger.ts";
import type { CallFilter, CallRow, LedgerReader, Totals } from "../../app/port/reader.ts";
import type { Attribution } from "../../domain/attribution/attribution.ts";
import { pico } from "../../domain/money/money.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import { sumUsage, type Usage } from "../../domain/usage/usage.ts";
import { hold, outcome, putBudget, route, settle, start, usd, usualOutcome } from "./fixture.ts";
import { using, type OpenStore } from "./store-under-test.ts";

const hourMs = 3_600_000;
const ocr = openMeter("tool:ocr");

export function testRows(open: OpenStore): void {
  test("a call is returned with everything its hold and its end recorded", async () => {
    await using(open, async ({ ledger, reader }) => {
      await ledger.commit(hold("op", usd(5), { repeat: "next" }));
      const parts = [{ model: "advisor", usage: { input: 3, output: 4 } }];
      const usual = {
        ...usualOutcome(812, 311),
        parts,
        reportedCost: pico(7n),
        flags: ["aborted" as const],
      };
      await ledger.commit(settle("op", usd(0), { outcome: usual }));
      const [row] = await reader.calls({}, { limit: 10, before: null });
      const {
        status,
        model,
        usage,
        charges,
        cost,
        reportedCost,
        rawUsage,
        flags,
        latencyMs,
        priceVersion,
      } = usual;
      assert.deepEqual(row, {
        seq: row?.seq,
        operationId: "op",
        attempt: 1,
        startedAt: start,
        endedAt: start + 1000,
        attribution: { org: "acme", team: "t1", project: "p1" },
        route,
        status,
        model,
        usage,
        parts,
        charges,
        cost: cost.usd,
        reportedCost,
        rawUsage,
        flags,
        latencyMs,
        priceVersion,
        correction: null,
      });
    });
  });

  test("a call has the model that a rule replaced, and is found by the one that served", async () => {
    await using(open, async (store) => {
      const replaced = { ...route, replaced: { model: "gpt-5-pro", ruleId: "cheaper" } };
      await store.ledger.commit(hold("op", usd(5), { route: replaced }));
      await store.ledger.commit(hold("other", usd(5)));
      for (const id of ["op", "other"]) await store.ledger.commit(settle(id, usd(1)));
      const { reader } = await store.reopen();
      const rows = await reader.calls({ model: "gpt-5-2025-08-07" }, { limit: 10, before: null });
      assert.deepEqual(
        rows.map((row) => row.route),
        [route, replaced],
      );
      assert.equal((await reader.verify()).ok, true);
    });
  });

  test("usage by other models in a call is in its sums, but separate from its usage", async () => {
    await using(open, async ({ ledger, reader }) => {
      await ledger.commit(hold("op", usd(5)));
      const parts = [{ model: "advisor", usage: { input: 3, output: 4, maps_grounding: 1 } }];
      await ledger.commit(settle("op", usd(1), { outcome: outcome(usd(1), { parts }) }));
      const [total] = await reader.totals({}, [], null);
      assert.deepEqual(total?.usage, { input: 93, output: 14, maps_grounding: 1 });
      const [wide] = await reader.totals(
        { from: start - 2 * hourMs, to: start + 2 * hourMs },
        [],
        null,
      );
      assert.deepEqual(wide?.usage, total.usage);
      assert.equal((await reader.verify()).ok, true);
    });
  });

  test("the provider's usage is returned verbatim, whatever numbers and strings it contains", async () => {
    const texts = [
      '{"a":1,"b":[2,3.50,-4e2],"c":"5 and \\" 6"}',
      '{"a":9,"b":[8,7.0,0],"c":"5 and \\" 6"}',
      '{ "n": 12345678901234567890, "nested": {"x": 0.1, "y": 1E5} }',
      "{}",
      "not json 1 2",
      // Begins as the details of a charge do.
      '{"item_id":, "request_id":"op0", 1',
      `{"long":"${"x".repeat(5000)}","n":1}`,
    ];
    await using(open, async ({ ledger, reader }) => {
      for (const [n, rawUsage] of texts.entries()) {
        await ledger.commit(hold(`op${n}`, usd(1)));
        await ledger.commit(settle(`op${n}`, usd(1), { outcome: outcome(usd(1), { rawUsage }) }));
      }
      const rows = await reader.calls({}, { limit: 10, before: null });
      assert.deepEqual(
        rows.map(({ rawUsage }) => rawUsage),
        texts.toReversed(),
      );
    });
  });

  test("a corrected call is one call, at its new cost, in the hour it ended", async () => {
    await using(open, async ({ ledger, reader }) => {
      await ledger.commit(putBudget("all", usd(10)));
      await ledger.commit(hold("op", usd(4)));
      await ledger.commit(
        settle("op", usd(4), { outcome: outcome(usd(4), { status: "unresolved" }) }),
      );
      const at = start + 5 * hourMs;
      await ledger.commit(
        settle("op", usd(1), { at, outcome: outcome(usd(1)), fingerprint: "bill" }),
      );
      const rows = await reader.calls({}, { limit: 10, before: null });
      assert.deepEqual(
        rows.map(({ status, cost, endedAt }) => [status, cost, endedAt]),
        [["settled", usd(1), start + 1000]],
      );
      const totals = await reader.totals({}, ["status"], hourMs);
      assert.deepEqual(
        totals.map(({ group, bucket, calls, cost }) => [group, bucket, calls, cost]),
        [[{ status: "settled" }, start, 1, usd(1)]],
      );
      const ragged = await reader.totals({ from: start + 1000, to: start + 1001 }, [], null);
      assert.deepEqual(
        ragged.map(({ calls, cost }) => [calls, cost]),
        [[1, usd(1)]],
      );
      assert.deepEqual(await reader.totals({ from: start + 1001 }, [], null), []);
      assert.equal((await reader.verify()).ok, true);
    });
  });
}

export function testFinding(open: OpenStore): void {
  test("pages follow each other without gaps or repeats, newest first", async () => {
    await using(open, async ({ ledger, reader }) => {
      await makeCalls(ledger);
      const all = await reader.calls({}, { limit: 1000, before: null });
      const paged: CallRow[] = [];
      for (let before: number | null = null; ;) {
        const page: readonly CallRow[] = await reader.calls({}, { limit: 7, before });
        paged.push(...page);
        const last = page.at(-1);
        if (!last) break;
        before = last.seq;
      }
      assert.deepEqual(paged, all);
      assert.deepEqual(
        all.map(({ seq }) => seq),
        all.map(({ seq }) => seq).toSorted((left, right) => right - left),
      );
    });
  });

  test("every filter matches a scan of all calls", async () => {
    await using(open, async ({ ledger, reader }) => {
      await makeCalls(ledger);
      const all = await reader.calls({}, { limit: 1000, before: null });
      const check = async (
        filter: Parameters<LedgerReader["calls"]>[0],
        matches: (row: CallRow) => boolean,
      ): Promise<void> => {
        const found = await reader.calls(filter, { limit: 1000, before: null });
        const expected = all.filter(matches);
        assert.deepEqual(
          found.map(({ seq }) => seq),
          expected.map(({ seq }) => seq),
          JSON.stringify(filter),
        );
        assert.notEqual(found.length, 0, JSON.stringify(filter));
        assert.deepEqual(
          await sumTotals(reader, filter),
          sumRows(expected),
          JSON.stringify(filter),
        );
      };
      await check(
        { attribution: { project: "p1" } },
        ({ attribution }) => attribution.project === "p1",
      );
      await check(
        { attribution: { project: "unattributed" } },
        ({ attribution }) => attribution.project === undefined,
      );
      await check(
        { attribution: { "tag:customer": "c1", team: "t1" } },
        (row) => row.attribution.tags?.["customer"] === "c1" && row.attribution.team === "t1",
      );
      await check(
        { among: { dimension: "project", values: new Set(["p1", "unattributed", "none"]) } },
        ({ attribution: { project } }) => project === undefined || project === "p1",
      );
      await check(
        { among: { dimension: "project", values: new Set(["p1"]) }, attribution: { team: "t1" } },
        ({ attribution: { project, team } }) => project === "p1" && team === "t1",
      );
      await check({ provider: "anthropic" }, (row) => row.route.provider === "anthropic");
      await check({ model: "gpt-5-2025-08-07" }, ({ model }) => model === "gpt-5-2025-08-07");
      await check(
        { model: "gpt-5", status: "released" },
        ({ model, status }) => model === "gpt-5" && status === "released",
      );
      await check({ status: "settled" }, ({ status }) => status === "settled");
      await check(
        { status: "estimated", provider: "openai" },
        (row) => row.status === "estimated" && row.route.provider === "openai",
      );
      const [from, to] = [start + 2 * hourMs + 17 * 60_000, start + 5 * hourMs + 1];
      await check({ from, to }, ({ endedAt }) => endedAt >= from && endedAt < to);
      await check(
        { from, to: from + 4 * hourMs, attribution: { team: "t1" } },
        (row) =>
          row.endedAt >= from && row.endedAt < from + 4 * hourMs && row.attribution.team === "t1",
      );
      await check({ operationId: "op5" }, ({ operationId }) => operationId === "op5");
    });
  });
}

export function testTotals(open: OpenStore): void {
  test("totals are ordered by bucket, oldest first, then by cost, highest first", async () => {
    await using(open, async ({ ledger, reader }) => {
      const ended: readonly (readonly [project: string, dollars: number, hours: number])[] = [
        ["p1", 1, 1],
        ["p2", 3, 1],
        ["p3", 2, 0],
        ["p1", 5, 0],
        ["p3", 2, 1],
      ];
      for (const [n, [project, dollars, hours]] of ended.entries()) {
        const at = start + hours * hourMs;
        await ledger.commit(hold(`op${n}`, usd(9), { at, attribution: { project } }));
        await ledger.commit(settle(`op${n}`, usd(dollars), { at: at + 1 }));
      }
      const totals = await reader.totals({}, ["project"], hourMs);
      assert.deepEqual(
        totals.map(({ bucket, group, cost }) => [
          ((bucket ?? 0) - start) / hourMs,
          group["project"],
          cost,
        ]),
        [
          [0, "p1", usd(5)],
          [0, "p3", usd(2)],
          [1, "p2", usd(3)],
          [1, "p3", usd(2)],
          [1, "p1", usd(1)],
        ],
      );
    });
  });

  test("the sum over any partition is the total; a missing value is unattributed", async () => {
    await using(open, async ({ ledger, reader }) => {
      await makeCalls(ledger);
      const [total] = await reader.totals({}, [], null);
      for (const by of [
        "provider",
        "model",
        "endpoint",
        "key",
        "status",
        "project",
        "team",
        "agent",
        "tag:customer",
      ]) {
        for (const bucketMs of [null, hourMs, 24 * hourMs]) {
          const parts = await reader.totals({}, [by, "org"], bucketMs);
          assert.deepEqual({ ...sumOf(parts), group: {}, bucket: null }, total, by);
          assert.equal(
            parts.every(({ group }) => group[by] !== undefined && group["org"] !== ""),
            true,
          );
        }
      }
      const agents = await reader.totals({}, ["agent"], null);
      assert.deepEqual(
        agents.map(({ group }) => group),
        [{ agent: "unattributed" }],
      );
    });
  });

  test("adjacent ranges add up to the whole, wherever they are split", async () => {
    await using(open, async ({ ledger, reader }) => {
      await makeCalls(ledger);
      const [total] = await reader.totals({}, [], null);
      for (const cut of [
        start,
        start + 1,
        start + hourMs - 1,
        start + 3 * hourMs,
        start + 14 * hourMs,
        start + 39 * hourMs + 123_456,
      ]) {
        const parts = [
          ...(await reader.totals({ to: cut }, [], null)),
          ...(await reader.totals({ from: cut }, [], null)),
        ];
        assert.deepEqual({ ...sumOf(parts), group: {}, bucket: null }, total);
      }
    });
  });

  test("a refused call counts as a refusal, not as a call", async () => {
    await using(open, async ({ ledger, reader }) => {
      await ledger.commit(putBudget("all", usd(1)));
      await ledger.commit(hold("big", usd(2)));
      const totals = await reader.totals({}, ["status"], null);
      assert.deepEqual(
        totals.map(({ group, calls, refusals }) => [group, calls, refusals]),
        [[{ status: "refused" }, 0, 1]],
      );
      assert.deepEqual(await reader.calls({}, { limit: 10, before: null }), []);
      assert.deepEqual(await reader.totals({ status: "settled" }, [], null), []);
      assert.equal((await reader.totals({ status: "refused" }, [], null))[0]?.refusals, 1);
    });
  });

  test("a call that ended without a charge counts as released and does not lower averages", async () => {
    await using(open, async ({ ledger, reader }) => {
      for (const id of ["a", "b"]) await ledger.commit(hold(id, usd(1)));
      await ledger.commit(settle("a", usd(1)));
      await ledger.commit({
        kind: "release",
        at: start + 1,
        operationId: "b",
        attempt: 1,
        reason: "upstream failed",
      });
      for (const range of [{}, { from: start, to: start + 5000 }]) {
        const [total] = await reader.totals(range, [], null);
        assert.deepEqual(
          [total?.calls, total?.released, total?.latencyMs, total?.cost],
          [1, 1, 120, usd(1)],
        );
      }
      const charged = await reader.calls({ charged: true }, { limit: 10, before: null });
      assert.deepEqual(
        charged.map(({ operationId }) => operationId),
        ["a"],
      );
    });
  });

  test("refusals are found by attribution, requested model and time, newest first, in pages", async () => {
    await using(open, async ({ ledger, reader }) => {
      await ledger.commit(putBudget("all", usd(1)));
      for (let n = 0; n < 5; n++) {
        const at = start + n * hourMs;
        const whose = { team: n % 2 === 0 ? "t1" : "t2" };
        const asked = { ...route, model: n === 3 ? "gpt-4o" : route.model };
        await ledger.commit(hold(`op${n}`, usd(2), { at, attribution: whose, route: asked }));
      }
      const ids = async (
        filter: CallFilter,
        page: { limit: number; before: number | null },
      ): Promise<readonly string[]> =>
        (await reader.refusals(filter, page)).map(({ operationId }) => operationId);
      const all = { limit: 10, before: null };
      assert.deepEqual(await ids({}, all), ["op4", "op3", "op2", "op1", "op0"]);
      assert.deepEqual(await ids({ attribution: { team: "t2" } }, all), ["op3", "op1"]);
      assert.deepEqual(await ids({ model: "gpt-4o" }, all), ["op3"]);
      assert.deepEqual(await ids({ from: start + hourMs, to: start + 3 * hourMs }, all), [
        "op2",
        "op1",
      ]);
      assert.deepEqual(await ids({ operationId: "op2" }, all), ["op2"]);
      const [, second] = await reader.refusals({}, { limit: 2, before: null });
      assert.deepEqual(await ids({}, { limit: 2, before: second?.seq ?? 0 }), ["op2", "op1"]);
      assert.deepEqual([second?.reason, second?.budgetId], ["budget_exhausted", "all"]);
    });
  });
}

/**
 * 60 calls over three days: two providers, three teams, all statuses, some refused, one amended;
 * some with meters that only they have.
 */
async function makeCalls(ledger: Ledger): Promise<void> {
  await ledger.commit(putBudget("agent", usd(0), { budgetType: "agent", resourceId: "none" }));
  const ends = [];
  for (let n = 0; n < 60; n++) {
    const at = start + n * 50 * 60_000;
    const operationId = `op${n}`;
    const provider = n % 4 === 0 ? "anthropic" : "openai";
    const tags = n % 2 === 0 ? { tags: { customer: `c${n % 3}` } } : {};
    const project = n % 5 === 0 ? {} : { project: `p${n % 7}` };
    const attribution: Attribution = { org: "acme", team: `t${n % 3}`, ...project, ...tags };
    await ledger.decide(
      hold(operationId, usd(1), {
        at,
        attribution,
        route: { ...route, provider, keyId: n % 6 === 0 ? null : "key_1" },
      }),
    );
    ends.push(endOf(ledger, { n, at: at + 1000, operationId }));
  }
  await Promise.all(ends);
  const amended = {
    kind: "settle",
    attempt: 1,
    fingerprint: "bill",
    at: start + 60 * hourMs,
    outcome: usualOutcome(5, 5),
  } as const;
  await ledger.commit({ ...amended, operationId: "op7" });
}

function endOf(
  ledger: Ledger,
  { n, at, operationId }: { readonly n: number; readonly at: number; readonly operationId: string },
): Promise<unknown> {
  if (n % 9 === 4)
    return ledger.decide({
      kind: "release",
      at,
      operationId,
      attempt: 1,
      reason: "upstream failed",
    });
  const status = n % 10 === 7 ? "unresolved" : n % 10 === 3 ? "estimated" : "settled";
  const usual = usualOutcome(800 + n, 300 + n);
  const usage = n % 3 === 1 ? { ...usual.usage, [ocr]: n, [`tool:t${n % 4}`]: 1 } : usual.usage;
  const end = { ...usual, usage, status } as const;
  return ledger.decide(
    settle(operationId, usd(0), {
      at,
      outcome: n % 8 === 1 ? { ...end, model: "gpt-5-mini" } : end,
    }),
  );
}

interface Sums {
  readonly calls: number;
  readonly released: number;
  readonly cost: bigint;
  readonly usage: Usage;
}

function sumRows(rows: readonly CallRow[]): Sums {
  const cost = rows.reduce((sum, row) => sum + row.cost, 0n);
  const released = rows.filter(({ status }) => status === "released").length;
  return {
    calls: rows.length - released,
    released,
    cost,
    usage: sumUsage(rows.map(({ usage }) => usage)),
  };
}

async function sumTotals(
  reader: LedgerReader,
  filter: Parameters<LedgerReader["totals"]>[0],
): Promise<Sums> {
  const { calls, released, cost, usage } = sumOf(
    await reader.totals(filter, ["project", "model"], hourMs),
  );
  return { calls, released, cost, usage };
}

function sumOf(totals: readonly Totals[]): Omit<Totals, "group" | "bucket"> {
  return {
    calls: totals.reduce((sum, { calls }) => sum + calls, 0),
    charges: totals.reduce((sum, { charges }) => sum + charges, 0),
    released: totals.reduce((sum, { released }) => sum + released, 0),
    refusals: totals.reduce((sum, { refusals }) => sum + refusals, 0),
    cost: pico(totals.reduce((sum, { cost }) => sum + cost, 0n)),
    usage: sumUsage(totals.map(({ usage }) => usage)),
    chargeCost: pico(totals.reduce((sum, { chargeCost }) => sum + chargeCost, 0n)),
    latencyMs: totals.reduce((sum, { latencyMs }) => sum + latencyMs, 0),
    timed: totals.reduce((sum, { timed }) => sum + timed, 0),
  };
}
