/** Tests the commands as real child processes: exit codes, standard output and standard error. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Ended, inFolder, purser, serve } from "./child.test-kit.ts";
import { makeParts } from "../compose/command-parts.ts";
import { runProgram } from "./program.ts";
import { screenOn } from "./terminal/screen.ts";

/** Runs commands that start nothing in this process, to save time. */
async function inProcess(words: readonly string[]): Promise<Ended> {
  const seen = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr") => ({ write: (text: string) => (seen[name] += text) });
  const screen = screenOn(
    { stdout: stream("stdout"), stderr: stream("stderr") },
    { environment: {} },
  );
  const code = await runProgram(words, { screen, environment: {}, parts: makeParts({}) });
  return { code, out: seen.stdout, notes: seen.stderr };
}

test("every command has help with an example", async () => {
  const help = await inProcess(["--help"]);
  assert.equal(help.code, 0);
  const names = [...help.out.matchAll(/^ {2}([a-z]+) {2,}/gm)]
    .map((match) => match[1] ?? "")
    .filter((name) => name !== "help");
  assert.deepEqual(names.toSorted(), [
    "budget",
    "correct",
    "demo",
    "doctor",
    "epoch",
    "estimate",
    "export",
    "key",
    "notify",
    "price",
    "prices",
    "reconcile",
    "replay",
    "report",
    "rules",
    "serve",
    "simulate",
    "teams",
    "top",
    "verify",
  ]);
  for (const name of names) {
    const { code, out } = await inProcess([name, "--help"]);
    assert.equal(code, 0, name);
    assert.match(out, new RegExp(`Examples?:\\n[^]*purser ${name}`), name);
  }
  for (const name of [
    "budget create",
    "budget list",
    "budget show",
    "budget set",
    "budget extend",
    "budget decline",
    "budget delete",
    "key create",
    "key list",
    "key revoke",
    "prices export",
  ]) {
    const { out } = await inProcess([...name.split(" "), "--help"]);
    assert.match(out, new RegExp(`Examples:\\n[^]*purser ${name}`), name);
  }
});

test("--version is the version of the package", async () => {
  const { code, out } = await inProcess(["--version"]);
  assert.equal(code, 0);
  assert.match(out, /^\d+\.\d+\.\d+\n$/);
});

const bin = fileURLToPath(new URL("../../bin/", import.meta.url));

test("bin/purser.mjs runs in a checkout without a build, and reports an incomplete copy", async () => {
  await inFolder(async (folder) => {
    const run = (file: string) =>
      spawnSync(process.execPath, [file, "--version"], { cwd: folder, encoding: "utf8" });
    const inCheckout = run(path.join(bin, "purser.mjs"));
    assert.deepEqual(
      [inCheckout.status, /^\d+\.\d+\.\d+\n$/.test(inCheckout.stdout)],
      [0, true],
      inCheckout.stderr,
    );
    await cp(bin, path.join(folder, "bin"), { recursive: true });
    const broken = run(path.join(folder, "bin", "purser.mjs"));
    assert.equal(broken.status, 1);
    assert.match(broken.stderr, /^This copy of Purser is incomplete: .*npm run build.*\n$/);
  });
});

test("an unknown word is wrong usage, with a suggestion", async () => {
  const unknown = await inProcess(["reprot"]);
  assert.deepEqual([unknown.code, unknown.out], [2, ""]);
  assert.match(unknown.notes, /Did you mean report\?/);
  assert.equal((await inProcess(["price"])).code, 2);
  assert.equal((await inProcess(["price", "sim/sim-small", "--input", "-5"])).code, 2);
});

