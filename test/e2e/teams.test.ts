/**
 * Teams of a real process: the table of a project of nine teams, to the token, and every figure in
 * the currency of its budget, within what a key may see.
 */

import assert from "node:assert/strict";
import path from "node:path";
import { before, test } from "node:test";
import { purser } from "../../src/cli/child.test-kit.ts";
import type { TeamPageJson } from "../../src/contract/team.ts";
import { picoOf, sumPico } from "./figures.ts";
import { makeFolder, startGateway, type GatewayProcess } from "./process.ts";

let gateway: GatewayProcess;

/** Too long for a pace. */
const always = { period: "once", start: "2026-01-01", end: "2900-01-01", currency: "tokens" };

/** Allocated and used tokens, and deliverables: the team table of the project. */
const table: readonly (readonly [string, number, number, number])[] = [
  ["Orchestrator", 50_000, 45_200, 1],
  ["Team A", 15_000, 12_450, 4],
  ["Team B", 25_000, 18_900, 5],
  ["Team C", 40_000, 35_670, 6],
  ["Team D", 22_000, 0, 0],
  ["Team E", 20_000, 0, 0],
  ["Team F", 15_000, 0, 0],
  ["Team G", 10_000, 8240, 5],
  ["Team H", 8000, 6180, 6],
  ["Reserve", 5000, 0, 0],
];

before(async () => {
  const price = "{ provider: house, model: m, input: '0', output: '0', meters: { pages: '0.25' } }";
  const config = `prices: [${price}]`;
  gateway = await startGateway({ directory: await makeFolder(), config });

  await gateway.makeBudget({
    budget_id: "project",
    budget_type: "platform",
    amount: "200000",
    ...always,
  });
  for (const [team, amount] of table)
    await gateway.makeBudget({
      budget_id: team.replace(" ", "-"),
      parent_budget_id: "project",
      budget_type: "team",
      resource_id: team,
      amount: String(amount),
      ...always,
    });
  // The deliverables of a team share its tokens; what is over goes to the first.
  const rows = table.flatMap(([team, , used, deliverables]) =>
    Array.from({ length: deliverables }, (_, n) => {
      const tokens = Math.floor(used / deliverables) + (n === 0 ? used % deliverables : 0);
      return row(`${team} ${n}`, { team, task: `${team} ${n}` }, tokens);
    }),
  );
  await record(rows);
});

function row(id: string, attribution: object, tokens: number): object {
  const usage = {
    input: tokens - Math.floor(tokens / 3),
    output: Math.floor(tokens / 3),
    pages: 1,
  };
  const operation_id = id.replaceAll(" ", "-");
  return { operation_id, provider: "house", model: "m", usage, attribution };
}

async function record(data: readonly object[]): Promise<void> {
  const { json } = await gateway.api("POST", "/api/v1/usage", { body: { data } });
  assert.equal(json["failed"], 0, JSON.stringify(json).slice(0, 400));
}

async function ask(query = "", key = gateway.adminKey): Promise<TeamPageJson> {
  const { status, json } = await gateway.api("GET", `/api/v1/teams?${query}`, { key });
  assert.equal(status, 200, JSON.stringify(json));
  return json;
}

test("the table of a project is right to the token, where the document adds up wrongly, too", async () => {
  const { data, totals, parents } = await ask();
  const by = new Map(data.map((one) => [one.team, one]));
  for (const [team, allocated, used, deliverables] of table) {
    const one = by.get(team);
    assert.deepEqual(
      [one?.allocated, one?.used, one?.remaining, one?.deliverables, one?.tokens],
      [`${allocated}`, `${used}`, `${allocated - used}`, deliverables, used],
      team,
    );
    const per = deliverables === 0 ? null : String(used / deliverables);
    assert.equal(one?.cost_per_deliverable, per, team);
    assert.equal(one?.currency, "tokens");
  }
  const statuses = table.map(([team]) => by.get(team)?.status);
  assert.deepEqual(statuses, [
    "warning",
    "warning",
    "on_target",
    "warning",
    "pending",
    "pending",
    "pending",
    "warning",
    "on_target",
    "pending",
  ]);
  // The document says 200K allocated, 126.67K used, and 73.33K remaining.
  const [total] = totals;
  assert.equal(totals.length, 1);
  assert.deepEqual(
    [total?.allocated, total?.used, total?.remaining, total?.used_share, total?.status],
    ["210000", "126640", "83360", 126_640 / 210_000, "on_target"],
  );
  assert.deepEqual(parents, [
    {
      budget_id: "project",
      currency: "tokens",
      period: "once",
      allocated: "200000",
      children: "210000",
      over_allocated: "10000",
      unallocated: "0",
    },
  ]);
  assert.deepEqual([total?.deliverables, total?.teams], [27, 10]);
});

test("rows add up to the totals in pages of any size, and each leads to its calls", async () => {
  const { data, totals } = await ask();
  for (const field of ["allocated", "used", "remaining"] as const) {
    const sum = data.reduce((all, one) => all + BigInt(one[field] ?? 0), 0n);
    assert.equal(`${sum}`, totals[0]?.[field]);
  }
  const paged = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: TeamPageJson = await ask(`limit=3${cursor && `&cursor=${cursor}`}`);
    assert.deepEqual(page.totals, totals);
    paged.push(...page.data.map(({ team, used }) => [team, used]));
    cursor = page.next_cursor;
  }
  assert.deepEqual(
    paged,
    data.map(({ team, used }) => [team, used]),
  );
  for (const one of data) {
    const calls = await gateway.entries(one.drill);
    assert.equal(calls.length, one.calls);
    assert.equal(sumPico(calls.map((entry) => entry.cost_usd)), picoOf(one.cost_usd));
  }
});

