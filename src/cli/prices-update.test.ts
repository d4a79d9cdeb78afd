/** Tests the commands that update the prices, on a folder and on the server that uses it. */

import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import type { PriceUpdateJson } from "../contract/price-update.ts";
import { inFolder, purser, serve } from "./child.test-kit.ts";
import { makeParts } from "../compose/command-parts.ts";
import { outcomeText, updateText } from "./price-update-text.ts";
import { runProgram } from "./program.ts";
import { outputOn, screenOn } from "./terminal/screen.ts";
import { width } from "./terminal/width.ts";

/** In the form of genai-prices: one model of one provider. */
function listOf(input: number | string, output = 8): string {
  const model = {
    id: "m1",
    match: { equals: "m1" },
    prices: { input_mtok: input, output_mtok: output },
  };
  return JSON.stringify([{ id: "own", api_pattern: "own", models: [model] }]);
}

const accept = ["--accept", "vanished"];

test("an update is checked, applied, listed and reverted, in a folder and through its server", async () => {
  await inFolder(async (folder) => {
    await writeFile(path.join(folder, "two.json"), listOf(2));
    await writeFile(path.join(folder, "three.json"), listOf(3));
    const run = (...words: readonly string[]) => purser(["prices", ...words], { cwd: folder });

    const refused = await run("update", "--from", "two.json");
    assert.equal(refused.code, 1, refused.notes);
    assert.match(refused.out, /Nothing was stored\..*--accept vanished/);
    const made = await run("update", "--from", "two.json", ...accept);
    assert.equal(made.code, 0, made.notes);
    assert.match(made.out, /own\/m1 +new +input +2\n +output +8\n/);
    assert.match(
      refused.out,
      /vanished +\d+ providers +no model of theirs is in the list any more/,
    );

    const input = async (): Promise<string | undefined> => {
      const { out } = await purser(["price", "own/m1", "--input", "1000000"], { cwd: folder });
      return /\ninput +1,000,000 +\$(\d\.\d\d) /.exec(out)?.[1] ?? out;
    };
    assert.equal(await input(), "2.00");

    const server = await serve(folder);
    try {
      const checked = await run("update", "--from", "three.json", ...accept, "--check");
      assert.match(checked.out, /own\/m1 +dearer +input +2 +3 +\+50\.0 %/);
      assert.match(checked.out, /Nothing was stored \(--check\)\./);
      const applied = await run("update", "--from", "three.json", ...accept, "--json");
      const { state, update_id: id } = JSON.parse(applied.out) as Record<string, string>;
      assert.equal(state, "applied");
      assert.equal(await input(), "3.00");
      const history = await run("history");
      assert.match(history.out, new RegExp(`${id}.*three\\.json +1\\n.*two\\.json +1`));
      assert.match((await run("revert", id ?? "")).out, /its 1 price ended at/);
      assert.equal(await input(), "2.00");
      assert.match((await run("revert", id ?? "")).out, /was already reverted at/);
      const unknown = await run("revert", "none");
      assert.deepEqual([unknown.code, /prices history/.test(unknown.notes)], [1, true]);
    } finally {
      await server.end("SIGTERM");
    }
    const same = await run("update", "--from", "two.json", ...accept);
    assert.match(same.out, /The prices in force agree with the list/);
    assert.equal((await purser(["verify"], { cwd: folder })).code, 0);
  });
});

