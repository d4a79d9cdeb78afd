/** Tests the commands against a real server, and against its folder after it has stopped. */

import assert from "node:assert/strict";
import { stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { inFolder, purser, serve } from "./child.test-kit.ts";

const chat = (
  url: string,
  key: string,
  text = "[[sim input=1000 output=200]]",
): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "sim/sim-small",
      max_tokens: 200,
      messages: [{ role: "user", content: text }],
    }),
  });

test("keys, budgets, calls and reports work with a server, and its folder has the same figures afterwards", async () => {
  await inFolder(async (folder) => {
    const server = await serve(folder);
    try {
      const { url, admin_key: adminKey, first_key: firstKey } = server.started;
      assert.ok(adminKey && firstKey);
      if (process.platform !== "win32")
        assert.equal((await stat(path.join(folder, ".purser", "server.json"))).mode & 0o777, 0o600);

      const made = await purser(["key", "create", "--name", "atlas", "--set", "team=atlas"], {
        cwd: folder,
      });
      assert.deepEqual([made.code, made.out.trim().split("\n").length], [0, 1], made.notes);
      const listed = await purser(["key", "list", "--json"], { cwd: folder });
      assert.ok(!listed.out.includes(made.out.trim()), "a secret is shown once");

      const fields = [
        "--id",
        "atlas",
        "--type",
        "team",
        "--resource",
        "atlas",
        "--amount",
        "0.0006",
        "--period",
        "day",
      ];
      assert.equal((await purser(["budget", "create", ...fields], { cwd: folder })).code, 0);
      assert.equal((await purser(["budget", "create", ...fields], { cwd: folder })).code, 1);
      assert.equal(
        (await purser(["budget", "create", ...fields.slice(0, -3), "-1"], { cwd: folder })).code,
        2,
      );

      const key = made.out.trim();
      const served = await chat(url, key);
      assert.equal(served.status, 200);
      await served.arrayBuffer();
      let refusals = 0;
      for (let call = 0; call < 3; call++) {
        const answer = await chat(url, key);
        await answer.arrayBuffer();
        refusals += Number(answer.status === 402);
      }
      assert.ok(refusals > 0);
      const estimate = ["estimate", "sim/sim-small", "--input", "100000", "--set", "team=atlas"];
      assert.equal((await purser(estimate, { cwd: folder })).code, 3);
      assert.equal(
        (await purser(["estimate", "sim/sim-small"], { cwd: folder, input: "hello" })).code,
        0,
      );
      const ample = await purser(
        ["estimate", "sim/sim-small", "--input", "10", "--max-output", "10", "--set", "team=atlas"],
        {
          cwd: folder,
        },
      );
      assert.match(ample.out, /atlas +would allow it: \$0\.0\d+ left, \$0\.0\d+ needed/);
      const empty = await purser(["estimate", "sim/sim-small"], { cwd: folder });
      assert.equal(empty.code, 2);
      assert.match(empty.notes, /standard input is empty[^]*remedy Give --file/);
      const untyped = await purser(
        ["budget", "create", "--id", "b", "--type", "tem", "--resource", "x", "--amount", "5"],
        { cwd: folder },
      );
      assert.match(untyped.notes, /^error {2}--type is "tem".*\nremedy Did you mean team\?/);
      assert.equal(
        (await purser(["estimate", "sim/no-such-model", "--text", "hello"], { cwd: folder })).code,
        1,
      );

      const report = JSON.parse(
        (await purser(["report", "--by", "team", "--json"], { cwd: folder })).out,
      ) as {
        total: { refusals: number };
      };
      assert.equal(report.total.refusals, refusals);
      const top = await purser(["top"], { cwd: folder });
      assert.deepEqual([top.code, top.notes], [0, ""]);
      assert.match(top.out, /atlas +team atlas/);
      const correct = [
        "correct",
        served.headers.get("x-purser-operation-id") ?? "",
        "--amount",
        "0.0001",
        "--reason",
        "the invoice",
      ];
      assert.match(
        (await purser(correct, { cwd: folder })).out,
        /is now charged 0\.0001 USD instead of 0\.\d+ USD/,
      );
      assert.match((await purser(correct, { cwd: folder })).out, /already has this correction/);
      assert.equal(
        (
          await purser(["correct", "no-such-call", "--amount", "1", "--reason", "r"], {
            cwd: folder,
          })
        ).code,
        1,
      );
      assert.equal((await purser(["verify"], { cwd: folder })).code, 0);
      const stranger = await purser(["report", "--url", url, "--admin-key", "no-such-key"], {
        cwd: folder,
      });
      assert.equal(stranger.code, 1);
      assert.match(stranger.notes, /remedy/);

      const live = await purser(["report", "--by", "team,model", "--format", "csv"], {
        cwd: folder,
      });
      assert.equal(await server.end("SIGTERM"), 0);
      const afterwards = await purser(["report", "--by", "team,model", "--format", "csv"], {
        cwd: folder,
      });
      assert.equal(afterwards.out, live.out);
      assert.match(afterwards.out, /^atlas,sim-small,/m);
      assert.equal(
        (await purser(["budget", "set", "atlas", "--amount", "5"], { cwd: folder })).code,
        0,
      );
      const shown = JSON.parse(
        (await purser(["budget", "show", "atlas", "--json"], { cwd: folder })).out,
      ) as {
        amount: string;
        held: string;
      };
      assert.deepEqual([shown.amount, shown.held], ["5", "0"]);
      assert.equal((await purser(["budget", "delete", "atlas"], { cwd: folder })).code, 0);
      assert.equal((await purser(["budget", "show", "atlas"], { cwd: folder })).code, 1);
      assert.equal((await purser(["verify", "--json"], { cwd: folder })).code, 0);
    } finally {
      await server.end("SIGKILL");
    }
  });
});