const wrongWords: readonly (readonly [
  words: readonly string[],
  field: string | null,
  remedy: RegExp,
])[] = [
  [["reprot"], null, /^Did you mean report\? See `purser --help`\.$/],
  [["report", "--frm", "x"], "--frm", /^Did you mean --from\? See `purser report --help`\.$/],
  [["budget", "create"], "--id", /^See `purser budget create --help`\.$/],
  [["price"], "model", /^See `purser price --help`\.$/],
  [["price", "a", "b"], null, /^See/],
];
for (const [words, field, remedy] of wrongWords) {
  test(`purser ${words.join(" ")}: reported like any error, as text and as JSON`, async () => {
    const text = await inProcess(words);
    assert.match(text.notes, /^error {2}.*\nremedy .*\n$/);
    const json = await inProcess([...words, "--json"]);
    assert.deepEqual([text.code, json.code, json.out], [2, 2, ""]);
    const { error } = JSON.parse(json.notes) as {
      error: { code: string; field: string | null; remedy: string };
    };
    assert.deepEqual([error.code, error.field], ["invalid_request", field]);
    assert.match(error.remedy, remedy);
  });
}

test("price shows the lines of the bill and the source of each rate", async () => {
  const words = [
    "price",
    "sim/sim-large",
    "--input",
    "1000",
    "--cached",
    "2000",
    "--cache-write-1h",
    "10",
    "--output",
    "300",
    "--web-search",
    "2",
  ];
  const text = await purser(words);
  assert.equal(text.code, 0);
  assert.match(text.out, /cache_read +2,000 +\$0\.30 +\$0\.00060 +simulator /);
  const { json } = {
    json: JSON.parse((await purser([...words, "--json"])).out) as {
      cost_usd: string;
      charges: readonly { meter: string; cost_usd: string }[];
    },
  };
  assert.equal(json.cost_usd, "0.02816");
  assert.deepEqual(
    json.charges.map((charge) => charge.meter),
    ["input", "cache_read", "cache_write_1h", "output", "web_search"],
  );
});

test("without counts, price shows the rates of a short context first", async () => {
  assert.match(
    (await inProcess(["price", "claude-sonnet-4-5"])).out,
    /\ninput +1,000,000 +\$3\.00/,
  );
  assert.match(
    (await inProcess(["price", "claude-sonnet-4-5", "--input", "300000"])).out,
    /\ninput +300,000 +\$6\.00/,
  );
});

test("output uses one name for a provider, whichever name the user gave", async () => {
  for (const [model, provider] of [
    ["grok-4", "xai"],
    ["x-ai/grok-4", "xai"],
    ["xai/grok-4", "xai"],
    ["gemini-2.5-flash", "gemini"],
    ["google/gemini-2.5-flash", "gemini"],
  ] as const) {
    const { out } = await inProcess(["price", model, "--json"]);
    assert.equal((JSON.parse(out) as { readonly provider: string }).provider, provider, model);
    assert.ok((await inProcess(["price", model])).out.startsWith(`${provider}/`), model);
  }
});

test("a model without a price is a failure with similar names, never a cost of zero", async () => {
  const ended = await purser(["price", "sim/sim-smal", "--input", "5", "--json"]);
  assert.deepEqual([ended.code, ended.out], [1, ""]);
  const { error } = JSON.parse(ended.notes) as { error: { code: string; remedy: string } };
  assert.equal(error.code, "unpriced");
  assert.match(error.remedy, /sim-small/);
});

test("commands that make no calls do not need the secrets of the configuration", async () => {
  await inFolder(async (folder) => {
    const providers = `providers:\n  openai: { api_key: "\${OPENAI_API_KEY}" }\n`;
    const keys = `keys:\n  - { name: a, secret: "\${A_KEY}" }\n  - { name: b, secret: "\${B_KEY}" }\n`;
    await writeFile(path.join(folder, "purser.yaml"), providers + keys);
    const ended = await purser(["price", "gpt-5-mini"], { cwd: folder });
    assert.equal(ended.code, 0, ended.notes);
    assert.equal((await purser(["serve", "--port", "0"], { cwd: folder })).code, 2);
  });
});

