/**
 * A damaged index page in the ledger: calls that need it are refused with its name, readiness
 * fails, and no server starts on it.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync, truncateSync, writeSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { steer } from "./client.ts";
import { startGateway, startSimulatorProcess, type GatewayProcess } from "./process.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

async function call(gateway: GatewayProcess, key: string, operationId: string): Promise<number> {
  const answer = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "x-purser-operation-id": operationId },
    body: JSON.stringify({
      model: "sim-small",
      max_tokens: 10,
      messages: [{ role: "user", content: steer("output=2") }],
    }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

function zeroRootOf(file: string, name: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  const page = Number(
    database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(name)?.["rootpage"],
  );
  const size = Number(database.prepare("PRAGMA page_size").get()?.["page_size"]);
  database.close();
  const handle = openSync(file, "r+");
  writeSync(handle, Buffer.alloc(size), 0, size, (page - 1) * size);
  closeSync(handle);
}

function purser(...words: readonly string[]): {
  readonly code: number | null;
  readonly text: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["src/cli/main.ts", ...words], {
    cwd: root,
    encoding: "utf8",
  });
  return { code: status, text: stdout + stderr };
}

test("a damaged index page fails readiness and the calls that need it, and is named at the next start", async () => {
  const simulator = await startSimulatorProcess();
  const first = await startGateway({ simulatorUrl: simulator.url });
  const { key } = await first.makeKey({ project: "p1" });
  for (let n = 0; n < 20; n++) assert.equal(await call(first, key, `known-${n}`), 200);
  await first.stop();

  const { directory } = first;
  const data = path.join(directory, "data");
  const second = await startGateway({ simulatorUrl: simulator.url, directory });
  assert.equal((await second.api("GET", "/readyz")).status, 200);
  zeroRootOf(path.join(data, "ledger.db"), "entry_operation");
  // Pages in the cache of the process may hide the damage from the hold of a call, but not from its end.
  const noticed = await call(second, key, "known-3").catch(() => 503);
  assert.deepEqual([noticed, await call(second, key, "known-4")], [503, 503]);
  const ready = await second.api("GET", "/readyz");
  assert.deepEqual([ready.status, ready.json["ready"]], [503, false]);
  assert.match(String(ready.json["reasons"]), /damaged/);
  await second.stop();

  await assert.rejects(
    startGateway({ simulatorUrl: simulator.url, directory }),
    /damaged.*backup/s,
  );
  const verified = purser("verify", "--data", data);
  assert.deepEqual([verified.code, /damaged/.test(verified.text)], [1, true], verified.text);
  const examined = purser("doctor", "--data", data);
  assert.deepEqual([examined.code, /damaged/.test(examined.text)], [1, true], examined.text);
  truncateSync(path.join(data, "ledger.db"), 0);
  for (const command of ["verify", "doctor"]) {
    const { code, text } = purser(command, "--data", data);
    assert.deepEqual([code, /is empty, although a ledger was made/.test(text)], [1, true], text);
  }
  await assert.rejects(
    startGateway({ simulatorUrl: simulator.url, directory }),
    /is empty, although a ledger was made/,
  );
});
