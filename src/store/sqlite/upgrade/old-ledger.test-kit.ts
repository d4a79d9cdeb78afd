/**
 * Writes the ledger of an old version for `upgrade.test.ts`: run it with the code of that version,
 * before the schema changes (`node src/store/sqlite/upgrade/old-ledger.test-kit.ts`).
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { usdPerMillion, type PriceOverride } from "../../../domain/price/text/override.ts";
import type { Ledger } from "../../../app/port/ledger.ts";
import type { LedgerReader } from "../../../app/port/reader.ts";
import { pico } from "../../../domain/money/money.ts";
import { hold, outcome, putBudget, settle, usualOutcome } from "../../conformance/fixture.ts";
import { attribution, rates, start, tree, usd } from "../../conformance/fixture.ts";
import { openLedger } from "../open.ts";
import { ledgerFile, schemaVersion } from "../schema.ts";

const hourMs = 3_600_000;

/** Later than all that the old ledger has. */
export const later = start + 60 * hourMs;

/** Budgets, keys, prices, and calls of each kind: with every kind of end, tools and parts. */
async function fill(ledger: Ledger): Promise<void> {
  for (const command of tree([usd(100), usd(90), usd(80), usd(70)])) await ledger.commit(command);
  const thresholds = [
    { partsPerMillion: 50_000, action: "notify" },
    { partsPerMillion: 100_000, action: "notify" },
  ] as const;
  await ledger.commit(putBudget("watched", usd(50), { thresholds }));
  await ledger.commit(putBudget("counted", pico(90_000n), { currency: "tokens", period: "day" }));
  await ledger.commit({ kind: "put_key", at: start, key });
  await ledger.commit({ kind: "put_price", at: start, price });
  await fillCalls(ledger);
  await fillEnds(ledger);
  await fillCharges(ledger);
  // A budget put later counts the calls before it, and moves open holds.
  const late = { ...putBudget("late", usd(40), { budgetType: "org", resourceId: "acme" }) };
  await ledger.commit({ ...late, at: start + 3 * hourMs });
  await ledger.commit({ kind: "delete_budget", at: start + 3 * hourMs, budgetId: "project" });
}

/** Settled calls: tokens, tools, other models, a provider's own figure, another day. */
async function fillCalls(ledger: Ledger): Promise<void> {
  for (let n = 0; n < 6; n++) {
    const at = start + n * 0.4 * hourMs;
    const team = { ...attribution, team: `t${n % 2}`, tags: { customer: `c${n % 3}` } };
    await ledger.commit(hold(`tokens-${n}`, usd(1), { at, attribution: team }));
    const result = usualOutcome(800 + n, 300 + n);
    await ledger.commit(settle(`tokens-${n}`, usd(0), { at: at + 1000, outcome: result }));
  }
  const [rate] = rates;
  const search = rate && { ...rate, meter: "web_search" as const, perUnit: usd(0.01) };
  const fee = { model: "gpt-5", meter: "web_search", quantity: 3, cost: usd(0.03) } as const;
  const tools = outcome(usd(0.03), {
    usage: { input: 90, output: 10, web_search: 3, file_search: 2, code_execution: 1 },
    charges: [search ? { ...fee, rate: search } : fee],
  });
  const parts = outcome(usd(0.5), {
    parts: [{ model: "advisor", usage: { input: 7, output: 8, maps_grounding: 2 } }],
    reportedCost: usd(0.5),
    computedCost: usd(0.4),
    flags: ["cost_differs"],
    cost: { usd: usd(0.5), tokens: 115n, requests: 1n },
  });
  const dear = outcome(usd(4));
  for (const [id, result] of Object.entries({ tools, parts, dear })) {
    await ledger.commit(hold(id, usd(5)));
    await ledger.commit(settle(id, usd(0), { outcome: result }));
  }
  const at = start + 50 * hourMs;
  const guess = outcome(usd(1), { status: "estimated", flags: ["aborted"] });
  await ledger.commit(hold("next-days", usd(2), { at }));
  await ledger.commit(settle("next-days", usd(1), { at: at + 5, outcome: guess }));
}

/** Costs that are no model call: they name a request, which version 9 can look up. */
async function fillCharges(ledger: Ledger): Promise<void> {
  const requests = ["tokens-0", "tokens-0", "tokens-1", null];
  for (const [n, requestId] of requests.entries()) {
    const rawUsage = JSON.stringify({
      item_id: "search",
      quantity: `${n}`,
      request_id: requestId,
      nested: [n],
    });
    const charge = outcome(usd(0.25), { model: "search", usage: {}, rawUsage });
    await ledger.commit({
      kind: "record",
      at: start + hourMs,
      startedAt: start,
      operationId: `charge-${n}`,
      attribution,
      route: { provider: "tools", model: "search", endpoint: "charge", keyId: null },
      budgets: [],
      outcome: charge,
      fingerprint: `charge-${n}`,
    });
  }
}

