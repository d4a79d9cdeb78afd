/** Scheduled exports of a real process: each period once, whole, and failures that are seen. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { readRecords } from "../../src/domain/focus/focus-check.test-kit.ts";
import { makeFolder, startGateway, type GatewayProcess, type Json } from "./process.ts";

const dayMs = 86_400_000;
const secret = "webhook-secret-0123456789abcdef";

/** A ledger with a call of yesterday and one of the day before, by UTC. */
async function ledgerWithCalls(): Promise<string> {
  const gateway = await startGateway();
  const midnight = Math.floor(Date.now() / dayMs) * dayMs;
  const data = [1, 2].map((days) => ({
    operation_id: `days-${days}`,
    provider: "openai",
    model: "gpt-4.1-mini",
    amount_usd: `0.00000${days}`,
    timestamp: new Date(midnight - days * dayMs + 3_600_000).toISOString(),
  }));
  const { json } = await gateway.api("POST", "/api/v1/usage", { body: { data } });
  assert.equal(json["recorded"], 2, JSON.stringify(json));
  await gateway.stop();
  return gateway.directory;
}

function exportsTo(to: Readonly<Record<string, unknown>>): string {
  const schedule = { name: "finance", format: "csv", every: "day", at: "00:00", to };
  return `exports: ${JSON.stringify([schedule])}`;
}

async function scheduleWhen(
  gateway: GatewayProcess,
  isReached: (schedule: Json) => boolean,
): Promise<Json> {
  for (;;) {
    const { json } = await gateway.api("GET", "/api/v1/exports/schedules");
    const [schedule] = json["data"] as unknown as readonly Json[];
    assert.ok(schedule);
    if (isReached(schedule)) return schedule;
    await pause(50);
  }
}

test("the file of a period is made once, whole, and again after nothing", async () => {
  const [directory, folder] = [await ledgerWithCalls(), await makeFolder()];
  const yesterday = new Date(Date.now() - dayMs).toISOString().slice(0, 10);
  const name = `purser-finance-day-${yesterday}.csv`;
  // What a crash in the middle left.
  await writeFile(path.join(folder, `.${name}.part`), "half");
  const config = exportsTo({ folder });
  const first = await startGateway({ directory, config });
  const made = await scheduleWhen(first, (schedule) => schedule["last_done"] !== null);
  assert.deepEqual(await readdir(folder), [name]);
  const text = await readFile(path.join(folder, name), "utf8");
  assert.deepEqual(
    readRecords(text).map((row) => [row["operation_id"], row["cost_usd"]]),
    [["days-1", "0.000001"]],
  );
  assert.equal(made["last_done"]?.["bytes"], (await stat(path.join(folder, name))).size);
  assert.equal((await stat(path.join(folder, name))).mode & 0o077, 0);
  assert.ok(Date.parse(made["next_run"]?.["at"] ?? "") > Date.now());
  // The state is shown before it is on disk.
  await first.flush();
  await first.kill();

  await rm(path.join(folder, name));
  const second = await startGateway({ directory, config });
  const kept = await scheduleWhen(second, () => true);
  assert.deepEqual(kept["last_done"], made["last_done"]);
  assert.deepEqual(await readdir(folder), []);
  const events = await fetch(`${second.url}/api/v1/events?after=0&type=export.*`, {
    headers: { authorization: `Bearer ${second.adminKey}`, accept: "application/json" },
  });
  const { data } = (await events.json()) as Json;
  assert.deepEqual(
    (data as unknown as readonly Json[]).map((event) => [event["type"], event["data"]?.["file"]]),
    [["export.done", name]],
  );
  await second.stop();
});