test("more reasoning than output is wrong usage", async () => {
  const ended = await purser(["price", "sim/sim-small", "--output", "5", "--reasoning", "6"]);
  assert.equal(ended.code, 2);
  assert.match(ended.notes, /--reasoning/);
});

test("a malformed row of a trace is reported with its line before any call is made", async () => {
  await inFolder(async (folder) => {
    await writeFile(
      path.join(folder, "t.csv"),
      "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:46.68,x,1",
    );
    const ended = await purser(["replay", "t.csv"], { cwd: folder });
    assert.deepEqual([ended.code, ended.out], [2, ""]);
    assert.match(ended.notes, /^error {2}t\.csv, line 3: .*\nremedy .*No call was made/);
  });
});

test("a missing folder is a failure with a remedy", async () => {
  await inFolder(async (folder) => {
    for (const words of [["report"], ["verify"], ["budget", "list"]]) {
      const ended = await purser(words, { cwd: folder });
      assert.deepEqual([ended.code, ended.out], [1, ""], words.join(" "));
      assert.match(ended.notes, /\nremedy /, words.join(" "));
    }
  });
});

test("a missing file, or a folder instead of a file, is wrong usage that names the option", async () => {
  await inFolder(async (folder) => {
    for (const [field, words] of [
      ["trace", ["replay"]],
      ["--config", ["serve", "--port", "0", "--config"]],
      ["--file", ["estimate", "sim/sim-small", "--file"]],
    ] as const) {
      for (const [name, problem] of [
        [path.join(folder, "none"), "does not exist"],
        [folder, "is a folder"],
      ] as const) {
        const ended = await inProcess([...words, name, "--json"]);
        const { error } = JSON.parse(ended.notes) as {
          error: { message: string; field: string; remedy: string };
        };
        assert.deepEqual([ended.code, ended.out, error.field], [2, "", field], words.join(" "));
        assert.equal(error.message, `${field}: ${name} ${problem}`);
      }
    }
    const checked = await inProcess([
      "doctor",
      "--port",
      "0",
      "--data",
      folder,
      "--config",
      path.join(folder, "none"),
      "--json",
    ]);
    assert.match(checked.out, /--config: .*none does not exist/);
  });
});

test("verify reports that an empty ledger.db is not a ledger yet", async () => {
  await inFolder(async (folder) => {
    await writeFile(path.join(folder, "ledger.db"), "");
    const ended = await inProcess(["verify", "--data", folder, "--json"]);
    const { error } = JSON.parse(ended.notes) as {
      error: { code: string; message: string; field: string; remedy: string };
    };
    assert.deepEqual(
      [ended.code, ended.out, error.code, error.field],
      [1, "", "not_found", "--data"],
    );
    assert.match(error.message, /^there is no ledger in .* yet: its ledger\.db has no tables$/);
    assert.match(error.remedy, /backup/);
  });
});

