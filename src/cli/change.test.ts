/** Tests commands that change budgets and keys, against a real server. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { inFolder, purser, serve } from "./child.test-kit.ts";

/** A call that costs slightly more than 0.0004 USD. */
async function chat(url: string, key: string): Promise<number> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "x-purser-team": "atlas",
    },
    body: JSON.stringify({
      model: "sim/sim-small",
      max_tokens: 200,
      messages: [{ role: "user", content: "[[sim input=1000 output=200]]" }],
    }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

async function spentBy(folder: string, budget: string): Promise<number> {
  const shown = await purser(["budget", "show", budget, "--json"], { cwd: folder });
  return Number((JSON.parse(shown.out) as { spent: string }).spent);
}

test("a changed window in the file keeps earlier spending, and the start reports the change", async () => {
  await inFolder(async (folder) => {
    const write = (budgets: string): Promise<void> =>
      writeFile(path.join(folder, "purser.yaml"), `budgets:\n${budgets}`);
    const atlas = "budget_id: atlas, budget_type: team, resource_id: atlas, amount: 1";
    await write(
      `  - { ${atlas}, period: month }\n  - { budget_id: all, budget_type: platform, amount: 5 }\n`,
    );
    const first = await serve(folder);
    const key = first.started.first_key ?? "";
    assert.equal(await chat(first.started.url, key), 200);
    const spent = await spentBy(folder, "atlas");
    assert.ok(spent > 0);
    assert.match(
      first.notes(),
      /"change":\{"kind":"budget","name":"atlas","what":"added","fields":\[\],"spent":null\}/,
    );
    assert.equal(await first.end("SIGTERM"), 0);

    const late = "  - { budget_id: late, budget_type: platform, amount: 1, period: day }\n";
    await write(`  - { ${atlas}, period: day, time_zone: Europe/Berlin }\n${late}`);
    const second = await serve(folder);
    assert.deepEqual(
      [await spentBy(folder, "atlas"), await spentBy(folder, "late")],
      [spent, spent],
    );
    const changes = second
      .notes()
      .split("\n")
      .filter((line) => line.startsWith('{"change"'))
      .map(
        (line) =>
          (
            JSON.parse(line) as {
              change: { name: string; what: string; fields: string[]; spent: string | null };
            }
          ).change,
      );
    assert.deepEqual(
      changes.map(({ name, what, spent: counted }) => [name, what, counted !== null]),
      [
        ["atlas", "changed", true],
        ["late", "added", true],
        ["all", "no longer named", false],
      ],
    );
    assert.ok(["period", "time_zone"].every((field) => changes[0]?.fields.includes(field)));

    const moved = await purser(
      ["budget", "set", "atlas", "--period", "week", "--time-zone", "Asia/Tokyo", "--anchor", "3"],
      {
        cwd: folder,
      },
    );
    assert.equal(moved.code, 0, moved.notes);
    assert.match(moved.out, /window .* \(Asia\/Tokyo\)/);
    assert.equal(await spentBy(folder, "atlas"), spent);
    assert.equal(await second.end("SIGTERM"), 0);
    const third = await serve(folder);
    assert.ok(!third.notes().includes('"name":"late"'), third.notes());
    assert.equal(await third.end("SIGTERM"), 0);
    assert.equal((await purser(["verify"], { cwd: folder })).code, 0);
  });
});

test("keys are listed and revoked by name, and a new key explains its use by role", async () => {
  await inFolder(async (folder) => {
    const server = await serve(folder);
    try {
      const create = (...words: string[]) => purser(["key", "create", ...words], { cwd: folder });
      const made = await create(
        "--name",
        "ci",
        "--may-refine",
        "team",
        "--models",
        "sim-*",
        "--max-concurrent",
        "3",
        "--expires",
        "2099-01-01T00:00:00Z",
      );
      assert.match(made.notes, /Use it as the API key of an agent/);
      const again = await create("--name", "ci");
      assert.equal(again.code, 1);
      assert.match(
        again.notes,
        /^error {2}--name: "ci" is the name of key key_.*\nremedy Choose another name/,
      );
      const reader = await create("--name", "finance", "--role", "reader");
      assert.match(reader.notes, /read reports.*cannot make calls/);
      assert.doesNotMatch(reader.notes, /agent/);

      assert.equal(await chat(server.started.url, made.out.trim()), 200);
      const list = await purser(["key", "list"], { cwd: folder });
      assert.match(
        list.out,
        /^ci +key_\S+ +caller +models sim-\*; 3 at once +\d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d +\$0\.0\d+ +expires 2099-01-01/m,
      );
      assert.match(list.out, /^finance +key_\S+ +reader .* never /m);
      const report = await purser(["report", "--by", "key"], { cwd: folder });
      assert.match(report.out, /^ci \(key_/m);

      const revoked = await purser(["key", "revoke", "ci"], { cwd: folder });
      assert.match(revoked.out, /^Key "ci" \(key_\S+\) is revoked\.\n$/);
      assert.equal(await chat(server.started.url, made.out.trim()), 401);
      assert.equal((await purser(["key", "revoke", "nobody"], { cwd: folder })).code, 1);
    } finally {
      await server.end("SIGKILL");
    }
  });
});

test("an estimate reports fitting, exits with 3 only for refusals, and refused calls are listed", async () => {
  await inFolder(async (folder) => {
    const server = await serve(folder);
    try {
      const key = server.started.first_key ?? "";
      await purser(
        [
          "budget",
          "create",
          "--id",
          "atlas",
          "--type",
          "team",
          "--resource",
          "atlas",
          "--amount",
          "0.0006",
        ],
        { cwd: folder },
      );
      const estimate = (output: string) =>
        purser(
          [
            "estimate",
            "sim/sim-small",
            "--input",
            "1000",
            "--max-output",
            output,
            "--set",
            "team=atlas",
          ],
          { cwd: folder },
        );
      const [whole, shorter, refused] = [
        await estimate("100"),
        await estimate("1000"),
        await estimate("100000"),
      ];
      assert.deepEqual(
        [whole.code, shorter.code, refused.code],
        [0, 0, 3],
        shorter.out + refused.out,
      );
      assert.doesNotMatch(whole.out, /fit max_tokens/);
      assert.match(shorter.out, /would fit max_tokens to \d+/);

      await purser(["budget", "set", "atlas", "--amount", "0"], { cwd: folder });
      assert.equal(await chat(server.started.url, key), 402);
      const listed = await purser(["report", "--refused"], { cwd: folder });
      assert.match(listed.out, /atlas +budget_exhausted +sim\/sim-small +.*team=atlas/);
      const json = JSON.parse(
        (await purser(["report", "--refused", "--json"], { cwd: folder })).out,
      ) as { data: unknown[] };
      assert.equal(json.data.length, 1);

      for (const [words, remedy] of [
        [
          ["report", "--by", "team,,model"],
          /--by: "team,,model".*\nremedy Give names separated by single commas/,
        ],
        [
          ["estimate", "sim/sim-small", "--text", ""],
          /--text is empty\nremedy Give --file, --text or --input/,
        ],
        [["key", "create", "--name", "x", "--models", "a,"], /--models: "a,"/],
      ] as const) {
        const wrong = await purser(words, { cwd: folder });
        assert.equal(wrong.code, 2, wrong.notes);
        assert.match(wrong.notes, remedy);
      }
    } finally {
      await server.end("SIGKILL");
    }
  });
});

test("a replay through a running server revokes the keys that it created", async () => {
  await inFolder(async (folder) => {
    const rows = [
      "TIMESTAMP,ContextTokens,GeneratedTokens",
      "2023-11-16 18:15:01.0,200,10",
      "2023-11-16 18:15:02.0,200,10",
    ];
    await writeFile(path.join(folder, "t.csv"), rows.join("\r\n"));
    const server = await serve(folder);
    try {
      const { url, admin_key: adminKey } = server.started;
      const words = ["replay", "t.csv", "--url", url, "--admin-key", adminKey ?? "", "--json"];
      for (const _ of [1, 2]) {
        const ended = await purser(words, { cwd: folder });
        assert.equal(ended.code, 0, ended.out + ended.notes);
      }
      const { data } = JSON.parse(
        (await purser(["key", "list", "--json"], { cwd: folder })).out,
      ) as {
        data: readonly { name: string; revoked_at: string | null }[];
      };
      const made = data.filter(({ name }) => name.startsWith("replay-"));
      assert.ok(
        made.length > 0 && made.every(({ revoked_at: at }) => at !== null),
        JSON.stringify(made),
      );
    } finally {
      await server.end("SIGKILL");
    }
  });
});
