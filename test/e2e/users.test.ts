/**
 * Users of a real process: what each cost adds up to the spend, leads to its calls, and is the same
 * in pages of any size.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { UserPageJson } from "../../src/contract/user.ts";
import { picoOf, sumPico } from "./figures.ts";
import { makeFolder, startGateway, type GatewayProcess } from "./process.ts";

let gateway: GatewayProcess;

before(async () => {
  const config = "items: [{ item_id: gpu, kind: infrastructure, unit: hour, price_usd: '2.5' }]";
  gateway = await startGateway({ directory: await makeFolder(), config });
  const at = (n: number): string => new Date(Date.UTC(2026, 9, 24) + n * 3_700_123).toISOString();
  const usage = Array.from({ length: 60 }, (_, n) => ({
    operation_id: `u${n}`,
    timestamp: at(n),
    provider: "house",
    model: "m",
    amount_usd: `0.${String(n * 7919 + 1).padStart(12, "0")}`,
    attribution: { team: `t${n % 2}`, ...(n % 7 > 0 && { user: `user ${n % 7}&=` }) },
  }));
  const charges = Array.from({ length: 10 }, (_, n) => ({
    charge_id: `c${n}`,
    timestamp: at(n),
    item_id: "gpu",
    quantity: `${n}.1`,
    attribution: { user: n % 2 > 0 ? "user 1&=" : "only charges" },
  }));
  for (const [path, data] of [
    ["usage", usage],
    ["charges", charges],
  ] as const) {
    const { json } = await gateway.api("POST", `/api/v1/${path}`, { body: { data } });
    assert.equal(json["failed"], 0, JSON.stringify(json).slice(0, 300));
  }
});

async function ask(query: string, key = gateway.adminKey): Promise<UserPageJson> {
  const { status, json } = await gateway.api("GET", `/api/v1/users?${query}`, { key });
  assert.equal(status, 200, JSON.stringify(json));
  return json;
}

const whole = "from=2026-10-01&to=2026-11-20";

test("users add up to the spend, and each leads to its calls", async () => {
  const { data, total } = await ask(whole);
  const entries = await gateway.entries();
  assert.equal(picoOf(total.cost_usd), sumPico(entries.map((entry) => entry.cost_usd)));
  assert.equal(sumPico(data.map((row) => row.cost_usd)), picoOf(total.cost_usd));
  // Seven named users, and the spend of none.
  assert.deepEqual([total.users, total.calls, total.requests], [7, 60, 60]);
  for (const row of data) {
    const calls = await gateway.entries(row.drill);
    assert.equal(sumPico(calls.map((entry) => entry.cost_usd)), picoOf(row.cost_usd), row.user);
    assert.equal(calls.length, row.calls + row.charges);
    const requests = calls.filter(({ endpoint }) => endpoint !== "charge").length;
    assert.equal(requests, row.requests);
    const ends = (calls as unknown as readonly { readonly ended_at: string }[]).map(
      ({ ended_at: end }) => end,
    );
    assert.equal(
      row.last_call_at,
      ends.reduce((last, end) => (end > last ? end : last)),
    );
    const per = row.cost_per_request_usd;
    if (requests === 0) assert.equal(per, null);
    else {
      // Rounded to the nearest pico-dollar.
      const rest = picoOf(per ?? "0") * BigInt(requests) - picoOf(row.cost_usd);
      assert.ok(rest * 2n <= BigInt(requests) && rest * -2n <= BigInt(requests));
    }
  }
  assert.ok(data.some(({ user }) => user === "unattributed"));
});

test("a threshold finds the users that cost at least that much", async () => {
  const all = (await ask(whole)).data;
  const [, second] = all;
  const found = await ask(`${whole}&threshold=${second?.cost_usd}`);
  assert.deepEqual(found.data, all.slice(0, 2));
  assert.equal(found.total.users, 7);
  assert.equal(found.threshold_usd, second?.cost_usd);
  assert.deepEqual((await ask(`${whole}&threshold=9223372`)).data, []);
  // Only in the window.
  assert.deepEqual((await ask("from=2026-11-19&to=2026-11-20")).data, []);
});

test("users are sorted as asked, the same in pages of any size", async () => {
  for (const sort of ["cost", "calls:asc", "requests", "cost_per_request:asc", "user:asc"]) {
    const { data } = await ask(`${whole}&sort=${sort}`);
    for (const limit of [1, 3]) {
      const paged: UserPageJson["data"][number][] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const query: string = `${whole}&sort=${sort}&limit=${limit}${cursor && `&cursor=${cursor}`}`;
        const page: UserPageJson = await ask(query);
        paged.push(...page.data);
        cursor = page.next_cursor;
      }
      assert.deepEqual(paged, data, sort);
    }
  }
  const names = (await ask(`${whole}&sort=user:asc`)).data.map(({ user }) => user);
  assert.deepEqual(names, names.toSorted());
  const last = (await ask(`${whole}&sort=cost_per_request`)).data.at(-1);
  assert.deepEqual([last?.user, last?.cost_per_request_usd], ["only charges", null]);
});

test("all pages are of the range of the first, and a cursor of another query is refused", async () => {
  const first = await ask("last=60m&limit=2");
  const next = await ask(`last=60m&limit=2&cursor=${first.next_cursor}`);
  assert.deepEqual([next.from, next.to], [first.from, first.to]);
  for (const query of [
    `last=59m&cursor=${first.next_cursor}`,
    `last=60m&user=x&cursor=${first.next_cursor}`,
    "cursor=abc",
  ]) {
    const { status, json } = await gateway.api("GET", `/api/v1/users?${query}`);
    assert.deepEqual([status, json["field"]], [400, "cursor"], query);
  }
  for (const [query, field] of [
    ["threshold=-1", "threshold"],
    ["threshold=x", "threshold"],
    ["sort=costs", "sort"],
    ["sort=cost:up", "sort"],
    ["last=7d&from=2026-01-01", "last"],
    ["time_zone=Mars", "time_zone"],
  ] as const) {
    const { status, json } = await gateway.api("GET", `/api/v1/users?${query}`);
    assert.deepEqual([status, json["field"]], [400, field], query);
    assert.ok(json["remedy"]);
  }
});

test("a reader's key sees the users of its team, with their calls in it", async () => {
  const { key } = await gateway.makeKey({ team: "t1" }, { role: "reader" });
  const { data, total } = await ask(whole, key);
  const own = await gateway.entries("team=t1");
  assert.equal(picoOf(total.cost_usd), sumPico(own.map((entry) => entry.cost_usd)));
  assert.ok(data.every(({ user }) => user !== "only charges"));
  assert.equal(total.calls, 30);
});
