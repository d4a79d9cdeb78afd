/** Exports of a real process: every format has every call, and its sums are those of the ledger. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { before, test } from "node:test";
import { inflateRawSync } from "node:zlib";
import { focusViolations, readRecords } from "../../src/domain/focus/focus-check.test-kit.ts";
import { sumPico } from "./figures.ts";
import { drawCall, seeded } from "./mixed-calls.ts";
import {
  makeFolder,
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type MadeKey,
} from "./process.ts";

const calls = 24;
const formula = "=1+2";
let gateway: GatewayProcess;
let tenant: MadeKey;
let spent: bigint;

before(async () => {
  const simulator = await startSimulatorProcess();
  gateway = await startGateway({ simulatorUrl: simulator.url });
  tenant = await gateway.makeKey({ project: "p1", team: "search" }, { role: "reader" });
  const keys = [
    await gateway.makeKey({ project: "p1", team: "search" }),
    await gateway.makeKey({ project: "p2", user: formula }),
  ];
  const random = seeded(11);
  for (let number = 0; number < calls; number += 1) {
    const key = keys[number % keys.length]?.key ?? "";
    await drawCall(random, `export-${number}`)({ url: gateway.url, key });
  }
  await gateway.flush();
  spent = sumPico((await gateway.entries()).map((entry) => entry.cost_usd));
  assert.ok(spent > 0n);
});

async function download(where: string, key = gateway.adminKey): Promise<Response> {
  return fetch(`${gateway.url}/api/v1/exports/${where}`, {
    headers: { authorization: `Bearer ${key}` },
  });
}

async function textOf(where: string, key?: string): Promise<string> {
  const answer = await download(where, key);
  assert.equal(answer.status, 200, where);
  return answer.text();
}

test("CSV has each call with its exact cost, and no formula of a user", async () => {
  const rows = readRecords(await textOf("csv"));
  assert.equal(rows.length, calls);
  assert.equal(sumPico(rows.map((row) => row["cost_usd"] ?? "")), spent);
  const users = new Set(rows.map((row) => row["user"]));
  assert.deepEqual(users, new Set(["", `'${formula}`]));
});

test("JSON, tasks and attributions add up to the same spend", async () => {
  const { data } = JSON.parse(await textOf("json")) as {
    readonly data: readonly { readonly cost_usd: string }[];
  };
  assert.equal(sumPico(data.map((row) => row.cost_usd)), spent);
  for (const rows of ["tasks", "attributions"]) {
    const sums = readRecords(await textOf(`csv?rows=${rows}`));
    assert.equal(sumPico(sums.map((row) => row["cost_usd"] ?? "")), spent, rows);
  }
});

test("the shapes of other trackers have every charged call", async () => {
  for (const rows of ["token_usage", "cost_entries", "requests"]) {
    const { data } = JSON.parse(await textOf(`json?rows=${rows}`)) as {
      readonly data: readonly Readonly<Record<string, unknown>>[];
    };
    assert.equal(data.length, calls, rows);
    if (rows === "token_usage") continue;
    const total = data.reduce((sum, row) => sum + Number(row["total_cost"]), 0);
    assert.ok(Math.abs(total - Number(spent) / 1e12) < 1e-9, rows);
  }
});

for (const version of ["1.4", "1.2"] as const) {
  test(`FOCUS ${version} conforms, and its costs are the spend`, async () => {
    for (const period of ["day", "hour"]) {
      const text = await textOf(`focus?version=${version}&period=${period}`);
      assert.deepEqual(focusViolations(text, version), []);
      const rows = readRecords(text);
      assert.equal(sumPico(rows.map((row) => row["EffectiveCost"] ?? "")), spent);
      assert.ok(rows.length < calls * 5 && rows.length > 3);
    }
  });
}

test("FOCUS states a computed cost as billed only if asked", async () => {
  const billed = async (query: string): Promise<bigint> =>
    sumPico(readRecords(await textOf(`focus${query}`)).map((row) => row["BilledCost"] ?? ""));
  assert.equal(await billed(""), 0n);
  assert.equal(await billed("?billed_cost=computed"), spent);
});

test("a spreadsheet has a sheet for each table, with numbers that add up", async () => {
  const file = new Uint8Array(await (await download("xlsx")).arrayBuffer());
  const parts = unzip(Buffer.from(file));
  const names = [...(parts.get("xl/workbook.xml") ?? "").matchAll(/<sheet name="([^"]+)"/g)];
  assert.deepEqual(
    names.map(([, name]) => name),
    ["Summary", "By provider", "By model", "By team", "By project", "By user", "By task", "Calls"],
  );
  const sheet = parts.get("xl/worksheets/sheet8.xml") ?? "";
  const costs = [
    ...sheet.matchAll(/<c s="2"><v>([\d.]+)<\/v><\/c><c t="inlineStr"><is><t[^>]*>\1</g),
  ];
  assert.equal(costs.length, calls);
  assert.equal(sumPico(costs.map(([, cost = ""]) => cost)), spent);
  assert.ok(sheet.includes(`<c t="inlineStr" s="5"><is><t xml:space="preserve">${formula}</t>`));
});

test("a report is a PDF of one page or more", async () => {
  const answer = await download("pdf?time_zone=Europe/Berlin");
  assert.equal(answer.headers.get("content-type"), "application/pdf");
  const file = Buffer.from(await answer.arrayBuffer()).toString("latin1");
  assert.ok(file.startsWith("%PDF-") && file.trimEnd().endsWith("%%EOF"));
  assert.ok([...file.matchAll(/\/Type \/Page\b/g)].length >= 1);
});

test("a key exports its own scope only", async () => {
  const own = readRecords(await textOf("csv", tenant.key));
  assert.equal(own.length, calls / 2);
  assert.deepEqual(new Set(own.map((row) => row["project"])), new Set(["p1"]));
  assert.equal((await download("csv?project=p2", tenant.key)).status, 403);
  const sheets = unzip(Buffer.from(await (await download("xlsx", tenant.key)).arrayBuffer()));
  assert.ok(![...sheets.values()].some((xml) => xml.includes("p2")));
  const focus = readRecords(await textOf("focus", tenant.key));
  assert.deepEqual(new Set(focus.map((row) => row["SubAccountId"])), new Set(["p1"]));
});

test("bad input gets an error that names the field and the remedy", async () => {
  const cases = [
    ["focus?version=9.9", "version"],
    ["focus?from=2026-02-01&to=2026-01-01", "to"],
    ["csv?rows=nonsense", "rows"],
    ["csv?colour=red", "colour"],
    ["csv?status=refused", "status"],
    ["xlsx?rows=calls", "rows"],
    ["pdf?time_zone=Mars/Base", "time_zone"],
  ] as const;
  for (const [where, field] of cases) {
    const answer = await gateway.api("GET", `/api/v1/exports/${where}`);
    assert.equal(answer.status, 400, where);
    assert.equal(answer.json["field"], field, where);
    assert.ok(answer.json["remedy"], where);
  }
});

test("two exports run at once; one whose reader leaves makes room for the next", async () => {
  const busy = await startGateway();
  const rows = Array.from({ length: 1000 }, (_, index) => index);
  for (let batch = 0; batch < 12; batch += 1) {
    const data = rows.map((index) => ({
      operation_id: `big-${batch}-${index}`,
      provider: "openai",
      model: "gpt-4.1-mini",
      amount_usd: "0.000001",
      attribution: { project: "p".repeat(100), task: "t".repeat(100) },
    }));
    const { json } = await busy.api("POST", "/api/v1/usage", { body: { data } });
    assert.equal(json["recorded"], data.length);
  }
  const begin = async (signal: AbortSignal): Promise<Response> =>
    fetch(`${busy.url}/api/v1/exports/json`, {
      headers: { authorization: `Bearer ${busy.adminKey}` },
      signal,
    });
  // Their answers begin and are not read: more than the sockets hold is left.
  const leaving = [new AbortController(), new AbortController()] as const;
  const unread = await Promise.all(leaving.map(({ signal }) => begin(signal)));
  let isAnswered = false;
  const third = begin(new AbortController().signal).then((answer) => {
    isAnswered = true;
    return answer;
  });
  const gone = new AbortController();
  const fourth = begin(gone.signal);
  await busy.api("GET", "/api/v1/summary");
  assert.equal(isAnswered, false);
  gone.abort();
  await assert.rejects(fourth);
  leaving[0].abort();
  const { data } = (await (await third).json()) as { readonly data: readonly unknown[] };
  assert.equal(data.length, 12_000);
  leaving[1].abort();
  assert.ok(unread.every(({ status, bodyUsed }) => status === 200 && !bodyUsed));
  // Every place is free again.
  for (let again = 0; again < 3; again += 1) {
    const answer = await busy.api("GET", "/api/v1/exports/csv?rows=tasks");
    assert.equal(answer.status, 200);
  }
  await busy.stop();
});

async function run(
  words: readonly string[],
): Promise<{ readonly code: number | null; readonly out: string; readonly notes: string }> {
  const child = spawn(
    process.execPath,
    ["src/cli/main.ts", "export", ...words, "--data", path.join(gateway.directory, "data")],
    { cwd: path.resolve(import.meta.dirname, "../.."), stdio: ["ignore", "pipe", "pipe"] },
  );
  let out = "";
  let notes = "";
  child.stdout.on("data", (part: Buffer) => (out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (notes += part.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, notes };
}

test("the command writes to standard output or to a whole file", async () => {
  const printed = await run(["csv", "--filter", "project=p2"]);
  assert.equal(printed.code, 0, printed.notes);
  assert.equal(readRecords(printed.out).length, calls / 2);

  const folder = await makeFolder();
  const file = path.join(folder, "focus.csv");
  assert.equal((await run(["focus", "--out", file])).code, 0);
  assert.deepEqual(focusViolations(await readFile(file, "utf8"), "1.4"), []);
  assert.deepEqual(await readdir(folder), ["focus.csv"]);

  for (const [words, field] of [
    [["focus", "--out", file], "--out"],
    [["xlsx"], "--out"],
    [["csv", "--out", path.join(folder, "missing", "a.csv")], "--out"],
    [["csv", "--period", "day"], "--period"],
    [["csv", "--filter", "nonsense"], "--filter"],
    [["pdff"], "<format>"],
  ] as const) {
    const { code, notes } = await run(words);
    assert.equal(code, 2, words.join(" "));
    assert.ok(notes.includes(field), notes);
  }
  assert.equal((await run(["focus", "--out", file, "--force"])).code, 0);
});

/** The parts of a ZIP file, from its central directory. */
function unzip(file: Buffer): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  const end = file.lastIndexOf(Buffer.from("PK\u0005\u0006", "latin1"));
  let at = file.readUInt32LE(end + 16);
  for (let left = file.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [size, nameLength] = [file.readUInt32LE(at + 20), file.readUInt16LE(at + 28)];
    const [extra, comment] = [file.readUInt16LE(at + 30), file.readUInt16LE(at + 32)];
    const start = file.readUInt32LE(at + 42);
    const name = file.toString("utf8", at + 46, at + 46 + nameLength);
    const data = start + 30 + file.readUInt16LE(start + 26) + file.readUInt16LE(start + 28);
    const bytes = file.subarray(data, data + size);
    const stored = file.readUInt16LE(at + 10) === 0;
    parts.set(name, (stored ? bytes : inflateRawSync(bytes)).toString());
    at += 46 + nameLength + extra + comment;
  }
  return parts;
}
