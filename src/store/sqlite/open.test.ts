/** Opening a ledger: one process per folder, migrations, file modes, and the bytes a call takes. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import { statuses } from "../journal/kind.ts";
import {
  attribution,
  hold,
  outcome,
  route,
  settle,
  start,
  tree,
  usd,
  usualOutcome,
} from "../conformance/fixture.ts";
import { makeFolder } from "./folder.ts";
import { checkLedgerFile } from "./check.ts";
import { openLedger } from "./open.ts";
import { ledgerFile } from "./schema.ts";

const clock = { now: () => start, monotonic: () => start };

async function inFolder(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "purser-ledger-"));
  try {
    await run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("an open folder is refused to a second ledger until the first is closed", async () => {
  await inFolder(async (directory) => {
    const first = await openLedger({ directory, durability: "process", clock });
    await assert.rejects(openLedger({ directory, durability: "process", clock }), (error) => {
      assert.ok(error instanceof PurserError);
      assert.equal(error.code, "store_unavailable");
      assert.ok(error.message.includes(directory));
      assert.ok(error.detail.remedy);
      return true;
    });
    await first.ledger.close();
    await (await openLedger({ directory, durability: "process", clock })).ledger.close();
  });
});

test(
  "only the owner can access the files in the folder",
  { skip: process.platform === "win32" },
  async () => {
    await inFolder(async (directory) => {
      const { ledger } = await openLedger({ directory, durability: "process", clock });
      const modes = readdirSync(directory).map((name) => ({
        name,
        mode: statSync(join(directory, name)).mode & 0o777,
      }));
      await ledger.close();
      assert.ok(modes.length > 2);
      for (const { name, mode } of modes) assert.equal(mode, 0o600, name);
    });
  },
);

test("a file of a newer version is refused and left unchanged", async () => {
  await inFolder(async (directory) => {
    const database = new DatabaseSync(ledgerFile(directory));
    database.exec("PRAGMA user_version = 99");
    database.close();
    assert.throws(() => checkLedgerFile(directory, { isHeld: false }), /schema 99/);
    await assert.rejects(openLedger({ directory, durability: "process", clock }), /schema 99/);
  });
});

const undone = [
  "DROP TABLE staged;",
  "DROP INDEX entry_refusal;",
  `${dropped("rollup")} ${dropped("rollup_day")}`,
  "DROP TABLE rollup_meter; DROP TABLE rollup_day_meter;",
  "",
  "",
  "DROP TABLE rollup_latency; DROP TABLE rollup_day_latency; DROP TABLE latency_from;",
  `DROP TABLE request_charge; ${withLatencyRows("rollup")} ${withLatencyRows("rollup_day")}
   DROP TABLE rollup_quarter; DROP TABLE rollup_quarter_meter; DROP TABLE quarter_from;`,
  [
    ...["route_quarter", "route_hour", "route_day"].map(
      (table) => `DROP TABLE ${table}; DROP TABLE ${table}_meter;`,
    ),
    ...["rollup", "rollup_day", "rollup_quarter"].map(
      (table) => `ALTER TABLE ${table} DROP COLUMN timed;`,
    ),
    "CREATE TABLE hour (hour INTEGER PRIMARY KEY, first_seq INTEGER, last_seq INTEGER);",
    "INSERT INTO hour SELECT hour, min(first_seq), max(last_seq) FROM hour_rows GROUP BY hour;",
    "DROP TABLE hour_rows; DROP TABLE closing;",
  ].join(" "),
] as const;

for (const [index] of undone.entries()) {
  const version = index + 1;
  test(`a file of version ${version} is migrated and keeps its data`, () =>
    inFolder((directory) =>
      upgrade(directory, { version, undo: undone.slice(index).toReversed().join(" ") }),
    ));
}

function dropped(table: string): string {
  return `ALTER TABLE ${table} DROP COLUMN maps_grounding;`;
}

/** An empty table is enough: only budgets are in these files. */
function withLatencyRows(table: string): string {
  const columns = ["hour", "attribution_id", "route_id", "status", "bucket", "count"];
  return `ALTER TABLE ${table} DROP COLUMN latencies;
    CREATE TABLE ${table}_latency (${columns.join(", ")});`;
}

async function upgrade(
  directory: string,
  { version, undo }: { readonly version: number; readonly undo: string },
): Promise<void> {
  const first = await openLedger({ directory, durability: "process", clock });
  for (const command of tree([usd(1), usd(1), usd(1), usd(1)])) await first.ledger.commit(command);
  await first.ledger.close();
  const database = new DatabaseSync(ledgerFile(directory));
  database.exec(`${undo} PRAGMA user_version = ${version}`);
  database.close();
  const second = await openLedger({ directory, durability: "process", clock });
  assert.equal(second.ledger.budgets().length, 4);
  for (const command of tree([usd(2), usd(2), usd(2), usd(2)])) await second.ledger.commit(command);
  assert.equal((await second.reader.verify()).ok, true);
  await second.reader.close();
  await second.ledger.close();
}