/** Calls that were refused, released, expired, settled late, corrected, unresolved, still open. */
async function fillEnds(ledger: Ledger): Promise<void> {
  await ledger.commit(hold("refused", usd(1000)));
  for (const id of ["released", "unresolved", "corrected"]) await ledger.commit(hold(id, usd(3)));
  await ledger.commit({ kind: "release", at: start, operationId: "released", attempt: 1, reason });
  for (const id of ["unresolved", "corrected"]) {
    const held = outcome(usd(3), { status: "unresolved", usage: {}, flags: ["usage_missing"] });
    await ledger.commit(settle(id, usd(3), { outcome: held }));
  }
  const known = outcome(usd(1), { usage: { input: 60, output: 9, web_search: 1 } });
  const { cost: _, ...bill } = known;
  await ledger.commit({
    kind: "correct",
    at: start + 4 * hourMs,
    operationId: "corrected",
    attempt: 1,
    amount: usd(1),
    outcome: { ...bill, charges: [{ ...bill.charges[0], meter: "correction" } as never] },
    reason,
    fingerprint: "f1",
  });
  for (const id of ["expired", "late"])
    await ledger.commit(hold(id, usd(2), { expiresAt: start + 1000, fingerprint: `${id}-f` }));
  await ledger.commit({ kind: "expire", at: start + 2000 });
  await ledger.commit(
    settle("late", usd(1), { at: start + hourMs, outcome: outcome(usd(1)), fingerprint: "f2" }),
  );
  await ledger.commit(hold("open", usd(2), { expiresAt: later, fingerprint: "open-f" }));
  const amount = { usd: usd(1), tokens: 5n, requests: 0n };
  await ledger.commit({ kind: "top_up", at: start, operationId: "open", attempt: 1, amount });
}

const reason = "its bill arrived";

const key = {
  keyId: "key_1",
  name: "ci",
  hash: "ab".repeat(32),
  hint: "psk_ab",
  role: "caller",
  attribution,
  mayRefine: ["task", "tags"],
  models: null,
  providers: ["openai"],
  budgets: [],
  maxConcurrent: 4,
  createdAt: start,
  expiresAt: null,
  revokedAt: null,
} as const;

const price = {
  row: {
    provider: "openai",
    model: "my-model",
    input: "0.15",
    output: "0.6",
    web_search: "0.01",
  },
  source: "api",
} as const;

/** As version 4 had it. */
function flat(override: PriceOverride): object {
  const { provider, model, valid_from = null, valid_to = null } = override.row;
  return {
    provider,
    model,
    match: "exact",
    perMillion: usdPerMillion(override),
    validFrom: valid_from,
    validTo: valid_to,
    source: override.source,
  };
}

/** All that a ledger answers, as JSON: whole numbers of any size as text. */
export async function figuresOf(ledger: Ledger, reader: LedgerReader): Promise<string> {
  const page = { limit: 1000, before: null };
  const range = { from: start - hourMs / 2, to: start + 51.5 * hourMs };
  const figures = {
    budgets: ledger.budgets(),
    balances: await Promise.all(
      ledger.budgets().map(({ budgetId }) => ledger.balances(budgetId, start + hourMs)),
    ),
    keys: ledger.keys(),
    prices: ledger.prices().map(flat),
    holds: await ledger.openHolds(),
    calls: await reader.calls({}, page),
    refusals: await reader.refusals({}, page),
    total: await reader.totals({}, [], null),
    range: await reader.totals(range, ["team", "tag:customer"], null),
    groups: await reader.totals({}, ["provider", "model", "status", "key"], null),
    hours: await reader.totals({}, ["status"], hourMs),
    days: await reader.totals({}, [], 24 * hourMs),
    latencies: await latenciesOf(reader),
    keyUses: await reader.keyUses(),
    alerts: await reader.alerts({ budgetId: null, ...page }),
    verify: await reader.verify(),
  };
  return JSON.stringify(
    figures,
    (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value),
    1,
  );
}

async function latenciesOf(reader: LedgerReader): Promise<readonly unknown[]> {
  const all = await reader.latencies({}, ["team", "status"], hourMs);
  const rows = all.map(({ group, bucket, counts }) => [group, bucket, Object.fromEntries(counts)]);
  return rows.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

/** The SQL that makes the same file again. */
function dump(directory: string): string {
  const database = new DatabaseSync(ledgerFile(directory), { readOnly: true });
  try {
    // A batch that is booked in the meantime would be missing.
    database.exec("BEGIN");
    const objects = database
      .prepare("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
      .all();
    const tables = objects.filter(({ type }) => type === "table").map(({ name }) => String(name));
    const rows = tables.flatMap((table) => rowsOf(database, table));
    return [
      "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; BEGIN;",
      ...objects.map(({ sql }) => `${String(sql)};`),
      ...rows,
      `PRAGMA user_version = ${schemaVersion}; COMMIT;`,
      "",
    ].join("\n");
  } finally {
    database.close();
  }
}

function rowsOf(database: DatabaseSync, table: string): readonly string[] {
  const columns = database.prepare(`PRAGMA table_info(${table})`).all();
  const quoted = columns.map(({ name }) => literal(String(name))).join(" || ',' || ");
  return database
    .prepare(`SELECT ${quoted} AS row FROM ${table}`)
    .all()
    .map(({ row }) => `INSERT INTO ${table} VALUES(${String(row)});`);
}

/** SQLite's `quote` ends a text at its first NUL; shapes have some. */
function literal(column: string): string {
  const whole = `'CAST(X''' || hex(${column}) || ''' AS TEXT)'`;
  return `iif(typeof(${column}) = 'text' AND instr(${column}, char(0)) > 0, ${whole}, quote(${column}))`;
}

if (import.meta.main) {
  const directory = mkdtempSync(join(tmpdir(), "purser-old-ledger-"));
  const clock = { now: () => later, monotonic: () => later };
  const { ledger, reader } = await openLedger({ directory, durability: "process", clock });
  await fill(ledger);
  // Not booked yet: the file has a staged batch for the version that upgrades it.
  const at = start + 2000;
  await ledger.commit(hold("staged", usd(1), { at }));
  await ledger.commit(settle("staged", usd(0), { at, outcome: usualOutcome(500, 50) }));
  const sql = dump(directory);
  const figures = await figuresOf(ledger, reader);
  await reader.close();
  await ledger.close();
  rmSync(directory, { recursive: true });
  const file = join(import.meta.dirname, `schema-${schemaVersion}`);
  writeFileSync(`${file}.sql`, sql);
  writeFileSync(`${file}.json`, `${figures}\n`);
}
