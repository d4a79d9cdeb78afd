/** Tests `purser doctor` with a running server, whose environment and keys it must use. */

import assert from "node:assert/strict";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import { inFolder, purser, serve } from "./child.test-kit.ts";
import type { Finding } from "./finding.ts";

/** A provider that accepts a single key. */
const provider = createServer((request, response) => {
  const isKnown =
    request.headers.authorization === "Bearer sk-live" && request.url === "/v1/models";
  response.writeHead(isKnown ? 200 : 401).end(JSON.stringify({ data: [{ id: "m" }] }));
});
let base = "";
before(async () => {
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
});
after(() => provider.close());

async function findings(
  words: readonly string[],
  cwd: string,
): Promise<{ readonly code: number | null; readonly found: readonly Finding[] }> {
  const { code, out, notes } = await purser(["doctor", "--json", ...words], { cwd });
  assert.notEqual(out, "", notes);
  return { code, found: (JSON.parse(out) as { readonly findings: readonly Finding[] }).findings };
}

test("variables that only the running server has are not errors, but other errors are", async () => {
  await inFolder(async (folder) => {
    const file = path.join(folder, "purser.yaml");
    const yaml = `providers:\n  lab: { wire: openai, base_url: "${base}", api_key: "\${LAB_KEY}" }\nserver: { port: "\${LAB_PORT}" }\n`;
    await writeFile(file, yaml);
    const configuration = async (): Promise<
      readonly [code: number | null, state: string | undefined, message: string | undefined]
    > => {
      const { code, found } = await findings(["--port", "0"], folder);
      const one = found.find(({ subject }) => subject === "configuration");
      return [code, one?.state, one?.message];
    };
    assert.deepEqual((await configuration()).slice(0, 2), [1, "wrong"], "no server has them");
    const server = await serve(folder, [], { LAB_KEY: "sk-live", LAB_PORT: "0" });
    try {
      assert.deepEqual(await configuration(), [
        0,
        "well",
        "valid if LAB_KEY and LAB_PORT are set (not set in this shell)",
      ]);
      await writeFile(file, `${yaml}budgets: 5\n`);
      const [code, state, message] = await configuration();
      assert.deepEqual([code, state], [1, "wrong"]);
      assert.match(message ?? "", /purser\.yaml line/);
    } finally {
      await server.end("SIGKILL");
    }
  });
});

test("doctor reports the providers of a running server, even from a shell without its environment", async () => {
  await inFolder(async (folder) => {
    const yaml = `providers:\n  good: { wire: openai, base_url: "${base}", api_key: sk-live }\n  bad: { wire: openai, base_url: "${base}", api_key: sk-dead }\n`;
    await writeFile(path.join(folder, "purser.yaml"), yaml);
    const elsewhere = path.join(folder, "elsewhere");
    await mkdir(elsewhere);
    const server = await serve(folder);
    try {
      const data = path.join(folder, ".purser");
      const plain = await findings(["--data", data], elsewhere);
      const message = (subject: string, found: readonly Finding[]): string =>
        found.find((one) => one.subject === subject)?.message ?? "";
      assert.equal(plain.code, 0);
      assert.match(message("server", plain.found), /version \d+\.\d+\.\d+, Node 26\./);
      assert.match(message("server's prices", plain.found), /updated [\d,]+ days? ago/);
      assert.match(message("server's folder", plain.found), /\.purser, durability full$/);
      assert.match(message("server's ledger", plain.found), /writable/);
      assert.match(message("provider good", plain.found), /its key is set/);

      const online = await findings(["--data", data, "--online"], elsewhere);
      assert.equal(online.code, 1);
      const probes = online.found.slice(-2);
      assert.deepEqual(
        probes.map(({ subject, state }) => [subject, state]),
        [
          ["provider good", "well"],
          ["provider bad", "wrong"],
        ],
      );
      assert.match(probes[0]?.message ?? "", /accepts the key, and lists 1 model$/);
      assert.match(probes[1]?.message ?? "", /refuses the key \(401\)/);
      assert.ok(!JSON.stringify(online.found).includes("sk-"));

      const remote = await findings(
        ["--url", server.started.url, "--admin-key", server.started.admin_key ?? ""],
        elsewhere,
      );
      assert.deepEqual([remote.code, remote.found[0]?.subject], [0, "server"]);
    } finally {
      await server.end("SIGKILL");
    }
    const without = await findings(["--online", "--port", "0"], folder);
    assert.deepEqual(
      without.found
        .filter(({ subject }) => subject.startsWith("provider "))
        .map(({ state }) => state),
      ["well", "wrong"],
      "without a server, the keys of this shell's configuration are tried",
    );
  });
});

