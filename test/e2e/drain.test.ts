/** Shutdown as seen by clients with kept-alive connections: every request sent gets an answer. */

import assert from "node:assert/strict";
import { Agent, request, type IncomingHttpHeaders } from "node:http";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startGateway, startSimulatorProcess, type GatewayProcess } from "./process.ts";

/** A client's result: an answer, or a connection error. */
type Got =
  | { readonly status: number; readonly headers: IncomingHttpHeaders }
  | { readonly code: string; readonly idleMs?: number };

interface Client {
  call(options?: { readonly latencyMs?: number; readonly bytes?: number }): Promise<Got>;
  close(): void;
}

/** A client with one connection, kept open as long as the server allows. */
function clientOf(gateway: GatewayProcess, key: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    call: ({ latencyMs = 0, bytes = 0 } = {}) =>
      new Promise((resolve) => {
        const content = `[[sim input=5 output=5 latency_ms=${latencyMs}]]${"x".repeat(bytes)}`;
        const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
        const sent = request(
          `${gateway.url}/openai/v1/chat/completions`,
          { method: "POST", agent, headers },
          (answer) => {
            const { statusCode = 0, headers } = answer;
            answer.resume().on("end", () => resolve({ status: statusCode, headers }));
          },
        );
        sent.on("error", (error: NodeJS.ErrnoException) =>
          resolve({ code: error.code ?? error.message }),
        );
        sent.end(
          JSON.stringify({
            model: "sim-small",
            max_tokens: 5,
            messages: [{ role: "user", content }],
          }),
        );
      }),
    close: () => agent.destroy(),
  };
}

async function start(): Promise<{
  readonly gateway: GatewayProcess;
  readonly client: () => Client;
}> {
  const simulator = await startSimulatorProcess();
  const gateway = await startGateway({ simulatorUrl: simulator.url });
  const { key } = await gateway.makeKey();
  return { gateway, client: () => clientOf(gateway, key) };
}

async function untilClosedToNew({ url }: GatewayProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const isOpen = await fetch(`${url}/healthz`, { headers: { connection: "close" } }).then(
      () => true,
      () => false,
    );
    if (!isOpen) return;
    await sleep(5);
  }
  assert.fail("new connections are still taken");
}

test("while calls are finished, a request on an open connection gets 503, and every answer announces that its connection closes", async () => {
  const { gateway, client } = await start();
  const [busy, idle, large] = [client(), client(), client()];
  for (const one of [busy, idle, large]) assert.ok("status" in (await one.call()));
  const underWay = busy.call({ latencyMs: 5000 });
  await sleep(300);
  const stopped = gateway.stop();
  await untilClosedToNew(gateway);
  for (const got of await Promise.all([idle.call(), large.call({ bytes: 4_000_000 })])) {
    assert.ok("status" in got, JSON.stringify(got));
    assert.deepEqual(
      [got.status, got.headers.connection, got.headers["retry-after"]],
      [503, "close", "1"],
    );
  }
  const finished = await underWay;
  assert.ok("status" in finished, JSON.stringify(finished));
  assert.deepEqual([finished.status, finished.headers.connection], [200, "close"]);
  for (const one of [busy, idle, large]) one.close();
  assert.equal(await stopped, 0);
});

test("clients that call in a loop get answers until their connection closes, without a reset", async () => {
  const { gateway, client } = await start();
  const clients = Array.from({ length: 24 }, client);
  const all: Got[] = [];
  const loops = clients.map(async (one, number) => {
    await sleep(number * 3);
    for (let idleMs = 0; ;) {
      const got = await one.call({ latencyMs: 40 });
      if ("code" in got) return void all.push({ ...got, idleMs });
      all.push(got);
      const answeredAt = performance.now();
      // Some send the next request at once, others a moment later, with an idle connection in
      // between.
      await sleep(number % 4);
      idleMs = performance.now() - answeredAt;
    }
  });
  await sleep(600);
  assert.equal(await gateway.stop(), 0);
  await Promise.all(loops);
  for (const one of clients) one.close();
  // On a busy machine a connection may be idle for longer than the server waits.
  const codes = all.flatMap((got) => ("code" in got && (got.idleMs ?? 0) < 200 ? [got.code] : []));
  assert.deepEqual([...new Set(codes)], ["ECONNREFUSED"]);
  const statuses = new Set(all.flatMap((got) => ("status" in got ? [got.status] : [])));
  assert.deepEqual([...statuses.difference(new Set([200, 503]))], []);
});
