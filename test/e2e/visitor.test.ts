/** Access checks before any key: host names, browser origins, and what is open without a key. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { before, test } from "node:test";
import {
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type SimulatorProcess,
} from "./process.ts";

let simulator: SimulatorProcess;
let gateway: GatewayProcess;

before(async () => {
  simulator = await startSimulatorProcess();
  gateway = await startGateway({ simulatorUrl: simulator.url, config: "allow_anonymous: true" });
});

interface Visit {
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `fetch` sets these headers itself. */
async function visit(
  url: string,
  { method = "GET", headers, body }: Visit,
): Promise<{ readonly status: number; readonly text: string }> {
  const sent = request(url, { method, headers });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  return { status: answer.statusCode ?? 0, text };
}

const body = JSON.stringify({ model: "sim-small", messages: [{ role: "user", content: "a" }] });
const messages = JSON.stringify({
  model: "sim-small",
  max_tokens: 5,
  messages: [{ role: "user", content: "a" }],
});
const contents = JSON.stringify({ contents: [{ parts: [{ text: "a" }] }] });

const doors: readonly (readonly [method: string, path: string, body?: string])[] = [
  ["POST", "/openai/v1/chat/completions", body],
  ["POST", "/v1/chat/completions", body],
  ["POST", "/anthropic/v1/messages", messages],
  ["POST", "/gemini/v1beta/models/sim-small:generateContent", contents],
  ["GET", "/v1/models"],
  ["GET", "/openai/v1/models"],
  ["GET", "/api/v1/budgets"],
  ["POST", "/api/v1/keys", "{}"],
  ["GET", "/metrics"],
  ["GET", "/docs"],
  ["GET", "/openapi.json"],
  ["GET", "/nothing/here"],
];

test("a rebound host name is refused, and so is a page of another site", async () => {
  const before = (await simulator.books()).length;
  const authorization = `Bearer ${gateway.adminKey}`;
  for (const [method, path, sent] of doors) {
    for (const headers of [
      { host: "rebound.example" },
      { origin: "https://evil.example" },
      { origin: "null" },
    ]) {
      const more = path.startsWith("/api") || path === "/metrics" ? { authorization } : {};
      const answer = await visit(gateway.url + path, {
        method,
        headers: { "content-type": "text/plain", ...more, ...headers },
        ...(sent !== undefined && { body: sent }),
      });
      assert.equal(
        answer.status,
        403,
        `${method} ${path} ${JSON.stringify(headers)}: ${answer.text}`,
      );
      assert.match(answer.text, /server\.(hosts|origins)/);
    }
  }
  assert.equal((await simulator.books()).length, before);
});

test("liveness is reported under any host name", async () => {
  for (const path of ["/healthz", "/readyz"])
    assert.equal((await visit(gateway.url + path, { headers: { host: "10.1.2.3" } })).status, 200);
});

test("configured hosts and origins are allowed, and metrics are open if configured", async () => {
  const own = await startGateway({
    simulatorUrl: simulator.url,
    config: 'server: { hosts: [purser], origins: ["https://app.example.com"], metrics: open }',
  });
  const { key } = await own.makeKey();
  const headers = {
    host: "purser:4141",
    origin: "https://app.example.com",
    authorization: `Bearer ${key}`,
  };
  assert.equal(
    (await visit(`${own.url}/openai/v1/chat/completions`, { method: "POST", headers, body }))
      .status,
    200,
  );
  assert.equal(
    (await visit(`${own.url}/metrics`, { headers: { host: "purser:4141" } })).status,
    200,
  );
  await own.stop();
});

test("call metrics require a key that reads all figures; process metrics are open to everyone", async () => {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
  const names = [...text.matchAll(/^([a-z_]+)[{ ]/gm)].map(([, name]) => name ?? "");
  assert.deepEqual([...new Set(names.filter((name) => name.startsWith("purser_")))].toSorted(), [
    "purser_event_loop_lag_seconds",
    "purser_info",
    "purser_price_book_timestamp_seconds",
  ]);
  const key = async (attribution: Readonly<Record<string, string>>, role: string) =>
    (await gateway.makeKey(attribution, { role })).key;
  const status = async (secret?: string) =>
    (
      await fetch(
        `${gateway.url}/metrics`,
        secret === undefined ? {} : { headers: { authorization: `Bearer ${secret}` } },
      )
    ).status;
  assert.deepEqual(
    [
      await status(),
      await status(await key({}, "caller")),
      await status(await key({ project: "p" }, "reader")),
    ],
    [200, 403, 403],
  );
  assert.deepEqual(
    [await status(await key({}, "reader")), await status(gateway.adminKey)],
    [200, 200],
  );
});