test("a configuration file that changed after the server started is a warning", async () => {
  await inFolder(async (folder) => {
    const file = path.join(folder, "purser.yaml");
    const elsewhere = path.join(folder, "elsewhere");
    await mkdir(elsewhere);
    const ages = async (cwd: string): Promise<readonly Finding[]> => {
      const { code, found } = await findings(["--data", path.join(folder, ".purser")], cwd);
      assert.equal(code, 0);
      return found.filter(({ message }) => message.includes("was changed at"));
    };
    const whileServed = async (work: () => Promise<void>): Promise<void> => {
      const server = await serve(folder);
      try {
        await work();
      } finally {
        await server.end("SIGKILL");
      }
    };
    await whileServed(async () => {
      assert.deepEqual(await ages(folder), [], "there is no file");
      await writeFile(file, "data: .purser\n");
      const [created] = await ages(folder);
      assert.match(created?.message ?? "", /started at \S+Z, without a configuration file$/);
    });
    await whileServed(async () => {
      assert.deepEqual(await ages(folder), [], "the server has read it");
      await utimes(file, new Date(), new Date("2100-01-02T03:04:05Z"));
      const [changed] = await ages(elsewhere);
      assert.equal(changed?.state, "warning");
      assert.match(
        changed?.message ?? "",
        /\/purser\.yaml was changed at 2100-01-02T03:04:05\.000Z, after the server started at \S+Z$/,
      );
      assert.match(changed?.remedy ?? "", /^Restart the server/);
    });
  });
});

test("the data folder is that of the configuration, unless it is given", async () => {
  await inFolder(async (folder) => {
    const yaml = (data: string): string =>
      `data: ${data}\nproviders:\n  lab: { wire: openai, base_url: "${base}", api_key: "\${LAB_KEY}" }\n`;
    await writeFile(path.join(folder, "purser.yaml"), yaml("books"));
    await writeFile(path.join(folder, "other.yaml"), "data: elsewhere\n");
    const checked = async (...words: readonly string[]): Promise<string> => {
      const { found } = await findings(["--port", "0", ...words], folder);
      return found
        .filter(({ subject }) => subject === "data folder" || subject === "server's folder")
        .map(
          ({ subject, message }) =>
            `${subject}: ${path.basename(message.split(/ does|,/)[0] ?? "")}`,
        )
        .join(" ");
    };
    assert.equal(await checked(), "data folder: books", "its unset variable is another's");
    assert.equal(await checked("--config", "other.yaml"), "data folder: elsewhere");
    assert.equal(await checked("--data", "given"), "data folder: given");
    const server = await serve(folder, [], { LAB_KEY: "sk-live" });
    try {
      assert.equal(await checked(), "data folder: books server's folder: books");
    } finally {
      await server.end("SIGKILL");
    }
    await writeFile(path.join(folder, "purser.yaml"), yaml("${NOWHERE}"));
    assert.equal(await checked(), "data folder: .purser");
  });
});

test("every error of a configuration is a separate finding", async () => {
  await inFolder(async (folder) => {
    await writeFile(
      path.join(folder, "purser.yaml"),
      "data: 5\ndurability: ful\nserver:\n  port: 4190\n",
    );
    const { code, found } = await findings([], folder);
    const faults = found.filter(({ subject }) => subject === "configuration");
    assert.equal(code, 1);
    assert.deepEqual(
      faults.map(({ state, message }) => [state, /line (\d)/.exec(message)?.[1]]),
      [
        ["wrong", "1"],
        ["wrong", "2"],
        ["wrong", "4"],
      ],
    );
    for (const { message, remedy } of faults)
      assert.ok(!message.includes(" more error") && remedy !== null, message);
    const text = await purser(["doctor"], { cwd: folder });
    assert.match(text.out, /line 1: data [^]*line 2: durability [^]*line 4: server.port /);
  });
});

test("a server that does not respond or rejects the key is a failure; an invalid URL is wrong usage", async () => {
  await inFolder(async (folder) => {
    const dead = await findings(["--url", base.replace(/:\d+.*/, ":1023")], folder);
    assert.deepEqual([dead.code, dead.found.map(({ state }) => state)], [1, ["wrong"]]);
    assert.match(dead.found[0]?.message ?? "", /does not respond/);
    const stranger = await findings(["--url", base], folder);
    assert.deepEqual([stranger.code, stranger.found.map(({ state }) => state)], [1, ["wrong"]]);
    const typed = await purser(["doctor", "--url", "foo"], { cwd: folder });
    assert.equal(typed.code, 2);
    assert.match(typed.notes, /--url: "foo" is not an http or https URL/);
  });
});
