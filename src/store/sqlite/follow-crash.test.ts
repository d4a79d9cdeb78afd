/** A follower of a process that is killed at any moment misses no entry. */

import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Feed, NumberedEntry } from "../../app/port/feed.ts";
import type { Ledger } from "../../app/port/ledger.ts";
import { hold, putBudget, settle, usd, usualOutcome } from "../conformance/fixture.ts";
import { folderOfChild, killAfter, reportBegun } from "./kill.test-kit.ts";
import { openLedger } from "./open.ts";

const rounds = 4;
const callers = 8;
const clock = { now: () => Date.now(), monotonic: () => 0 };
const folder = folderOfChild();

if (folder !== undefined) await hammer(folder);
else test("after each kill, a follower continues after its checkpoint and misses nothing", survive);

/** Makes calls forever, and writes a line for each entry that it sees of them. */
async function hammer(directory: string): Promise<void> {
  const { ledger, feed } = await openLedger({ directory, durability: "process", clock });
  await ledger.commit(putBudget("all", usd(1e6)));
  void writeDown(feed, directory);
  await Promise.all(Array.from({ length: callers }, (_, caller) => callForEver(ledger, caller)));
}

async function callForEver(ledger: Ledger, caller: number): Promise<void> {
  for (let n = 0; ; n += 1) {
    const operationId = `${process.pid}-${caller}-${n}`;
    await ledger.commit(hold(operationId, usd(0.01)));
    await ledger.decide(settle(operationId, usd(0), { outcome: usualOutcome(n + 1, n + 1) }));
  }
}

async function writeDown(feed: Feed, directory: string): Promise<void> {
  const file = openSync(followedFile(directory), "a");
  for await (const page of feed.follow(linesOf(directory).length))
    for (const entry of page) {
      writeSync(file, `${lineOf(entry)}\n`);
      if (entry.seq % 100 === 0) reportBegun();
    }
}

/** The whole lines; a line that was cut off is removed. */
function linesOf(directory: string): readonly string[] {
  const file = followedFile(directory);
  if (!existsSync(file)) return [];
  const text = readFileSync(file, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  truncateSync(file, Buffer.byteLength(whole));
  return whole.split("\n").slice(0, -1);
}

function followedFile(directory: string): string {
  return join(directory, "followed");
}

function lineOf({ seq, entry }: NumberedEntry): string {
  return `${seq} ${entry.kind} ${"operationId" in entry ? entry.operationId : ""} ${entry.at}`;
}

async function survive(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "purser-ledger-"));
  try {
    for (let round = 0; round < rounds; round += 1) {
      const before = linesOf(directory).length;
      await killAfter(import.meta.url, directory, Math.random() * 300);
      assert.ok(linesOf(directory).length > before, "it went on after the restart");
    }
    const lines = linesOf(directory);
    const journal = await readJournal(directory);
    assert.ok(journal.length >= lines.length, "nothing that was seen is gone");
    assert.deepEqual(lines, journal.slice(0, lines.length).map(lineOf));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function readJournal(directory: string): Promise<readonly NumberedEntry[]> {
  const { ledger, reader, feed } = await openLedger({ directory, durability: "process", clock });
  try {
    const { entries } = await reader.verify();
    const journal: NumberedEntry[] = [];
    for await (const page of feed.follow(0)) {
      journal.push(...page);
      if (journal.length >= entries) break;
    }
    return journal;
  } finally {
    await reader.close();
    await ledger.close();
  }
}