test("the remedy of a refusal accepts every kind of doubt, also those already accepted", async () => {
  await inFolder(async (folder) => {
    await writeFile(path.join(folder, "two.json"), listOf(2));
    await writeFile(path.join(folder, "zero.json"), listOf(0, 0));
    const update = (...words: readonly string[]) =>
      purser(["prices", "update", "--from", ...words], { cwd: folder });
    assert.equal((await update("two.json", ...accept)).code, 0);
    for (const kind of ["zero", "vanished"]) {
      const { code, out } = await update("zero.json", "--accept", kind);
      assert.equal(code, 1);
      assert.match(out, /repeat the command with --accept zero,vanished\.\n$/);
    }
    const checked = await update("zero.json", "--accept", "zero", "--check");
    assert.match(checked.out, /is refused, unless you give --accept zero,vanished\.\n$/);
    const applied = await update("zero.json", "--accept", "zero,vanished");
    assert.equal(applied.code, 0);
    assert.match(applied.out, /Undo it with: npm run -s purser -- prices revert upd_\w+\n$/);
    assert.match(applied.out, /^vanished \(accepted\) /m);
    assert.match(applied.out, /^zero \(accepted\) /m);
    const other = ["--accept", "zero,vanished", "--data", "its data"];
    const elsewhere = await update("zero.json", ...other);
    assert.match(elsewhere.out, /prices revert upd_\w+ --data 'its data'\n$/);
    const undone = await update("two.json", ...accept, "--data", "its data", "--check");
    assert.match(undone.out, /^vanished \(accepted\) /m);
  });
});

test("--check needs no data folder, and leaves none behind", async () => {
  await inFolder(async (folder) => {
    await writeFile(path.join(folder, "two.json"), listOf(2));
    await mkdir(path.join(folder, "tmp"));
    const environment = { TMPDIR: path.join(folder, "tmp") };
    for (const [file, code] of [
      ["two.json", 0],
      ["missing.json", 2],
    ] as const) {
      const words = ["prices", "update", "--check", "--from", file];
      const checked = await purser(words, { cwd: folder, environment });
      assert.equal(checked.code, code, checked.notes);
      if (code === 0) assert.match(checked.out, /own\/m1 +new[^]*Nothing was stored \(--check\)/);
    }
    assert.deepEqual((await readdir(folder)).toSorted(), ["tmp", "two.json"]);
    assert.deepEqual(await readdir(path.join(folder, "tmp")), []);
    const history = await purser(["prices", "history"], { cwd: folder });
    assert.match(history.notes, /no data folder/);
  });
});

test("an unusable price is shown with its reason, and a price that is too large is a doubt", async () => {
  await inFolder(async (folder) => {
    const check = async (list: string): Promise<string> => {
      await writeFile(path.join(folder, "list.json"), list);
      const words = ["prices", "update", "--check", "--from", "list.json"];
      return (await purser(words, { cwd: folder })).out;
    };
    for (const price of [-2, "abc"]) {
      const out = await check(listOf(price));
      assert.match(out, /own\/m1 at \[0\]\.models\[0\]: .*not a number of 0 or more, input_mtok/);
      assert.match(out, /empty +the list has no price that can be used: 1 model is skipped/);
      assert.match(out, /With --accept empty, the update is recorded, although every model keeps/);
    }
    for (const price of [2_000_000, 1e300]) {
      const out = await check(listOf(price));
      assert.match(out, /unit +own\/m1 +input at (?:2000000|1e\+300) USD per million\n/);
      assert.match(out, /own\/m1: has a price that cannot be stored: input/);
    }
  });
});

