/** Tests the texts of the command line: errors, option values, reports, budgets and findings. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { PurserError } from "../domain/error.ts";
import { budgetLines, budgetTable, budgetText, usedShare } from "./budget-text.ts";
import { checkRange, csv, reportText } from "./command/report.ts";
import { verifyText } from "./command/verify.ts";
import { connect, runningServer } from "./connection.ts";
import { failureOf, failureText, problemOf } from "./failure.ts";
import type { BudgetJson } from "../contract/budget.ts";
import type { SeriesJson } from "../contract/series.ts";
import { inspectClock, inspectNode } from "./inspect.ts";
import { shareOf } from "./group-table.ts";
import { inOptionWords } from "./option-words.ts";
import {
  attributionOf,
  decimal,
  list,
  moment,
  oneOf,
  port,
  shares,
  targetOf,
  whole,
} from "./option.ts";
import { paintFor } from "./terminal/color.ts";
import { type Output, outputOn } from "./terminal/screen.ts";
import { welcome } from "./welcome.ts";

const paint = paintFor(false, {});
const output: Output = outputOn({ write: () => {} }, { environment: {} });

const exits: readonly (readonly [name: string, error: unknown, code: number])[] = [
  ["a field out of range is wrong use", new PurserError("invalid_request", "x"), 2],
  [
    "a configuration that is not valid is wrong use",
    new PurserError("invalid_configuration", "x"),
    2,
  ],
  ["something that is not there is a failure", new PurserError("not_found", "x"), 1],
  ["a model without a price is a failure", new PurserError("unpriced", "x"), 1],
  ["a refusal by a budget is a no", problemOf(402, { code: "budget_exhausted" }), 3],
  ["a request that the server cannot read is wrong use", problemOf(400, {}), 2],
  ["a key that the server does not know is a failure", problemOf(401, {}), 1],
  ["whatever else is thrown is a failure", new Error("x"), 1],
];
for (const [name, error, code] of exits)
  test(`${name}: exit code ${code}`, () => assert.equal(failureOf(error).exitCode, code));

test("a failure prints the message, the field and the remedy", () => {
  const error = new PurserError("invalid_configuration", "the port is no number", {
    field: "server.port",
    remedy: "Write 4141.",
    line: 3,
  });
  assert.equal(
    failureText(failureOf(error), paint),
    "error  the port is no number (line 3)\nfield  server.port\nremedy Write 4141.\n",
  );
});

test("a problem from the server keeps its field and remedy, and a refusal its reason", () => {
  const problem = problemOf(402, {
    code: "budget_exhausted",
    detail: "spent",
    field: "amount",
    purser: { reason: "budget_held", remedy: "Wait." },
  });
  assert.deepEqual(failureOf(problem), {
    exitCode: 3,
    code: "budget_held",
    message: "spent",
    field: "amount",
    remedy: "Wait.",
  });
  assert.match(failureOf(problemOf(401, null)).remedy ?? "", /PURSER_ADMIN_KEY/);
});

test("an error in a provider's format keeps its reason, and its remedy is printed once", () => {
  const { message, remedy } = problemOf(403, {
    error: { message: "not this model. Ask for it." },
    purser: { remedy: "Ask for it." },
  });
  assert.deepEqual([message, remedy], ["not this model.", "Ask for it."]);
  assert.equal(problemOf(403, { error: { message: "no" } }).message, "no");
});

test("an error of the control plane names the option, not the field", () => {
  const words = {
    amount: { option: "--amount", remedy: "Give 1.50." },
    attribution: { option: "--set" },
  };
  const typed = (field: string): readonly (string | null)[] => {
    const refusal = problemOf(400, { detail: `${field} is wrong`, field, remedy: "Mend it." });
    const { message, field: option, remedy, exitCode } = failureOf(inOptionWords(refusal, words));
    assert.equal(exitCode, 2);
    return [message, option, remedy];
  };
  assert.deepEqual(typed("amount"), ["--amount is wrong", "--amount", "Give 1.50."]);
  assert.deepEqual(typed("attribution.tem"), ["--set tem is wrong", "--set", "Mend it."]);
  assert.deepEqual(typed("other[0]"), ["other[0] is wrong", "other[0]", "Mend it."]);
  const shapeless = problemOf(400, {
    detail: "attribution is wrong",
    field: "attribution",
    remedy: "Correct attribution; /openapi.json has its shape.",
  });
  assert.equal(
    failureOf(inOptionWords(shapeless, words)).remedy,
    "See --help for the values it accepts.",
  );
});

test("an invalid range of a report names the option that was given", () => {
  const now = Date.UTC(2026, 10, 22);
  checkRange({ from: "2026-11-21T00:00:00.000Z" }, now);
  checkRange({ from: "2026-12-01T00:00:00.000Z", to: "2026-12-02T00:00:00.000Z" }, now);
  assert.throws(
    () => checkRange({ from: "2027-01-01T00:00:00.000Z" }, now),
    /^PurserError: --from .* is in the future$/,
  );
  assert.throws(
    () => checkRange({ from: "2026-11-02T00:00:00.000Z", to: "2026-11-01T00:00:00.000Z" }, now),
    /is not before --to/,
  );
});

test("control characters in an error cannot colour the terminal", () => {
  assert.ok(!failureText(failureOf(new Error("\u{1b}[2Jgone")), paint).includes("\u{1b}"));
});

const values: readonly (readonly [name: string, read: () => unknown, field: string])[] = [
  ["a whole number", () => whole("--n", { least: 1, most: 5 })("1.5"), "--n"],
  ["a negative number", () => whole("--n", { least: 0, most: 5 })("-1"), "--n"],
  ["a number over its range", () => whole("--n", { least: 1, most: 5 })("6"), "--n"],
  ["a port that fetch refuses", () => port("--port")("4190"), "--port"],
  ["a port over its range", () => port("--port")("65536"), "--port"],
  ["an exponent", () => decimal("--share", { least: 0, most: 1 })("1e-1"), "--share"],
  ["a day that does not exist", () => moment("--at")("2026-02-30"), "--at"],
  ["a moment on a day that does not exist", () => moment("--at")("2026-02-30T00:00:00Z"), "--at"],
  ["a moment without a zone", () => moment("--at")("2026-02-03T10:00:00"), "--at"],
  ["a word that is not known", () => oneOf("--tier", ["a", "b"])("c"), "--tier"],
  ["a share in percent", () => shares("--warn")("80%"), "--warn"],
  ["a share of nothing", () => shares("--warn")("0.5,0"), "--warn"],
  ["a dimension without a value", () => attributionOf(["team"]), "--set"],
];
for (const [name, read, field] of values) {
  test(`${name} is refused, with the option and a valid value`, () => {
    assert.throws(
      read,
      (error) =>
        error instanceof PurserError &&
        error.detail.field === field &&
        (error.detail.remedy ?? "") !== "",
    );
  });
}

test("dates mean midnight in UTC, and dimensions and tags are distinguished", () => {
  assert.equal(moment("--at")("2026-02-03"), "2026-02-03T00:00:00.000Z");
  assert.equal(moment("--at")("2026-02-03T10:00:00+02:00"), "2026-02-03T08:00:00.000Z");
  assert.deepEqual(
    list("--by")("model, team,model"),
    ["model", "team"],
    "a name that is repeated counts once",
  );
  assert.deepEqual(attributionOf(["team=a=b", "tag:customer=acme"]), {
    team: "a=b",
    tags: { customer: "acme" },
  });
});

const figures: SeriesJson = {
  bucket: "none",
  time_zone: "UTC",
  by: ["team"],
  data: [],
  from: "2026-01-01T00:00:00.000Z",
  to: "2026-02-01T00:00:00.000Z",
  total: {
    calls: 3,
    charges: 0,
    charge_cost_usd: "0",
    released: 0,
    refusals: 1,
    cost_usd: "0.030000000001",
    tokens: 1520,
    avg_latency_ms: 0,
    usage: { input: 1000, cache_read: 500, output: 20 },
  },
  groups: [
    {
      group: { team: "a,b" },
      calls: 2,
      charges: 0,
      charge_cost_usd: "0",
      released: 0,
      refusals: 1,
      cost_usd: "0.02",
      tokens: 1010,
      avg_latency_ms: 0,
      usage: { input: 1000, output: 10 },
    },
    {
      group: { team: "=cmd()" },
      calls: 1,
      charges: 0,
      charge_cost_usd: "0",
      released: 0,
      refusals: 0,
      cost_usd: "0.010000000001",
      tokens: 510,
      avg_latency_ms: 0,
      usage: { cache_read: 500, output: 10 },
    },
  ],
  key_names: {},
  unpriced: [],
};

test("a report shows formatted, aligned sums and the share of each group", () => {
  const text = reportText(figures, { by: ["team"], top: 20, output });
  assert.match(
    text,
    /^\$0\.0300 {2}3 calls, 1 refused, 1,500 input tokens \(500 from cache\), 20 output tokens\n/,
  );
  assert.match(text, /a,b +2 +1 +1,000 +10 +\$0\.0200 +66\.7 %/);
  assert.match(reportText(figures, { by: ["team"], top: 1, output }), /and 1 more group:/);
  assert.equal(shareOf("0", "0"), 0);
});

test("a report shows units other than tokens, largest counts first", () => {
  const units = { web_search: 2, "tool:ocr": 3, pages: 1200, images: 1 };
  const total = { ...figures.total, usage: { ...figures.total.usage, reasoning: 7, ...units } };
  assert.match(
    reportText({ ...figures, total }, { by: ["team"], top: 20, output }),
    /20 output tokens, 1,200 pages, 3 tool:ocr, 2 web_search and 1 more\n/,
  );
});

test("a report names the models without a known price", () => {
  assert.doesNotMatch(reportText(figures, { by: ["team"], top: 20, output }), /unknown price/);
  const unpriced = ["a", "b", "c", "d"].map((model) => ({ provider: "lab", model, calls: 3 }));
  const text = reportText({ ...figures, unpriced }, { by: ["team"], top: 20, output });
  assert.match(
    text,
    /\n12 calls of lab\/a, lab\/b, lab\/c and 1 more have an unknown price, counted as \$0: .*docs\/guides\/add-a-price\.md\n$/,
  );
});

test("CSV cells are quoted, and none is a formula", () => {
  assert.equal(csv(figures, ["team"]).split("\r\n")[1], '"a,b",2,1,1000,10,0.02,0');
  assert.equal(csv(figures, ["team"]).split("\r\n")[2], "'=cmd(),1,0,500,10,0.010000000001,0");
});

const budget: BudgetJson = {
  budget_id: "child",
  parent_budget_id: "all",
  budget_type: "team",
  resource_id: "*",
  unattributed: "ignore",
  amount: "10",
  currency: "USD",
  period: "day",
  time_zone: "UTC",
  anchor: null,
  start: null,
  end: null,
  policy: "hard",
  on_exhausted: "refuse",
  ask_timeout: null,
  reserve_for_closing: null,
  warning_threshold: null,
  thresholds: [],
  mode: "enforce",
  models: null,
  providers: null,
  unpriced: {},
  window: null,
  spent: "8",
  held: "1.5",
  available: null,
  overrun: "0",
  available_for_ordinary_calls: null,
  granted: null,
  paused: null,
  paused_values: [],
  approval: null,
};

test("a budget that keeps a part for closing calls shows what ordinary calls have", () => {
  const reserve = { available: "0.5", reserve_for_closing: "0.2" };
  const text = budgetText({ ...budget, ...reserve, available_for_ordinary_calls: "0.3" }, output);
  assert.match(text, /available +\$0\.5000, \$0\.3000 for ordinary calls/);
  assert.match(budgetText({ ...budget, available: "0.5" }, output), /available +\$0\.5000 *\n/);
});

test("budgets are listed under their parents, and held amounts count as used", () => {
  const text = budgetTable(
    [
      budget,
      {
        ...budget,
        budget_id: "all",
        parent_budget_id: null,
        resource_id: "main",
        available: "0.5",
      },
    ],
    output,
  );
  assert.match(text, /\nall .*95\.0 % .*\n {2}child +each team /);
  assert.equal(usedShare(budget), null);
  assert.equal(usedShare({ ...budget, resource_id: "a" }), 0.95);
});

test("an open question is shown with what can be done about it", () => {
  const approval = {
    value: "atlas",
    asked_at: "2026-07-01T00:00:00Z",
    expires_at: "2026-07-01T00:10:00Z",
    needed: "3",
    available: "0.5",
    waiting: 200,
  };
  const asking = { ...budget, on_exhausted: "ask" as const, ask_timeout: "10m", approval };
  const line =
    /child asks for more: \$3\.0000 needed, \$0\.5000 available, 200 calls wait\. `.+ budget extend child --value atlas --amount AMOUNT` or `.+ budget decline child --value atlas`/;
  assert.match(budgetText(asking, output), line);
  assert.match(budgetTable([asking], output), /child asks /);
  assert.match(budgetLines([budget, asking], output), line);
  assert.equal(budgetLines([budget], output), "");
});

test("a pause and an extension are shown in a list and for a single budget", () => {
  const pause = { by: "admin", reason: null, since: "2026-07-01T00:00:00Z" };
  const paused = { ...budget, paused: pause };
  assert.match(budgetTable([paused], output), /child paused /);
  const each = { ...budget, paused_values: ["bob", "carl"] };
  assert.match(budgetLines([budget, each], output), /^child: paused values: bob, carl\n$/);
  assert.match(budgetText(each, output), /paused values +bob, carl\n/);
  assert.match(budgetText({ ...budget, value: "bob" }, output), /value +bob\n/);
  const many = { ...budget, paused_values: Array.from({ length: 11 }, (_, index) => `v${index}`) };
  assert.match(budgetLines([many], output), /v9 and more\n$/);
  const extended = { ...budget, resource_id: "a", amount: "2", granted: "3", available: "3.1" };
  assert.match(budgetTable([extended], output), / \$?5\.0+ /);
});

test("the filters of a budget are shown in a list and for a single budget", () => {
  const narrow = { ...budget, models: ["gpt-5*", "o3"], providers: ["openai"] };
  assert.match(budgetTable([narrow], output), /each team, models gpt-5\*,o3, providers openai/);
  assert.match(budgetText(narrow, output), /models +gpt-5\*, o3\n +providers +openai\n/);
  const real = { ...budget, providers: ["!sim"] };
  assert.doesNotMatch(budgetTable([real], output), /models|providers/);
  assert.match(budgetText(real, output), /providers +!sim\n/);
  assert.doesNotMatch(budgetText(budget, output), /models|providers/);
});

test("a window is shown in the time zone of its budget, without a start if it has none", () => {
  const berlin = {
    ...budget,
    time_zone: "Europe/Berlin",
    window: { start: "2026-06-30T22:00:00Z", end: "2026-07-01T22:00:00Z" },
  };
  assert.match(
    budgetText(berlin, output),
    /window +2026-07-01 00:00 until 2026-07-02 00:00 \(Europe\/Berlin\)\n/,
  );
  const once = { ...budget, period: "once", window: { start: null, end: "2026-07-01T00:00:00Z" } };
  assert.match(budgetText(once, output), /window +until 2026-07-01 00:00 \(UTC\)\n/);
  assert.doesNotMatch(budgetText(once, output), /1970/);
});

test("verify reports a broken chain and a wrong balance, with a remedy", () => {
  const drift = [{ counter: "all/main", kept: "2", journal: "1" }];
  const text = verifyText(
    { entries: 5, staged: 0, brokenAt: 3, drift, rollupDrift: [], damage: [], ok: false },
    output,
  );
  assert.match(
    text,
    /2 findings\n {2}the chain breaks at entry 3.*\n {2}all\/main: stored 2, the journal gives 1\nremedy /,
  );
});

test("the welcome shows new keys once, and later how to create one", () => {
  const server = {
    url: "http://127.0.0.1:4141",
    providers: [{ name: "sim", real: false }],
    changes: [],
    warnings: [],
    reportFault: () => {},
    close: async () => {},
  };
  assert.match(
    welcome({ ...server, adminKey: "purser_admin", firstKey: "purser_first" }, output),
    /purser_admin[^]*purser_first[^]*curl http:\/\/127\.0\.0\.1:4141\/v1\/chat\/completions/,
  );
  assert.match(welcome(server, output), /purser -- key create --name NAME/);
});

test("options take precedence over the environment, --data over PURSER_URL, and all over the file", async () => {
  const parts = {
    configuredFolder: async (file?: string) => (file === undefined ? "usual" : "of-the-file"),
  };
  const variables = {
    PURSER_DATA: "/var/lib/purser",
    PURSER_URL: "http://127.0.0.1:9",
    PURSER_ADMIN_KEY: "k",
  };
  const context = { environment: variables, parts };
  assert.deepEqual(await targetOf({}, context), {
    data: "/var/lib/purser",
    url: "http://127.0.0.1:9",
    adminKey: "k",
  });
  assert.deepEqual(await targetOf({ data: "here" }, context), {
    data: "here",
    url: undefined,
    adminKey: undefined,
  });
  assert.deepEqual(await targetOf({ data: "here", adminKey: "a" }, context), {
    data: "here",
    url: undefined,
    adminKey: "a",
  });
  const bare = { environment: { PURSER_DATA: "", PURSER_URL: "", PURSER_ADMIN_KEY: "k" }, parts };
  assert.deepEqual(await targetOf({ url: "http://there", adminKey: "a" }, context), {
    data: "/var/lib/purser",
    url: "http://there",
    adminKey: "a",
  });
  assert.deepEqual(await targetOf({}, bare), {
    data: "usual",
    url: undefined,
    adminKey: undefined,
  });
  assert.equal((await targetOf({ config: "a.yaml" }, bare)).data, "of-the-file");
});

test("doctor reports an old Node and a clock that was never set", () => {
  assert.deepEqual([inspectNode("20.1.0").state, inspectNode("26.0.0").state], ["wrong", "well"]);
  assert.deepEqual(
    [inspectClock(0).state, inspectClock(Date.UTC(2026, 10, 22)).state],
    ["wrong", "well"],
  );
});

test("a command uses the server of its folder, and opens the folder if the server is gone", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "purser-cli-"));
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.setHeader("content-type", "application/json").end('{"ok":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(
    path.join(folder, "server.json"),
    JSON.stringify({ pid: process.pid, url, token: "of-this-start" }),
  );
  const openFolder = async () => ({
    fetch: async (request: Request) => Response.json({ inside: new URL(request.url).pathname }),
    token: "t",
    close: async () => {},
  });
  try {
    const running = await connect({ target: { data: folder }, openFolder });
    assert.deepEqual(
      [running.mode, (await running.request("GET", "/x")).json, seen.at(-1)],
      ["server", { ok: true }, "Bearer of-this-start"],
    );
    await new Promise((resolve) => (server.close(resolve), server.closeAllConnections()));
    assert.equal(await runningServer(folder), undefined);
    const opened = await connect({ target: { data: folder }, openFolder });
    assert.deepEqual(
      [opened.mode, (await opened.request("GET", "/x?y=1")).json],
      ["folder", { inside: "/x" }],
    );
    await assert.rejects(connect({ target: { data: path.join(folder, "none") }, openFolder }), {
      code: "not_found",
    });
    await assert.rejects(connect({ target: { data: folder, url: "localhost" }, openFolder }), {
      code: "invalid_request",
    });
  } finally {
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  }
});