test("a budget for every team gives each its own amount, and teams without one are listed", async () => {
  await record([
    row("x1", { team: "free" }, 900),
    row("x2", { team: "Team A", tags: { feature: "f" } }, 300),
  ]);
  const without = (await ask()).data.find(({ team }) => team === "free");
  assert.deepEqual(
    [without?.budget_id, without?.currency, without?.used, without?.status, without?.remaining],
    [null, "USD", "0.25", "no_budget", null],
  );
  await gateway.makeBudget({
    budget_id: "each",
    budget_type: "team",
    resource_id: "*",
    amount: "1.5",
    period: "month",
  });
  const { data, totals } = await ask();
  const each = data.filter((one) => one.budget_id === "each");
  const used = new Map(each.map((one) => [one.team, one.used]));
  assert.deepEqual(
    [used.get("free"), used.get("Team A"), used.get("Team C")],
    ["0.25", "1.25", "1.5"],
  );
  assert.ok(each.every((one) => one.allocated === "1.5"));
  assert.equal(
    data.some(({ budget_id: id }) => id === null),
    false,
  );
  const usd = totals.find(({ currency }) => currency === "USD");
  assert.equal(sumPico(each.map((one) => one.used)), picoOf(usd?.used ?? ""));
  // A call without a task has no deliverable, and the coverage shows it.
  const a = data.find((one) => one.team === "Team A" && one.currency === "tokens");
  assert.deepEqual([a?.cost_per_deliverable, a?.used], ["3112.5", "12750"]);
  assert.deepEqual(a?.coverage, { calls: 4, share: 0.8 });
  const tagged = (await ask("deliverable=tag:feature&team=Team%20A")).data;
  assert.deepEqual(
    tagged.map((one) => [one.currency, one.deliverables, one.cost_per_deliverable]),
    [
      ["USD", 1, "0.25"],
      ["tokens", 1, "300"],
    ],
  );
});

test("more than was allocated is over, and the tightest of several budgets counts", async () => {
  await record([row("x3", { team: "Team H" }, 2000)]);
  const over = (await ask("team=Team%20H")).data.find(({ currency }) => currency === "tokens");
  assert.deepEqual([over?.status, over?.remaining], ["over", "-180"]);
  await gateway.makeBudget({
    budget_id: "tighter",
    budget_type: "team",
    resource_id: "Team B",
    amount: "19000",
    ...always,
  });
  await gateway.makeBudget({
    budget_id: "of-a-model",
    budget_type: "team",
    resource_id: "Team B",
    amount: "1",
    ...always,
    models: ["other"],
  });
  const own = (await ask("team=Team%20B")).data.filter(({ currency }) => currency === "tokens");
  assert.deepEqual(
    own.map((one) => [one.budget_id, one.remaining]),
    [["tighter", "100"]],
  );
});

test("a reader's key sees the budgets and figures of its own team", async () => {
  const { key } = await gateway.makeKey({ team: "Team C" }, { role: "reader" });
  const { data, parents } = await ask("", key);
  assert.deepEqual([...new Set(data.map(({ team }) => team))], ["Team C"]);
  assert.deepEqual(parents, []);
  const other = await gateway.api("GET", "/api/v1/teams?team=Team%20A", { key });
  assert.equal(other.status, 403);
  const project = await gateway.makeKey({ project: "none" }, { role: "reader" });
  assert.deepEqual((await ask("", project.key)).data, []);
});

async function printed(words: readonly string[]): Promise<string> {
  const data = path.join(gateway.directory, "data");
  const environment = { PURSER_ADMIN_KEY: gateway.adminKey, COLUMNS: "150" };
  const { code, out, notes } = await purser(["teams", "--data", data, ...words], { environment });
  assert.equal(code, 0, notes);
  return out;
}

test("the command draws the table, with totals and the budget that is exceeded", async () => {
  const text = await printed([]);
  assert.match(text, /Team C +tokens \/ once +40,000 +35,670 +4,330 +89\.2 % +6 +5,945 +warning/);
  assert.match(text, /total +tokens \/ once +204,000/);
  assert.match(
    text,
    /The children of project are allocated 210,000 tokens, which is 10,000 more than its 200,000\./,
  );
  const csv = await printed(["--csv", "--team", "Team C"]);
  assert.match(csv, /^team,budget_id,currency,/);
  assert.match(csv, /Team C,Team-C,tokens,once,40000,35670,0,4330,0\.89175,6,5945,warning,/);
  const whole = JSON.parse(await printed(["--json"])) as TeamPageJson;
  // Each is of the time until it was asked.
  const timeless = ({ data }: TeamPageJson) => data.map((row) => ({ ...row, drill: "" }));
  assert.deepEqual(timeless(whole), timeless(await ask("limit=500")));
});

test("a question that cannot be answered names the field", async () => {
  for (const [query, field] of [
    ["deliverable=tasks", "deliverable"],
    ["deliverable=team", "deliverable"],
    ["cursor=x", "cursor"],
    ["model=m", "model"],
    ["last=7x", "last"],
  ] as const) {
    const { status, json } = await gateway.api("GET", `/api/v1/teams?${query}`);
    assert.deepEqual([status, json["field"]], [400, field], query);
    assert.ok(json["remedy"]);
  }
});