test("the admin key in the environment is not sent to the server of a folder, which has its own token", async () => {
  await inFolder(async (folder) => {
    const server = await serve(folder);
    try {
      const environment = { PURSER_ADMIN_KEY: "purser_of_another_server" };
      for (const words of [
        ["budget", "list"],
        ["key", "list", "--data", ".purser"],
        ["report"],
        ["doctor"],
      ]) {
        const ended = await purser(words, { cwd: folder, environment });
        assert.equal(ended.code, 0, `${words.join(" ")}: ${ended.notes}`);
      }
      const stranger = await purser(["budget", "list", "--url", server.started.url], {
        cwd: folder,
        environment,
      });
      assert.equal(stranger.code, 1);
      assert.match(stranger.notes, /remedy Give a live admin key/);
      assert.equal(
        (await purser(["budget", "list", "--admin-key", "no-such-key"], { cwd: folder })).code,
        1,
      );
    } finally {
      await server.end("SIGKILL");
    }
  });
});

test("revoking the last admin key causes a warning, as does each start without one", async () => {
  await inFolder(async (folder) => {
    const server = await serve(folder);
    const { url, admin_key: adminKey } = server.started;
    try {
      assert.equal(
        (await purser(["key", "create", "--name", "second", "--role", "admin"], { cwd: folder }))
          .code,
        0,
      );
      const other = await purser(["key", "revoke", "second"], { cwd: folder });
      assert.deepEqual([other.code, other.notes], [0, ""]);
      const last = await purser(
        ["key", "revoke", "admin", "--url", url, "--admin-key", adminKey ?? ""],
        { cwd: folder },
      );
      assert.equal(last.code, 0);
      assert.match(
        last.notes,
        /^warning "admin" was the last live admin key[^]*remedy {2}Set PURSER_ADMIN_KEY .*--role admin/,
      );
      const again = await purser(["key", "revoke", "admin"], { cwd: folder });
      assert.deepEqual([again.code, again.notes], [0, ""]);
    } finally {
      await server.end("SIGTERM");
    }
    const warning = /"warning":.*the ledger has no live admin key.*PURSER_ADMIN_KEY/;
    const start = async (environment: Readonly<Record<string, string>> = {}): Promise<string> => {
      const started = await serve(folder, [], environment);
      await started.end("SIGTERM");
      return started.notes();
    };
    assert.match(await start(), warning);
    assert.doesNotMatch(
      await start({ PURSER_ADMIN_KEY: "purser_admin_of_the_environment" }),
      warning,
    );
    const made = await purser(["key", "create", "--name", "third", "--role", "admin"], {
      cwd: folder,
    });
    assert.equal(made.code, 0, made.notes);
    assert.doesNotMatch(await start(), warning);
  });
});