test("calls of unknown latency leave the sums of a file of version 9", async () => {
  await inFolder(async (directory) => {
    const open = (): ReturnType<typeof openLedger> =>
      openLedger({ directory, durability: "process", clock });
    const first = await open();
    for (const [n, latencyMs] of [40, 0, 0, 7].entries()) {
      const spent = { attribution, route, budgets: [], outcome: outcome(usd(1), { latencyMs }) };
      const times = { at: start, startedAt: start - n };
      await first.ledger.commit({
        kind: "record",
        ...times,
        operationId: `op${n}`,
        ...spent,
        fingerprint: `${n}`,
      });
    }
    await first.ledger.commit(hold("failed", usd(1), { at: start }));
    const failed = { kind: "release", at: start, operationId: "failed", attempt: 1 } as const;
    await first.ledger.commit({ ...failed, reason: "upstream failed" });
    const figures = async ({ reader }: Awaited<ReturnType<typeof open>>): Promise<unknown> => [
      await reader.totals({}, ["team", "status"], null),
      await reader.totals({}, ["status"], null),
      await reader.latencies({}, [], null),
      (await reader.verify()).ok,
    ];
    const before = await figures(first);
    await first.reader.close();
    await first.ledger.close();
    const database = new DatabaseSync(ledgerFile(directory));
    const asBefore = ["rollup", "rollup_day", "rollup_quarter"].map(
      (table) => `UPDATE ${table} SET latencies = '0:' || (calls - timed) || ',' || latencies
        WHERE status <> ${statuses.released} AND calls > timed;`,
    );
    database.exec(`${asBefore.join(" ")} ${undone[8]} PRAGMA user_version = 9`);
    database.close();
    const second = await open();
    assert.deepEqual(await figures(second), before);
    await second.reader.close();
    await second.ledger.close();
  });
});

test("a file that is not a ledger is refused with a remedy, by the check and at opening", async () => {
  await inFolder(async (directory) => {
    writeFileSync(ledgerFile(directory), "hello\n");
    const refused = (error: unknown): boolean => {
      assert.ok(error instanceof PurserError);
      assert.deepEqual(
        [error.code, error.message],
        [
          "store_unavailable",
          `the ledger in ${directory} cannot be opened: file is not a database`,
        ],
      );
      assert.match(error.detail.remedy ?? "", /backup/);
      return true;
    };
    assert.throws(() => checkLedgerFile(directory, { isHeld: false }), refused);
    await assert.rejects(openLedger({ directory, durability: "process", clock }), refused);
  });
});

test("a folder that cannot be created is an error that names it and the remedy", async () => {
  const places =
    process.platform === "linux" ? ["/dev/null/data", "/proc/purser/data"] : ["/dev/null/data"];
  for (const directory of places) {
    await assert.rejects(openLedger({ directory, durability: "process", clock }), (error) => {
      assert.ok(error instanceof PurserError && error.message.includes(directory));
      assert.match(error.detail.remedy ?? "", /--data/);
      return true;
    });
  }
});

test(
  "a folder and its parents are created for their owner only",
  { skip: process.platform === "win32" },
  async () => {
    await inFolder(async (parent) => {
      makeFolder(join(parent, "a", "b"));
      assert.deepEqual(
        [statSync(join(parent, "a")).mode & 0o777, statSync(join(parent, "a", "b")).mode & 0o777],
        [0o700, 0o700],
      );
    });
  },
);

test("a call under four budgets takes at most 400 bytes on disk, including indexes and roll-ups", async () => {
  await inFolder(async (directory) => {
    const { ledger } = await openLedger({ directory, durability: "process", clock });
    for (const command of tree([usd(1e6), usd(1e6), usd(1e6), usd(1e6)]))
      await ledger.commit(command);
    const before = usedBytes(directory);
    const calls = 20_000;
    const attributions = Array.from({ length: 40 }, (_, n) => ({
      org: "acme",
      team: `team-${n % 4}`,
      project: `project-${n % 10}`,
      agent: `agent-${n}`,
    }));
    for (let n = 0; n < calls; n++) {
      // The length of a UUID, and increasing with time.
      const operationId = `0198c0de-${(n + 4096).toString(16).padStart(4, "0")}-7abc-8def-${n.toString(16).padStart(12, "0")}`;
      const at = start + n * 400;
      await ledger.decide(
        hold(operationId, usd(0.01234567), { at, attribution: attributions[n % 40] ?? {} }),
      );
      await ledger.decide(
        settle(operationId, usd(0), {
          at: at + 1834,
          outcome: usualOutcome(800 + (n % 977), 300 + (n % 613)),
        }),
      );
      if (n % 500 === 0) await ledger.flush();
    }
    await ledger.close();
    const bytes = (usedBytes(directory) - before) / calls;
    assert.ok(bytes <= 400, `${bytes} bytes a call`);
  });
});

function usedBytes(directory: string): number {
  const database = new DatabaseSync(ledgerFile(directory));
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  return statSync(ledgerFile(directory)).size;
}
