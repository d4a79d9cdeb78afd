/**
 * Figures of a real process in another currency: what each day cost, at the rate of that day, exact
 * and rounded once, wherever it is shown.
 */

import assert from "node:assert/strict";
import path from "node:path";
import { before, test } from "node:test";
import { purser } from "../../src/cli/child.test-kit.ts";
import type { ReportJson } from "../../src/contract/report.ts";
import type { RequestJson, RequestLineJson } from "../../src/contract/request.ts";
import type { SeriesJson } from "../../src/contract/series.ts";
import type { SummaryJson } from "../../src/contract/summary.ts";
import type { TeamPageJson } from "../../src/contract/team.ts";
import type { UserPageJson } from "../../src/contract/user.ts";
import { picoOf } from "./figures.ts";
import { makeFolder, startGateway, type GatewayProcess, type Json } from "./process.ts";

let gateway: GatewayProcess;

/** When the second rate begins. */
const change = Date.UTC(2026, 10, 10);

interface Spent {
  readonly at: number;
  readonly amount: bigint;
  readonly team: string;
  readonly task: string;
}

/** To a few hours before and after both rates, and at the instants around their change. */
const spent: readonly Spent[] = Array.from({ length: 80 }, (_, n) => ({
  at: n === 0 ? change - 1 : n === 1 ? change : change + (n - 40) * 5 * 3_600_000 + n * 61_007,
  amount: BigInt(n * 7_919_000_003 + 1),
  team: `t${n % 3}`,
  task: `k${n % 7}`,
}));

before(async () => {
  const config = `
display:
  currency: EUR
  rates:
    - { from: 2026-11-01, units_per_usd: "0.92" }
    - { from: 2026-11-10, usd_per_unit: "1.07" }
    - { from: 2026-11-15, currency: GBP, units_per_usd: "0.79" }
${Array.from({ length: 12 }, (_, n) => `    - { from: 2026-11-${String(2 * n + 1).padStart(2, "0")}, currency: SEK, units_per_usd: "9.${n + 10}" }`).join("\n")}
`;
  gateway = await startGateway({ directory: await makeFolder(), config });
  const data = spent.map(({ at, amount, team, task }, n) => ({
    operation_id: `u${n}`,
    timestamp: new Date(at).toISOString(),
    provider: "house",
    model: `m${n % 2}`,
    amount_usd: decimal(amount),
    attribution: { team, task, user: `${team}-user` },
  }));
  const { json } = await gateway.api("POST", "/api/v1/usage", { body: { data } });
  assert.equal(json["failed"], 0, JSON.stringify(json).slice(0, 300));
});

