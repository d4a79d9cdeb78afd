/** Several ledgers on one server decide as if all commands came one after another. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  attribution,
  hold,
  putBudget,
  settle,
  start,
  tree,
  treeIds,
  usd,
} from "../conformance/fixture.ts";
import { only } from "../conformance/store-under-test.ts";
import { MemoryFeed } from "./feed.ts";
import { MemoryLedger } from "./ledger.ts";
import { Link } from "./link.ts";
import { MemoryReader } from "./reader.ts";
import { MemoryServer } from "./server.ts";
import { plainKey } from "../../domain/key/key.test-kit.ts";

interface Client {
  readonly ledger: MemoryLedger;
  readonly feed: MemoryFeed;
  readonly link: Link<MemoryServer>;
}

async function connect(server: MemoryServer, seed: number): Promise<Client> {
  const link = new Link(server, { seed, maxDelay: 4, lossPercent: 10 });
  const feed = new MemoryFeed(link);
  const ledger = new MemoryLedger(link);
  await ledger.open(feed);
  return { ledger, feed, link };
}

async function using(
  seed: number,
  run: (left: Client, right: Client) => Promise<void>,
): Promise<void> {
  const server = new MemoryServer();
  const [left, right] = [await connect(server, seed), await connect(server, seed + 1)];
  try {
    await run(left, right);
    assert.equal((await new MemoryReader(left.link).verify()).ok, true);
  } finally {
    for (const { ledger, feed } of [left, right]) {
      await ledger.close();
      await feed.close();
    }
  }
}

const seeds = fc.integer({ min: 0, max: 0xffff_ffff });

test("concurrent holds of two clients on four levels admit exactly what fits", async () => {
  const property = fc.asyncProperty(
    seeds,
    fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 60 }),
    fc.integer({ min: 0, max: 60 }),
    async (seed, amounts, limit) => {
      await using(seed, async (left, right) => {
        for (const command of tree([usd(1000), usd(limit), usd(900), usd(900)]))
          await left.ledger.commit(command);
        const answers = await Promise.all(
          amounts.map((amount, n) =>
            (n % 2 === 0 ? left : right).ledger.commit(hold(`op${n}`, usd(amount))),
          ),
        );
        const admitted = amounts.filter((_, n) => answers[n]?.admitted);
        const held = usd(admitted.reduce((sum, amount) => sum + amount, 0));
        for (const id of treeIds)
          for (const balance of await right.ledger.balances(id, start))
            assert.equal(balance.held, held);
        assert.ok(held <= usd(limit), "no more is admitted than fits");
        const room = usd(limit) - held;
        for (const [n, amount] of amounts.entries())
          if (answers[n]?.admitted === false)
            assert.ok(usd(amount) > room, "a hold that fits is admitted");
      });
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test("a call that both clients make with one id is held and charged once", async () => {
  const property = fc.asyncProperty(seeds, async (seed) => {
    await using(seed, async (left, right) => {
      await left.ledger.commit(putBudget("all", usd(10)));
      const request = hold("op", usd(2), { repeat: "only", fingerprint: "f" });
      const both = [left, right].map(({ ledger }) => ledger);
      const held = await Promise.all(both.map((ledger) => ledger.commit(request)));
      assert.equal(held.filter((answer) => answer.admitted && answer.repeated).length, 1);
      const end = settle("op", usd(1), { fingerprint: "g" });
      const ended = await Promise.all(both.map((ledger) => ledger.decide(end)));
      assert.equal(ended.filter(({ repeated }) => repeated).length, 1);
      const { spent } = only(await right.ledger.balances("all", start));
      assert.equal(spent, usd(1));
    });
  });
  await fc.assert(property, { numRuns: 20 });
});

test("a key ties up no more of a shared budget from two clients than from one", async () => {
  const property = fc.asyncProperty(seeds, async (seed) => {
    await using(seed, async (left, right) => {
      await left.ledger.commit(putBudget("all", usd(20)));
      const share = { keyId: "key_1", attribution, percent: 50, mostHolds: 7 };
      const holds = Array.from({ length: 16 }, (_, n) => {
        const command = hold(`op${n}`, usd(n % 2 === 0 ? 1 : 2), {
          expiresAt: start + 5000,
          share,
        });
        return (n % 3 === 0 ? left : right).ledger.commit(command);
      });
      const settled = await Promise.allSettled(holds);
      const made = settled.filter(({ status }) => status === "fulfilled").length;
      const { held } = only(await right.ledger.balances("all", start));
      assert.ok(held <= usd(10) && made <= 7, `${made} holds of ${held}`);
      assert.ok(held > usd(8) || made === 7, "it may use all of its share");
    });
  });
  await fc.assert(property, { numRuns: 20 });
});

test("a budget that one client creates counts earlier and concurrent calls of the other", async () => {
  const property = fc.asyncProperty(seeds, async (seed) => {
    await using(seed, async (left, right) => {
      const calls = Array.from({ length: 20 }, async (_, n) => {
        await right.ledger.commit(hold(`op${n}`, usd(1)));
        await right.ledger.decide(settle(`op${n}`, usd(1)));
      });
      const put = left.ledger.commit(putBudget("all", usd(100)));
      await Promise.all([...calls, put]);
      const { spent, held } = only(await left.ledger.balances("all", start));
      assert.deepEqual([spent, held], [usd(20), 0n]);
    });
  });
  await fc.assert(property, { numRuns: 20 });
});

test("a key that one client adds is soon known to the other", async () => {
  await using(1, async (left, right) => {
    const hash = "ab".repeat(32);
    await left.ledger.commit({ kind: "put_key", at: start, key: { ...aKey, hash } });
    assert.equal(left.ledger.keyByHash(hash)?.keyId, "key_1");
    while (!right.ledger.keyByHash(hash)) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

const { hash: _, ...aKey } = { ...plainKey, attribution, createdAt: start };