test("a failure is listed, is an event, and is tried again", async () => {
  const [directory, parent] = [await ledgerWithCalls(), await makeFolder()];
  const folder = path.join(parent, "later");
  const config = exportsTo({ folder });
  const first = await startGateway({ directory, config });
  const failed = await scheduleWhen(first, (schedule) => schedule["last_run"] !== null);
  assert.match(failed["last_run"]?.["error"] ?? "", /there is no folder .*later: create it/);
  assert.equal(failed["last_done"], null);
  await first.stop();
  await mkdir(folder);
  const second = await startGateway({ directory, config });
  const made = await scheduleWhen(second, (schedule) => schedule["last_done"] !== null);
  assert.equal(made["last_done"]?.["attempt"], 2);
  assert.equal((await readdir(folder)).length, 1);
  await second.stop();
});

test("a webhook gets the file, signed", async () => {
  const directory = await ledgerWithCalls();
  const received: { readonly signature: string; readonly name: string; readonly body: Buffer }[] =
    [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({
        signature: String(request.headers["purser-signature"]),
        name: String(request.headers["content-disposition"]),
        body: Buffer.concat(chunks),
      });
      response.writeHead(received.length === 1 ? 503 : 200).end();
    });
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/files`;
  const config = exportsTo({ url, secret: "${EXPORT_SECRET}", allow_private_address: true });
  const env = { EXPORT_SECRET: secret };
  const first = await startGateway({ directory, config, env });
  const failed = await scheduleWhen(first, (schedule) => schedule["last_run"] !== null);
  assert.match(failed["last_run"]?.["error"] ?? "", /the receiver answered 503/);
  assert.equal(failed["to"]?.["place"], `127.0.0.1:${port}`);
  await first.stop();
  const second = await startGateway({ directory, config, env });
  await scheduleWhen(second, (schedule) => schedule["last_done"] !== null);
  await second.stop();
  const [, last] = received;
  assert.ok(last && received.length === 2);
  const [, time = "", hash = ""] = /^t=(\d+),v1=(\w+)$/.exec(last.signature) ?? [];
  const expected = createHmac("sha256", secret).update(`${time}.`).update(last.body).digest("hex");
  assert.equal(hash, expected);
  assert.match(last.name, /purser-finance-day-.*\.csv/);
  assert.equal(readRecords(last.body.toString()).length, 1);
  receiver.close();
});

async function firstFile(folder: string): Promise<void> {
  while ((await readdir(folder)).length === 0) await pause(20);
}

test("a receiver that does not answer delays no other schedule, nor does an answer without end", async () => {
  const [directory, folder] = [await ledgerWithCalls(), await makeFolder()];
  const receiver = createServer((request, response) => {
    request.resume();
    // The other file is made first; what follows the status never ends.
    request.on("end", () => void firstFile(folder).then(() => response.writeHead(200).write("o")));
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address() as AddressInfo;
  const url = { url: `http://127.0.0.1:${port}/`, secret: "${S}", allow_private_address: true };
  const common = { format: "csv", every: "day", at: "00:00" };
  const schedules = [
    { name: "slow", ...common, to: url },
    { name: "quick", ...common, to: { folder } },
  ];
  const config = `exports: ${JSON.stringify(schedules)}`;
  const gateway = await startGateway({ directory, config, env: { S: secret } });
  const slow = await scheduleWhen(gateway, (schedule) => schedule["last_run"] !== null);
  assert.deepEqual([slow["name"], slow["last_run"]?.["error"]], ["slow", null]);
  assert.equal(slow["last_done"]?.["attempt"], 1);
  await gateway.stop();
  receiver.closeAllConnections();
  receiver.close();
});

test("a folder inside the data folder, or a relative one, is refused with a remedy", async () => {
  const directory = await makeFolder();
  const inside = path.join(directory, "data", "exports");
  await assert.rejects(
    startGateway({ directory, config: exportsTo({ folder: inside }) }),
    /exports\[0\]\.to\.folder: .* is inside the data folder/,
  );
  await assert.rejects(
    startGateway({ config: exportsTo({ folder: "exports" }) }),
    /exports\[0\]\.to\.folder .*relative/,
  );
  await assert.rejects(
    startGateway({
      config: exportsTo({ url: "http://10.0.0.1/", secret: "${S}" }),
      env: { S: secret },
    }),
    /exports\[0\]\.to\.url/,
  );
});