test("accepting a list without prices keeps every price, and says so", async () => {
  await inFolder(async (folder) => {
    await writeFile(path.join(folder, "none.json"), listOf(-1));
    await writeFile(path.join(folder, "large.json"), listOf(2_000_000));
    await writeFile(path.join(folder, "void.json"), "\n");
    const update = (...words: readonly string[]) =>
      purser(["prices", "update", "--from", ...words], { cwd: folder });
    const none = await update("none.json", "--accept", "empty");
    const large = await update("large.json", "--accept", "unit,vanished");
    for (const { code, out } of [none, large]) {
      assert.equal(code, 0);
      assert.match(
        out,
        /no price that can be used: every model keeps its price \(recorded as upd_/,
      );
    }
    const [id = ""] = /upd_\w+/.exec(none.out) ?? [];
    const reverted = await purser(["prices", "revert", id], { cwd: folder });
    assert.match(reverted.out, /is reverted: it had no prices\.\n/);
    const empty = await update("void.json");
    assert.deepEqual([empty.code, /--from: void\.json is empty/.test(empty.notes)], [2, true]);
  });
});

test("the history shows every column in a narrow terminal", async () => {
  await inFolder(async (folder) => {
    await writeFile(path.join(folder, "two.json"), listOf(2));
    const made = await purser(["prices", "update", "--from", "two.json", ...accept], {
      cwd: folder,
    });
    const [id = ""] = /upd_\w+/.exec(made.out) ?? [];
    assert.equal((await purser(["prices", "revert", id], { cwd: folder })).code, 0);
    for (const columns of [60, 80, 200]) {
      let text = "";
      const stream = { isTTY: true, columns, rows: 50, write: (more: string) => (text += more) };
      const environment = { PURSER_DATA: path.join(folder, ".purser"), NO_COLOR: "1" };
      const screen = screenOn({ stdout: stream, stderr: stream }, { environment, color: false });
      const parts = makeParts(environment);
      assert.equal(await runProgram(["prices", "history"], { screen, environment, parts }), 0);
      assert.match(text, columns < 80 ? /^reverted /m : /^id .* reverted$/m);
      assert.match(text, /two\.json/);
      assert.equal(text.match(/\d{4}-\d\d-\d\d/g)?.length, 2, text);
      assert.doesNotMatch(text, /Left out/);
      for (const line of text.split("\n")) assert.ok(width(line) <= columns, line);
    }
  });
});

test("prices are shown of the folder that the configuration names, as its server uses them", async () => {
  await inFolder(async (folder) => {
    await writeFile(path.join(folder, "two.json"), listOf(2));
    await writeFile(path.join(folder, "purser.yaml"), "data: books\n");
    const update = ["prices", "update", "--from", "two.json", "--data", "books", ...accept];
    assert.equal((await purser(update, { cwd: folder })).code, 0);
    const price = ["price", "own/m1", "--input", "1000000"];
    assert.match((await purser(price, { cwd: folder })).out, /\ninput +1,000,000 +\$2\.00 /);
    const elsewhere = { PURSER_DATA: "elsewhere" };
    assert.equal((await purser(price, { cwd: folder, environment: elsewhere })).code, 1);
  });
});

test("what is neither a list, an address nor a file is wrong usage that names the option", async () => {
  await inFolder(async (folder) => {
    await writeFile(path.join(folder, "no-list.json"), "{}");
    const cases = [
      [["--from", "missing.json"], 2, /--from[^]*https URL, or one of genai-prices, litellm/],
      [["--from", "litelm"], 2, /--from[^]*Did you mean litellm\?/],
      [["--from", "no-list.json"], 2, /--from|known format/],
      [["--from", "ftp://example.com/list"], 2, /--from[^]*an http or https URL/],
      [["--from", "no-list.json", "--accept", "all"], 2, /--accept.*zero, tenfold/s],
    ] as const;
    for (const [words, code, notes] of cases) {
      const ended = await purser(["prices", "update", ...words], { cwd: folder });
      assert.equal(ended.code, code, ended.notes);
      assert.match(ended.notes, notes);
    }
  });
});

test("disagreements of the built-in list are listed by provider, with the charged figure first", async () => {
  const { code, out } = await purser(["prices", "disagreements", "--json"]);
  assert.equal(code, 0);
  const { data } = JSON.parse(out) as {
    data: readonly { provider: string; stated: readonly unknown[] }[];
  };
  assert.equal(
    data.every(({ stated }) => stated.length > 1),
    true,
  );
  const [first] = data;
  const one = await purser(["prices", "disagreements", "--provider", first?.provider ?? ""]);
  assert.match(one.out, new RegExp(`${first?.provider}/`));
});

test("disagreements of a provider that is not in the list are an error with the nearest name", async () => {
  const { code, notes } = await purser(["prices", "disagreements", "--provider", "opnai"]);
  assert.equal(code, 1);
  assert.match(notes, /no provider "opnai"[^]*openai/);
});

const plain = outputOn({ write: () => true }, { color: false, environment: {} });

const unchanged: PriceUpdateJson = {
  state: "checked",
  update_id: null,
  source: "list",
  version: "1",
  sha256: "ab".repeat(32),
  from: "file",
  refused_for: [],
  doubts: [],
  partial: false,
  unchanged: 0,
  changes: [],
  gone: [],
  skipped: [],
  effect: {
    from: "2026-11-01T00:00:00.000Z",
    spent_usd: "0",
    would_have_been_usd: "0",
    models: [],
  },
};

test("a model with a price of your own, and a partial list, are named", () => {
  const change = { provider: "p", model: "m", change: "new", rates: [] } as const;
  const none = { carried: [], valid_from: null, known_change: null };
  const own = { ...unchanged, changes: [{ ...change, ...none, own_price: true }] };
  assert.match(updateText(own, plain), /p\/m +new, your own price applies/);
  const kept = { ...unchanged, state: "applied", update_id: "upd_1" } as const;
  assert.match(outcomeText({ ...kept, partial: true }, {}), /age of the prices does not begin/);
  assert.doesNotMatch(outcomeText(kept, {}), /age of the prices/);
});

test("a change of this month's spend shows, even if it is small", () => {
  const effect = {
    from: "2026-11-01T00:00:00Z",
    spent_usd: "4500.00125",
    would_have_been_usd: "4500.001251",
    models: [
      { provider: "p", model: "m", spent_usd: "0.5", would_have_been_usd: "0.500001" },
      { provider: "p", model: "n", spent_usd: "0.25", would_have_been_usd: "0.125" },
    ],
  };
  const text = updateText({ ...unchanged, effect }, plain);
  assert.match(text, /would have been \$4,500\.0013 \(\+\$0\.0000010\)\.$/m);
  assert.match(text, /p\/m: \$0\.5000, would have been \$0\.5000 \(\+\$0\.0000010\)$/m);
  assert.match(text, /p\/n: \$0\.2500, would have been \$0\.1250 \(-\$0\.1250\)$/m);
});

test("changes of models in use come first, then the largest, and new models last; units are priced singly", () => {
  const rate = (meter: string, before: string | null, after: string) => ({
    meter,
    service_tier: "standard",
    region: null,
    from_context_tokens: null,
    before_usd_per_million: before,
    after_usd_per_million: after,
  });
  const change = (
    model: string,
    kind: "new" | "dearer" | "mixed",
    rates: ReturnType<typeof rate>[],
  ) => ({
    provider: "p",
    model,
    change: kind,
    rates,
    own_price: false,
    carried: [],
    valid_from: null,
    known_change: null,
  });
  const update: PriceUpdateJson = {
    ...unchanged,
    changes: [
      change("fresh", "new", [rate("images", null, "40000")]),
      change("small", "dearer", [rate("input", "1", "1.1")]),
      change("large", "dearer", [rate("web_search", "10000", "30000")]),
      change("used", "mixed", [rate("input", "1", "1.2"), rate("output", "2", "1")]),
    ],
    effect: {
      from: "2026-11-01T00:00:00.000Z",
      spent_usd: "1",
      would_have_been_usd: "2",
      models: [{ provider: "p", model: "used", spent_usd: "1", would_have_been_usd: "2" }],
    },
  };
  const text = updateText(update, plain);
  const order = [...text.matchAll(/^p\/(\w+)/gm)].map(([, model]) => model);
  assert.deepEqual(order, ["used", "large", "small", "fresh"]);
  assert.match(text, /large +dearer +web_search +0\.01 +0\.03 +\+200\.0 %/);
  assert.match(text, /fresh +new +images +0\.04/);
  assert.match(text, /1 mixed: some rates dearer, others cheaper/);
});