test("an estimate of a model without a price says whose rates it is held at", async () => {
  await inFolder(async (folder) => {
    const local = "wire: openai, base_url: http://127.0.0.1:1, api_key: k";
    await writeFile(
      path.join(folder, "purser.yaml"),
      `providers:\n  own: { ${local}, unlisted_ceiling: { input: 10, output: 20 } }\n  other: { ${local} }\n`,
    );
    const estimate = (model: string) =>
      purser(["estimate", model, "--input", "1000", "--max-output", "100", "--set", "project=p"], {
        cwd: folder,
      });
    const budget = "budget create --id b --type project --resource p --amount 1".split(" ");
    assert.equal((await purser(budget, { cwd: folder })).code, 0);
    const none = await estimate("other/never-listed");
    assert.equal(none.code, 1);
    assert.match(none.notes, /other\/never-listed is unpriced/);
    const held = await estimate("own/never-listed");
    assert.equal(held.code, 0, held.notes);
    assert.match(held.out, /^own\/never-listed .*\n +at most +\$0\.012/);
    assert.doesNotMatch(held.out, /at least|expected/);
    assert.match(
      held.out,
      /held at 10 and 20 USD per million tokens of input and output, as configured, and charged what the provider reports\.\n✔/,
    );
  });
});

test("an estimate that is refused for its length reports a length that passes", async () => {
  await inFolder(async (folder) => {
    const run = (...words: readonly string[]) => purser(words, { cwd: folder });
    await run(
      "budget",
      "create",
      "--id",
      "t",
      "--type",
      "team",
      "--resource",
      "a",
      "--amount",
      "1010",
      "--currency",
      "tokens",
    );
    const estimate = [
      "estimate",
      "sim/sim-small",
      "--input",
      "1000",
      "--set",
      "team=a",
      "--max-output",
    ];
    const refused = await run(...estimate, "500");
    assert.equal(refused.code, 3);
    assert.match(refused.out, /would pass with at most 10 output tokens: --max-output 10\./);
    assert.equal((await run(...estimate, "10")).code, 0);
    assert.equal((await run(...estimate, "0")).code, 2);
  });
});

test("a budget or key that limits nothing is created with a warning on standard error", async () => {
  await inFolder(async (folder) => {
    const run = (...words: readonly string[]) => purser(words, { cwd: folder });
    const over = [
      "budget",
      "create",
      "--id",
      "over",
      "--type",
      "platform",
      "--amount",
      "1",
      "--period",
      "once",
      "--end",
    ];
    const ended = await run(...over, "2020-01-01");
    assert.equal(ended.code, 0);
    assert.match(ended.notes, /^warning budget "over" ended at 2020-01-01T00:00:00Z/);
    const later = await run("budget", "set", "over", "--end", "2099-01-01");
    assert.deepEqual([later.code, later.notes], [0, ""]);
    const again = await run("budget", "set", "over", "--end", "2020-01-01", "--json");
    assert.equal(
      (JSON.parse(again.notes) as { warning: { field: string } }).warning.field,
      "--end",
    );
    const typed = await run(
      "budget",
      "create",
      "--id",
      "b",
      "--type",
      "platform",
      "--amount",
      "1",
      "--providers",
      "nope,opanai,open*,sim",
    );
    assert.match(
      typed.notes,
      /^warning .*"nope"\nremedy .*Use one of: [^]*warning .*"opanai"\nremedy .*openai\?/,
    );
    assert.equal(typed.notes.match(/warning/g)?.length, 2);
    const key = await run("key", "create", "--name", "k", "--providers", "nope");
    assert.match(key.notes, /^warning .*no provider is named "nope"/);
    assert.equal(key.out.trim().split("\n").length, 1);
  });
});