test("an unknown id is reported with the argument that has it", async () => {
  await inFolder(async (folder) => {
    const data = ["--data", folder, "--json"];
    for (const [words, field] of [
      [["budget", "show", "nope"], "id"],
      [["budget", "set", "nope", "--amount", "4"], "id"],
      [["budget", "delete", "nope"], "id"],
      [["key", "revoke", "nope"], "key"],
      [["correct", "nope", "--amount", "1", "--reason", "r"], "operation"],
    ] as const) {
      const ended = await inProcess([...words, ...data]);
      const { error } = JSON.parse(ended.notes) as {
        error: { code: string; field: string; remedy: string };
      };
      assert.deepEqual(
        [ended.code, error.code, error.field],
        [1, "not_found", field],
        words.join(" "),
      );
      assert.doesNotMatch(error.remedy, /_id|\/api\//);
    }
  });
});

test("doctor reports an invalid configuration, and accepts a fresh folder", async () => {
  await inFolder(async (folder) => {
    const words = ["doctor", "--port", "0", "--json"];
    const fresh = await purser(words, { cwd: folder });
    assert.equal(fresh.code, 0, fresh.out + fresh.notes);
    await writeFile(path.join(folder, "purser.yaml"), "server: { prot: 4141 }\n");
    const broken = await purser(words, { cwd: folder });
    assert.equal(broken.code, 1);
    const { findings } = JSON.parse(broken.out) as {
      findings: readonly { subject: string; state: string; message: string; remedy: string }[];
    };
    const wrong = findings.filter((finding) => finding.state === "wrong");
    assert.deepEqual(
      wrong.map((finding) => finding.subject),
      ["configuration"],
    );
    assert.match(`${wrong[0]?.message} ${wrong[0]?.remedy}`, /prot.*port/s);
  });
});

test("doctor and verify report the same problem of a ledger as serve", async () => {
  await inFolder(async (folder) => {
    await mkdir(path.join(folder, "data"), { mode: 0o700 });
    await writeFile(path.join(folder, "data", "ledger.db"), "hello\n");
    for (const words of [["serve", "--port", "0"], ["verify"], ["doctor", "--port", "0"]]) {
      const { code, out, notes } = await purser([...words, "--data", "data"], { cwd: folder });
      assert.equal(code, 1, words.join(" "));
      assert.match(
        out + notes,
        /cannot be opened: file is not a database\n *remedy .*backup/,
        words.join(" "),
      );
    }
  });
});

test("an unusable host is reported with its option and a remedy", async () => {
  await inFolder(async (folder) => {
    // An address for documentation (RFC 5737), which no machine has.
    for (const words of [["serve"], ["simulate"]]) {
      const ended = await purser([...words, "--port", "0", "--host", "192.0.2.1", "--json"], {
        cwd: folder,
      });
      const { error } = JSON.parse(ended.notes) as {
        error: { message: string; field: string; remedy: string };
      };
      assert.deepEqual([ended.code, error.field], [1, "--host"], words.join(" "));
      assert.match(`${error.message} ${error.remedy}`, /192\.0\.2\.1.* 127\.0\.0\.1/);
    }
    await writeFile(path.join(folder, "purser.yaml"), "server: { host: 192.0.2.1, port: 0 }\n");
    assert.match((await purser(["serve"], { cwd: folder })).notes, /field {2}server\.host/);
  });
});

test("serve refuses a short admin key and an unknown log level, and doctor reports them", async () => {
  await inFolder(async (folder) => {
    for (const environment of [{ PURSER_ADMIN_KEY: "short" }, { PURSER_LOG_LEVEL: "loud" }]) {
      const [variable = ""] = Object.keys(environment);
      const served = await purser(["serve", "--port", "0"], { cwd: folder, environment });
      assert.deepEqual([served.code, served.out], [2, ""], variable);
      assert.match(served.notes, new RegExp(`^error .*${variable}.*\nremedy `));
      const checked = await purser(["doctor", "--port", "0"], { cwd: folder, environment });
      assert.equal(checked.code, 1);
      assert.match(checked.out, new RegExp(`✘ +configuration +.*${variable}`));
    }
  });
});

test("serve and doctor report settings that are probably mistakes", async () => {
  await inFolder(async (folder) => {
    await writeFile(
      path.join(folder, "purser.yaml"),
      'providers:\n  openai: { api_key: "sk-upstream" }\n',
    );
    const warned = /purser\.yaml line 2: providers\.openai\.api_key is written in the file itself/;
    const checked = await purser(["doctor", "--port", "0", "--json"], { cwd: folder });
    assert.equal(checked.code, 0);
    const { findings } = JSON.parse(checked.out) as {
      findings: readonly { state: string; message: string }[];
    };
    assert.equal(
      findings.filter(({ state, message }) => state === "warning" && warned.test(message)).length,
      1,
    );
    const server = await serve(folder);
    await server.end("SIGKILL");
    assert.match(server.notes(), warned);
    const { warning } = JSON.parse(server.notes()) as { warning: { field: string } };
    assert.equal(warning.field, "providers.openai.api_key");
  });
});
