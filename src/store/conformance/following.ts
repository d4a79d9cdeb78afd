/** Conformance tests: what a follower of the journal sees. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Feed, FollowedEntry } from "../../app/port/feed.ts";
import { Contexts } from "../../domain/event/context.ts";
import type { Ledger } from "../../app/port/ledger.ts";
import type { Key } from "../../domain/key/key.ts";
import { hold, putBudget, route, settle, start, tree, usd, usualOutcome } from "./fixture.ts";
import { rejects, using, type OpenStore } from "./store-under-test.ts";
import { plainKey } from "../../domain/key/key.test-kit.ts";

export function testFollowing(open: OpenStore): void {
  test("a follower sees each entry once, in order and as it was decided, then new ones", async () => {
    await using(open, async ({ ledger, feed }) => {
      await ledger.commit(putBudget("all", usd(1000)));
      await call(ledger, "before");
      const seen = take(feed, { afterSeq: 0, count: 7 });
      await call(ledger, "during");
      await ledger.commit({ ...hold("big", usd(2000)), at: start + 5 });
      await ledger.commit({ kind: "delete_budget", at: start, budgetId: "all" });
      const entries = await seen;
      assert.deepEqual(
        entries.map(({ seq }) => seq),
        [1, 2, 3, 4, 5, 6, 7],
      );
      assert.deepEqual(
        entries.map(({ entry }) => entry.kind),
        ["budget", "hold", "settle", "hold", "settle", "refusal", "budget"],
      );
      const settled = entries[2]?.entry;
      assert.ok(settled?.kind === "settle");
      const { operationId, attempt, cost, usage, charges, rawUsage } = settled;
      const expected = usualOutcome(10, 20);
      assert.deepEqual(
        { operationId, attempt, cost, usage, charges, rawUsage },
        {
          operationId: "before",
          attempt: 1,
          cost: expected.cost,
          usage: expected.usage,
          charges: expected.charges,
          rawUsage: expected.rawUsage,
        },
      );
    });
  });

  test("from any checkpoint, and after a restart, a follower continues with the next entry", async () => {
    await using(open, async (store) => {
      for (let n = 0; n < 5; n += 1) await call(store.ledger, `op${n}`);
      const all = await take(store.feed, { afterSeq: 0, count: 10 });
      for (const afterSeq of [1, 4, 9])
        assert.deepEqual(
          await take(store.feed, { afterSeq, count: 10 - afterSeq }),
          all.slice(afterSeq),
        );
      const again = await store.reopen();
      const rest = take(again.feed, { afterSeq: 10, count: 2 });
      await call(again.ledger, "after");
      assert.deepEqual(
        (await rest).map(({ seq }) => seq),
        [11, 12],
      );
      assert.deepEqual(await take(again.feed, { afterSeq: 0, count: 10 }), all);
    });
  });

  test("each entry comes with what it refers to, as it was then, also after a restart", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      for (const put of tree([usd(1000), usd(1000), usd(1000), usd(5)])) await ledger.commit(put);
      await ledger.commit({ kind: "put_key", at: start, key });
      await call(ledger, "first");
      await ledger.commit({ ...putBudget("org", usd(900)), at: start + 1 });
      await call(ledger, "second");
      await ledger.commit({ kind: "put_key", at: start, key: { ...key, name: "two" } });
      const other = { ...route, keyId: "key_2" };
      await ledger.commit(hold("refused", usd(2000), { route: other }));
      await ledger.commit(hold("lapsing", usd(1), { expiresAt: start + 10, at: start }));
      await ledger.commit({ kind: "expire", at: start + 20 });
      const project = { project: "p2" };
      await ledger.commit(
        hold("p2", usd(1), { attribution: project, at: start + 86_400_000 * 40 }),
      );
      await ledger.commit({ kind: "delete_budget", at: start, budgetId: "project" });
      await ledger.commit(putBudget("project", usd(7)));
      const count = await store.feed.last();
      const all = await take(store.feed, { afterSeq: 0, count });
      assert.equal(all.length, count);
      const contexts = new Contexts();
      for (const { entry, context, seq } of all)
        assert.deepEqual(context, contexts.next(entry), `entry ${seq}: ${entry.kind}`);
      const opened = all.flatMap(({ context }) => context.opened ?? []);
      assert.deepEqual(
        opened.map(({ counter }) => `${counter.budgetId} ${counter.value}`),
        [
          "project p1",
          "team t1",
          "org acme",
          "all main",
          // The budget changed its kind, and was counted anew.
          "org main",
          // A month later.
          "project p2",
          "all main",
          "org main",
          "project main",
        ],
      );
      assert.deepEqual(
        all.flatMap(({ context: { firstUseOf, key: used } }) =>
          firstUseOf ? [[firstUseOf, used?.name]] : [],
        ),
        [
          ["key_1", "one"],
          ["key_2", undefined],
        ],
      );
      assert.equal(all.filter(({ context }) => context.call?.route.keyId === "key_1").length, 3);
      const again = await store.reopen();
      assert.deepEqual(await take(again.feed, { afterSeq: 0, count }), all);
      assert.deepEqual(await take(again.feed, { afterSeq: 8, count: count - 8 }), all.slice(8));
    });
  });

  test("a checkpoint that the journal does not have is rejected", async () => {
    await using(open, async ({ ledger, feed }) => {
      await call(ledger, "op");
      await take(feed, { afterSeq: 0, count: 2 });
      await rejects(take(feed, { afterSeq: 3, count: 1 }), "conflict");
    });
  });

  test("a slow follower takes one page at a time, and delays neither calls nor other followers", async () => {
    await using(open, async ({ ledger, feed }) => {
      const stop = new AbortController();
      const slow = feed.follow(0, stop.signal)[Symbol.asyncIterator]();
      await call(ledger, "op");
      const first = await slow.next();
      const quick = take(feed, { afterSeq: 0, count: 1202 });
      await Promise.all(Array.from({ length: 600 }, (_, n) => call(ledger, `op${n}`)));
      const all = await quick;
      const pages: FollowedEntry[][] = [[...(first.value ?? [])]];
      while (pages.flat().length < 1202) pages.push([...((await slow.next()).value ?? [])]);
      assert.deepEqual(pages.flat(), all);
      assert.ok(Math.max(...pages.map(({ length }) => length)) <= 200, "a page is short");
      stop.abort();
      assert.equal((await slow.next()).done, true);
    });
  });

  test("a waiting follower ends when its signal aborts, or when its feed is closed", async () => {
    await using(open, async ({ feed }) => {
      const stop = new AbortController();
      const aborted = feed.follow(0, stop.signal)[Symbol.asyncIterator]().next();
      const closed = feed.follow(0)[Symbol.asyncIterator]().next();
      stop.abort();
      assert.equal((await aborted).done, true);
      await feed.close();
      assert.equal((await closed).done, true);
    });
  });
}

async function call(ledger: Ledger, operationId: string): Promise<void> {
  await ledger.commit(hold(operationId, usd(1)));
  await ledger.decide(settle(operationId, usd(0), { outcome: usualOutcome(10, 20) }));
}

/** Follows until it has seen as many entries. */
async function take(
  feed: Feed,
  { afterSeq, count }: { readonly afterSeq: number; readonly count: number },
): Promise<readonly FollowedEntry[]> {
  const seen: FollowedEntry[] = [];
  for await (const page of feed.follow(afterSeq)) {
    seen.push(...page);
    if (seen.length >= count) break;
  }
  return seen.slice(0, count);
}

const key: Key = { ...plainKey, name: "one", createdAt: start };
