/** Tests the questions of `purser report` against a server: time axis, filters, CSV, bad options. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { parseUsd } from "../domain/money/money.ts";
import type { ReportJson } from "../contract/report.ts";
import type { SeriesJson } from "../contract/series.ts";
import { inFolder, purser, serve, type Ended } from "./child.test-kit.ts";

let folder: string;
let release: () => void;
let served: Promise<void>;

before(async () => {
  await new Promise<void>((ready, failed) => {
    served = inFolder(async (made) => {
      folder = made;
      const server = await serve(made);
      try {
        await record(server.started.url, server.started.admin_key ?? "");
        await new Promise<void>((resolve) => {
          release = resolve;
          ready();
        });
      } finally {
        await server.end("SIGTERM");
      }
    });
    served.catch(failed);
  });
});

after(async () => {
  release();
  await served;
});

/** The clocks of Berlin go back on 2025-10-26 at 01:00 UTC: the day has 25 hours. */
async function record(url: string, key: string): Promise<void> {
  const at = (hour: number): string =>
    new Date(Date.UTC(2025, 9, 25, 22) + hour * 3_600_000).toISOString();
  const data = Array.from({ length: 25 }, (_, hour) => ({
    operation_id: `op${hour}`,
    timestamp: at(hour),
    provider: "lab",
    model: hour % 2 === 0 ? "large" : "small",
    amount_usd: `0.00000000000${(hour % 9) + 1}`,
    latency_ms: hour,
    attribution: { team: hour % 3 === 0 ? "=cmd()" : "atlas", tags: { plan: "pro" } },
  }));
  const answer = await fetch(`${url}/api/v1/usage`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ data }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

const range = ["--from", "2025-10-25T22:00:00Z", "--to", "2025-10-26T23:00:00Z"];

function report(...words: readonly string[]): Promise<Ended> {
  return purser(["report", ...words], { cwd: folder });
}

async function asked(...words: readonly string[]): Promise<ReportJson> {
  const { code, out, notes } = await report(...range, ...words, "--json");
  assert.equal(code, 0, notes);
  return JSON.parse(out) as ReportJson;
}

test("without a question, report prints what it always did", async () => {
  const { out } = await report("--by", "team", "--json");
  assert.equal((JSON.parse(out) as SeriesJson).groups.length, 2);
  const csv = await report("--by", "team", "--csv");
  assert.equal(csv.out, (await report("--by", "team", "--format", "csv")).out);
  assert.match(csv.out, /^team,calls,refusals,input_tokens,output_tokens,cost_usd,charges\r\n/);
  assert.match(csv.out, /\r\n'=cmd\(\),9,0,0,0,0\.0+\d+,0\r\n/);
});

test("CSV of reconcile has unchanged line ends, too", async () => {
  const bill = { data: [{ date: "2025-10-26", model: "lab/large", usage: 1, requests: 1 }] };
  await writeFile(path.join(folder, "bill.json"), JSON.stringify(bill));
  const { code, out, notes } = await purser(["reconcile", "bill.json", "--csv"], { cwd: folder });
  assert.equal(code, 0, notes);
  assert.match(out, /^day,model,[^\u{fffd}]+\r\n$/u);
});

test("reconcile fails on request if the bill does not add up, and errors name its file", async () => {
  const bill = { data: [{ date: "2001-01-01", model: "lab/large", usage: 1 }] };
  await writeFile(path.join(folder, "off.json"), JSON.stringify(bill));
  const codes = ["0.99", "1"].map(async (most) => {
    const words = ["reconcile", "off.json", "--csv", "--fail-over", most];
    return (await purser(words, { cwd: folder })).code;
  });
  assert.deepEqual(await Promise.all(codes), [1, 0]);
  await writeFile(path.join(folder, "page.json"), JSON.stringify({ ...bill, has_more: true }));
  const { code, notes } = await purser(["reconcile", "page.json"], { cwd: folder });
  assert.equal(code, 2);
  assert.match(notes, /page\.json: has_more is true/);
  const unknown = await purser(["reconcile", "off.json", "--provider", "opnai"], { cwd: folder });
  assert.equal(unknown.code, 2);
  assert.match(unknown.notes, /Did you mean openai\?/);
});

test("a time axis has a row for each hour of a day with 25, and they add up", async () => {
  const words = [...range, "--by", "hour", "--time-zone", "Europe/Berlin"];
  const { code, out, notes } = await report(...words, "--metrics", "calls,cost", "--csv");
  assert.equal(code, 0, notes);
  const [header, ...lines] = out.split("\r\n").slice(0, -1);
  assert.deepEqual([header, lines.length], ["hour,calls,cost_usd", 25]);
  assert.match(lines[2] ?? "", /^2025-10-26 02:00\+02:00,1,/);
  assert.match(lines[3] ?? "", /^2025-10-26 02:00\+01:00,1,/);
  const sum = lines.reduce((all, line) => all + parseUsd(line.split(",")[2] ?? "", "cost"), 0n);
  const day = await asked("--by", "day", "--time-zone", "Europe/Berlin");
  assert.equal(day.data.length, 1);
  assert.equal(sum, parseUsd(day.total.figures.cost ?? "", "cost"));
  const utc = await report(...range, "--by", "hour", "--csv");
  assert.match(utc.out, /\r\n2025-10-25 23:00,1,/);
});

test("times come first, then their groups; a table has the total and bars", async () => {
  const { out } = await report(...range, "--by", "model,day", "--metrics", "calls");
  assert.match(out, /^2025-10-25 22:00 to 2025-10-26 23:00 \(UTC\)\n\nday +model +calls\n/);
  assert.match(out, /\n2025-10-25 +large +1 +█+.*\n2025-10-25 +small +1 +█+/);
  assert.match(out, /\n2025-10-26 +large +12 +█{16}\n/);
  assert.match(out, /\ntotal +25\n/);
});

test("filters, order, top and comparison are those of the API", async () => {
  const found = await asked("--by", "model", "--filter", "team=atlas", "--filter", "tag:plan=pro");
  assert.deepEqual([found.total.figures.calls, found.by], [16, ["model"]]);
  const sorted = await asked("--by", "model", "--sort", "latency_avg:asc", "--metrics", "calls");
  assert.deepEqual(sorted.metrics, ["calls", "latency_avg"]);
  const { out } = await report(...range, "--by", "model", "--top", "1", "--compare");
  assert.match(out, /compared with 2025-10-24 21:00 to 2025-10-25 22:00/);
  assert.match(out, /\nlarge +13 .*\nall others +12 /);
  assert.match(out, /all others are 1 group: --top 2 lists them/);
  const compared = await report(...range, "--by", "model", "--compare", "--csv");
  assert.match(compared.out, /^model,.*,before_cost_usd,change_cost\r\n/);
  const everything = await report("--by", "team", "--sort", "calls", "--csv");
  assert.match(everything.out, /^team,.*\r\natlas,16,.*\r\n'=cmd\(\),9,/);
});

test("calls without what a figure needs are reported below the table", async () => {
  const { out } = await report(...range, "--metrics", "cost_per_user,cost_per_team");
  assert.match(out, /\n0\.0 % of the charged calls \(0\) have a user\n$/);
  assert.match((await report("--today")).out, /^20.*\(UTC\)\nNo calls in this range\.\n$/);
});

const refused: readonly (readonly [words: string, field: string, remedy: RegExp])[] = [
  ["--last 7x", "--last", /24h, 7d, 4w or 3m/],
  ["--last 7d --from 2025-01-01", "--last", /Give the range once/],
  ["--today --month", "--month", /Give the range once/],
  ["--from 2025-02-01 --to 2025-01-01 --by day", "--from", /earlier date/],
  ["--time-zone Mars/Olympus", "--time-zone", /IANA/],
  ["--by day,team,user,model,project", "--by", /at most 3/],
  ["--by day,modle", "--by", /Did you mean model/],
  ["--by hour,day", "--by", /one of hour, day/],
  ["--by hour --last 12m", "--by", /longer time axis/],
  ["--sort price", "--sort", /cost/],
  ["--metrics cots", "--metrics", /Did you mean cost/],
  ["--compare next", "--compare", /previous_whole/],
  ["--filter team", "--filter", /team=search/],
  ["--filter projct=p1", "projct", /Did you mean project/],
  ["--csv --json", "--csv", /one format/],
  ["--refused --last 7d", "--last", /--from and --to/],
  ["--refused --by day", "--by", /--from and --to/],
];

test("a bad question is wrong usage that names the option and the remedy", async () => {
  for (const [words, field, remedy] of refused) {
    const ended = await report(...words.split(" "), "--json");
    const { error } = JSON.parse(ended.notes) as { error: { field: string; remedy: string } };
    assert.deepEqual([ended.code, ended.out, error.field], [2, "", field], words);
    assert.match(error.remedy, remedy, words);
  }
});