test("a port in use is reported with another one, and a second server on a folder is refused", async () => {
  await inFolder(async (folder) => {
    const server = await serve(folder);
    try {
      const { port } = new URL(server.started.url);
      const taken = await purser(["serve", "--port", port, "--data", "other"], { cwd: folder });
      assert.equal(taken.code, 1);
      assert.match(
        taken.notes,
        new RegExp(
          `port ${port} is in use by another Purser[^]*remedy .*serve --port ${Number(port) + 1}`,
        ),
      );
      const checked = await purser(["doctor", "--port", port, "--data", "other"], { cwd: folder });
      assert.match(
        checked.out,
        new RegExp(`✘ +port +${port} on 127.0.0.1 is in use by another Purser`),
      );
      const simulated = await purser(["simulate", "--port", port], { cwd: folder });
      assert.match(
        simulated.notes,
        new RegExp(`port ${port} is in use[^]*remedy .*simulate --port ${Number(port) + 1}`),
      );
      const second = await purser(["serve", "--port", "0"], { cwd: folder });
      assert.equal(second.code, 1);
      assert.ok(
        second.notes.includes(`in use by the Purser at ${server.started.url}\n`),
        second.notes,
      );
      assert.match(second.notes, new RegExp(`remedy .*process ${server.child.pid}\\b.*--data`));
    } finally {
      await server.end("SIGKILL");
    }
  });
});

test("the folder can be opened after a kill, and later starts do not show old secrets", async () => {
  await inFolder(async (folder) => {
    const first = await serve(folder);
    await (await chat(first.started.url, first.started.first_key ?? "")).arrayBuffer();
    await first.end("SIGKILL");
    assert.equal((await purser(["report"], { cwd: folder })).code, 0);
    const second = await serve(folder);
    assert.deepEqual([second.started.admin_key, second.started.first_key], [null, null]);
    assert.equal(await second.end("SIGINT"), 0);
    assert.equal((await purser(["verify"], { cwd: folder })).code, 0);
  });
});

const rows = Array.from(
  { length: 60 },
  (_, index) =>
    `2023-11-16 18:15:${String(index).padStart(2, "0")}.6805900,${200 + index * 31},${10 + index * 7}`,
);
const trace = ["TIMESTAMP,ContextTokens,GeneratedTokens", ...rows].join("\r\n");

interface ReplayJson {
  readonly ok: boolean;
  readonly served: number;
  readonly refused: number;
  readonly failed: number;
  readonly lost: number;
  readonly books_equal: boolean;
  readonly verified: { readonly ok: boolean };
}

test("a replay serves every call of a trace, and the ledger equals the simulator's books", async () => {
  await inFolder(async (folder) => {
    await writeFile(path.join(folder, "t.csv"), trace);
    const ended = await purser(["replay", "t.csv", "--json"], { cwd: folder });
    assert.equal(ended.code, 0, ended.out + ended.notes);
    const { ok, served, refused, failed, lost, books_equal, verified } = JSON.parse(
      ended.out,
    ) as ReplayJson;
    assert.deepEqual(
      { ok, served, refused, failed, lost, books_equal, verified: verified.ok },
      { ok: true, served: 60, refused: 0, failed: 0, lost: 0, books_equal: true, verified: true },
    );
  });
});

test("with a tight budget, a replay has refusals but no lost calls, and the books agree", async () => {
  await inFolder(async (folder) => {
    await writeFile(path.join(folder, "t.csv"), trace);
    const ended = await purser(
      ["replay", "t.csv", "--team-budget", "0.02", "--data", "kept", "--json"],
      { cwd: folder },
    );
    assert.equal(ended.code, 0, ended.out + ended.notes);
    const result = JSON.parse(ended.out) as ReplayJson;
    assert.ok(result.refused > 0);
    assert.deepEqual([result.failed, result.lost, result.books_equal], [0, 0, true]);
    assert.equal((await purser(["verify", "--data", "kept"], { cwd: folder })).code, 0);
  });
});

test("the demo shows a refusal, a broken stream and a cut one, and then exits", async () => {
  await inFolder(async (folder) => {
    const ended = await purser(["demo", "--seconds", "1", "--json"], { cwd: folder });
    assert.equal(ended.code, 0, ended.out + ended.notes);
    const { scenes, verified } = JSON.parse(ended.out) as {
      scenes: readonly { title: string; lines: readonly string[] }[];
      verified: boolean;
    };
    assert.ok(verified);
    const [refusal, broken, cut] = scenes.map((scene) => scene.lines.join(" "));
    assert.match(refusal ?? "", /got 402/);
    assert.match(broken ?? "", /charged \$0\.0\d+ for .*"estimated"/);
    assert.match(cut ?? "", /finish_reason "length".*charged \$0\.0/);
  });
});
