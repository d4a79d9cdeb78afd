/**
 * An invalid configuration: the server exits before listening, and prints the line and the remedy.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeFolder } from "./process.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

async function serveWith(
  config: string,
): Promise<{ readonly code: number | null; readonly notes: string }> {
  const folder = await makeFolder();
  await writeFile(path.join(folder, "purser.yaml"), config);
  const child = spawn(
    process.execPath,
    [
      main,
      "serve",
      "--port",
      "0",
      "--data",
      path.join(folder, "data"),
      "--config",
      path.join(folder, "purser.yaml"),
    ],
    {
      env: { PATH: process.env["PATH"] ?? "" },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  after(() => child.kill("SIGKILL"));
  let notes = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (notes += text));
  await once(child, "close");
  return { code: child.exitCode, notes };
}

test("a configuration with several errors reports all of them, each with its line and remedy", async () => {
  const { code, notes } = await serveWith(
    "server: { port: http }\nbudgets:\n  - { budget_id: a, budget_type: tem, resource_id: x, amount: -1 }\n",
  );
  assert.equal(code, 2);
  const lines = [...notes.matchAll(/^error .*line (\d+): (\S+)/gm)].map(
    ([, line, field]) => `${line} ${field}`,
  );
  assert.deepEqual(lines, ["1 server.port", "3 budgets[0].budget_type", "3 budgets[0].amount"]);
  assert.equal(notes.match(/^remedy /gm)?.length, 3);
});

test("an invalid configuration exits with code 2, the line and the remedy", async () => {
  const cases: readonly (readonly [config: string, line: number, words: RegExp])[] = [
    ["data: x\nbugdets: []\n", 2, /bugdets.*\n?.*Did you mean budgets/s],
    ["limits:\n  body_bites: 5\n", 2, /limits\.body_bites/],
    ["providers:\n  openai:\n    api_key: ${NO_SUCH_VARIABLE}\n", 3, /NO_SUCH_VARIABLE/],
    [
      "budgets:\n  - budget_id: a\n    budget_type: project\n    resource_id: p\n    amount: .nan\n",
      5,
      /amount/,
    ],
  ];
  for (const [config, line, words] of cases) {
    const { code, notes } = await serveWith(config);
    assert.equal(code, 2, notes);
    assert.match(notes, new RegExp(`line ${line}\\b`));
    assert.match(notes, words);
  }
});