function decimal(pico: bigint): string {
  const digits = `${pico}`.padStart(13, "0");
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`;
}

/** The sum in EUR ÷ parts, to the nearest 10^-12: in parts of 100 × 107. */
function euros(rows: readonly Spent[], parts = 1): bigint {
  const sum = rows.reduce(
    (total, { at, amount }) => total + amount * (at < change ? 92n * 107n : 100n * 100n),
    0n,
  );
  const divisor = 10_700n * BigInt(parts);
  return (sum * 2n + divisor) / (divisor * 2n);
}

async function ask(query: string): Promise<Json> {
  const { status, json } = await gateway.api("GET", `/api/v1/${query}`);
  assert.equal(status, 200, JSON.stringify(json));
  return json;
}

const whole = "from=2026-11-01&to=2026-11-25&currency=EUR";
const rates = [
  { from: "2026-11-01", units_per_usd: "0.92" },
  { from: "2026-11-10", usd_per_unit: "1.07" },
];

test("a report is the sum of its days, each at its own rate, and rounded once", async () => {
  const report = (await ask(
    `report?${whole}&by=team&metrics=cost,cost_per_task,cost_per_call`,
  )) as unknown as ReportJson;
  assert.deepEqual(report.display, { currency: "EUR", rates });
  const figures = (rows: readonly Spent[]) => ({
    cost: euros(rows),
    cost_per_task: euros(rows, new Set(rows.map(({ task }) => task)).size),
    cost_per_call: euros(rows, rows.length),
  });
  const shown = (row: ReportJson["rows"][number] | ReportJson["total"]) =>
    Object.fromEntries(
      Object.entries(row.figures).map(([name, figure]) => [name, picoOf(String(figure))]),
    );
  assert.deepEqual(shown(report.total), figures(spent));
  assert.equal(report.rows.length, 3);
  for (const row of report.rows) {
    const own = spent.filter(({ team }) => team === row.group?.["team"]);
    assert.deepEqual(shown(row), figures(own));
    assert.equal(picoOf(row.coverage["task"]?.cost ?? ""), euros(own));
    assert.equal(row.coverage["task"]?.cost_usd, undefined);
  }
  const sum = report.rows.reduce((total, row) => total + picoOf(row.figures.cost ?? ""), 0n);
  const rest = sum - euros(spent);
  // Each part is rounded by itself, by at most half a unit.
  assert.ok(rest * 2n <= 3n && rest * 2n >= -3n);
});

test("buckets, cumulative or in a zone whose days begin elsewhere, use the rate of the day in UTC", async () => {
  for (const zone of ["UTC", "America/New_York", "Asia/Kathmandu"])
    for (const isCumulative of [false, true]) {
      const query = `report?${whole}&bucket=day&time_zone=${zone}&cumulative=${isCumulative}&metrics=cost,cost_per_task`;
      const { data } = (await ask(query)) as unknown as ReportJson;
      for (const { start, end, total } of data) {
        const from = isCumulative ? 0 : Date.parse(start);
        const own = spent.filter(({ at }) => at >= from && at < Date.parse(end));
        assert.equal(picoOf(total.figures.cost ?? ""), euros(own), `${zone} ${start}`);
        const tasks = new Set(own.map(({ task }) => task)).size;
        const per = total.figures.cost_per_task;
        if (tasks === 0) assert.equal(per, null);
        else assert.equal(picoOf(per ?? ""), euros(own, tasks), `${zone} ${start}`);
      }
    }
});

test("rates that change often are those of each day, too", async () => {
  const { total, rows } = (await ask(
    "report?from=2026-11-01T05:30:00Z&to=2026-11-25&currency=SEK&by=team&metrics=cost,cost_per_task",
  )) as unknown as ReportJson;
  const krona = (own: readonly Spent[]): bigint =>
    own.reduce((sum, { at, amount }) => {
      const n = Math.floor((new Date(at).getUTCDate() - 1) / 2);
      return sum + amount * BigInt(910 + n);
    }, 0n);
  const rounded = (sum: bigint, parts: number): bigint =>
    (sum * 2n + 100n * BigInt(parts)) / (200n * BigInt(parts));
  assert.equal(picoOf(total.figures.cost ?? ""), rounded(krona(spent), 1));
  assert.equal(picoOf(total.figures.cost_per_task ?? ""), rounded(krona(spent), 7));
  for (const row of rows) {
    const own = spent.filter(({ team }) => team === row.group?.["team"]);
    assert.equal(picoOf(row.figures.cost ?? ""), rounded(krona(own), 1));
  }
});

test("a comparison converts each range at the rates of its own days", async () => {
  const report = (await ask(
    "report?from=2026-11-10&to=2026-11-13&compare=previous&currency=EUR",
  )) as unknown as ReportJson;
  const dayMs = 86_400_000;
  const between = (from: number, to: number) =>
    spent.filter(({ at }) => at >= change + from * dayMs && at < change + to * dayMs);
  assert.equal(picoOf(report.total.figures.cost ?? ""), euros(between(0, 3)));
  assert.equal(picoOf(report.total.before?.cost ?? ""), euros(between(-3, 0)));
});

test("the series, users, requests and the summary show the same, and keep their USD", async () => {
  const series = (await ask(`series?${whole}&bucket=day&by=team`)) as unknown as SeriesJson;
  assert.deepEqual(series.display, { currency: "EUR", rates });
  assert.equal(picoOf(series.total.cost ?? ""), euros(spent));
  for (const { start, total } of series.data) {
    const own = spent.filter(
      ({ at }) => new Date(at).toISOString().slice(0, 10) === start.slice(0, 10),
    );
    assert.equal(picoOf(total.cost ?? ""), euros(own));
    assert.equal(
      picoOf(total.cost_usd),
      own.reduce((sum, { amount }) => sum + amount, 0n),
    );
  }
  const users = (await ask(`users?${whole}`)) as unknown as UserPageJson;
  assert.equal(picoOf(users.total.cost ?? ""), euros(spent));
  for (const row of users.data) {
    const own = spent.filter(({ team }) => `${team}-user` === row.user);
    assert.equal(picoOf(row.cost ?? ""), euros(own));
    assert.equal(picoOf(row.cost_per_request ?? ""), euros(own, own.length));
  }
  const requests = await ask("requests?currency=EUR&limit=100");
  for (const row of requests["data"] as unknown as readonly RequestJson[]) {
    const own = spent.filter((_, n) => `u${n}` === row.request_id);
    assert.equal(picoOf(row.cost ?? ""), euros(own));
    assert.equal(row.model_cost, row.cost);
  }
  const one = await ask("requests/u1?currency=EUR");
  const [line] = one["lines"] as unknown as readonly RequestLineJson[];
  assert.equal(line?.cost, one["cost"]);
  assert.deepEqual(one["display"], { currency: "EUR", rates: rates.slice(1) });
  const summary = (await ask(`summary?${whole}&tasks=1000`)) as unknown as SummaryJson;
  assert.equal(summary.total_cost, Number(decimal(euros(spent))));
  assert.equal(summary.average_cost, Number(decimal(euros(spent, spent.length))));
  assert.equal(summary.display?.currency, "EUR");
  assert.equal(summary.tasks.length, spent.length);
  const tasks = summary.tasks.map((task) => task.total_cost).sort((a, b) => a - b);
  const expected = spent.map((row) => Number(decimal(euros([row])))).sort((a, b) => a - b);
  assert.deepEqual(tasks, expected);
});

test("without another currency, nothing changes", async () => {
  for (const query of ["report?", "series?", "users?", "summary?", "requests?", "teams?"]) {
    const range = query.startsWith("requests") ? "" : "from=2026-11-01&to=2026-11-25";
    const plain = await ask(`${query}${range}`);
    assert.equal(plain["display"], undefined, query);
    assert.deepEqual(await ask(`${query}${range}&currency=USD`), plain, query);
  }
});

test("budgets of teams are balances at the rate of today; what calls cost, at the rates of their days", async () => {
  await gateway.makeBudget({
    budget_id: "t0",
    budget_type: "team",
    resource_id: "t0",
    amount: "107",
    period: "once",
    start: "2026-11-01",
    end: "2900-01-01",
  });
  const { data, totals, display } = (await ask(
    "teams?currency=EUR&from=2026-11-01",
  )) as unknown as TeamPageJson;
  assert.equal(display?.currency, "EUR");
  const [first, second] = data;
  assert.deepEqual([first?.team, first?.currency, first?.allocated], ["t0", "EUR", "100"]);
  const own = spent.filter(({ team }) => team === "t0");
  const used = own.reduce((sum, { amount }) => sum + amount, 0n);
  const now = (amount: bigint): bigint => (amount * 200n + 107n) / 214n;
  assert.equal(picoOf(first?.used ?? ""), now(used));
  assert.equal(picoOf(first?.remaining ?? ""), now(107n * 10n ** 12n - used));
  assert.equal(picoOf(first?.cost ?? ""), euros(own));
  assert.equal(picoOf(first?.cost_usd ?? ""), used);
  assert.equal(picoOf(first?.cost_per_deliverable ?? ""), euros(own, 7));
  const others = spent.filter(({ team }) => team === "t1");
  assert.deepEqual([second?.budget_id, picoOf(second?.used ?? "")], [null, euros(others)]);
  assert.ok(totals.every(({ currency }) => currency === "EUR"));
});

test("a currency without a rate for a day, without rates, or that is none is refused", async () => {
  for (const [query, message] of [
    ["report?from=2026-10-01&to=2026-12-01&currency=GBP", /GBP has no rate before 2026-11-15/],
    ["summary?currency=GBP", /GBP has no rate before 2026-11-15/],
    ["requests?currency=GBP", /GBP has no rate before 2026-11-15/],
    ["users?from=2026-11-01&currency=CHF", /CHF has no rates/],
    ["series?currency=EURO", /"EURO" is not an ISO 4217 currency/],
    ["teams?currency=eur", /"eur" is not an ISO 4217 currency/],
  ] as const) {
    const { status, json } = await gateway.api("GET", `/api/v1/${query}`);
    assert.deepEqual([status, json["field"]], [400, "currency"], query);
    assert.match(json["detail"] ?? "", message);
    assert.ok(json["remedy"]);
  }
  // A time without a rate is no problem if it cost nothing.
  await ask("report?from=2026-10-01&to=2026-11-05&currency=EUR");
});

test("the command shows the report in the currency, and names it", async () => {
  const data = path.join(gateway.directory, "data");
  const run = (...words: readonly string[]) =>
    purser(["report", "--data", data, ...words], {
      environment: { PURSER_ADMIN_KEY: gateway.adminKey, COLUMNS: "150" },
    });
  const range = ["--from", "2026-11-01", "--to", "2026-11-25"];
  const { code, out, notes } = await run("--currency", "EUR", "--by", "team", ...range);
  assert.equal(code, 0, notes);
  assert.match(out, / EUR /);
  assert.doesNotMatch(out, /\$/);
  const csv = await run("--currency", "EUR", "--by", "team", "--csv", ...range);
  assert.match(csv.out, /^team,(?:.*,)?cost_eur\b/);
  const total = csv.out.trim().split(/\r?\n/).slice(1);
  assert.equal(total.length, 3);
  for (const line of total) {
    const [team = "", ...cells] = line.split(",");
    assert.equal(picoOf(cells.at(-1) ?? ""), euros(spent.filter((row) => row.team === team)));
  }
  const refused = await run("--currency", "CHF", "--by", "team");
  assert.notEqual(refused.code, 0);
  assert.match(refused.notes, /--currency.*CHF has no rates/s);
});
