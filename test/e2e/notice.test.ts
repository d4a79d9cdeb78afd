/** Notices about silent problems: calls without a known price, and unknown Purser headers. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { makeFolder, startGateway, startSimulatorProcess, type GatewayProcess } from "./process.ts";

let gateway: GatewayProcess;
let key: string;

before(async () => {
  const simulator = await startSimulatorProcess();
  gateway = await startGateway({ simulatorUrl: simulator.url, directory: await makeFolder() });
  ({ key } = await gateway.makeKey({}, { may_refine: ["task"] }));
});

function chat(model: string, { stream = false, headers = {} } = {}): Promise<Response> {
  return fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({
      model,
      stream,
      messages: [{ role: "user", content: "[[sim input=30 output=9]]" }],
    }),
  });
}

/** Log warnings that contain the given words. */
const warnings = (words: string): readonly string[] => {
  const lines = gateway.notes().trim().split("\n");
  return lines.filter((line) => line.includes('"level":40') && line.includes(words));
};

/** Waits for this many lines, which are written shortly after the event. */
async function until(read: () => readonly string[], count: number): Promise<readonly string[]> {
  for (let tries = 0; tries < 100 && read().length < count; tries++) await sleep(20);
  return read();
}

test("a call without a known price is reported in its answer, the log, the metrics and the figures", async () => {
  const priced = await chat("sim-small");
  assert.equal(priced.headers.get("x-purser-unpriced"), null);
  await priced.arrayBuffer();
  for (const model of ["nobody-priced-this", "nobody-priced-this", "nor-this"]) {
    const answer = await chat(model);
    assert.deepEqual(
      [answer.headers.get("x-purser-unpriced"), answer.headers.get("x-purser-cost-usd")],
      ["true", "0"],
    );
    await answer.arrayBuffer();
  }
  const streamed = await (await chat("nor-this", { stream: true })).text();
  assert.match(streamed, /^: purser cost_usd=0 status=settled unpriced=true$/m);

  const lines = await until(() => warnings("has no price"), 2);
  assert.deepEqual(
    lines.map(
      (line) => (JSON.parse(line) as { readonly msg: string }).msg.split(" has no price")[0],
    ),
    ["openai/nobody-priced-this", "openai/nor-this"],
  );
  const { json: metrics } = await gateway.api("GET", "/metrics");
  assert.match(metrics, /^purser_unpriced_calls_total\{provider="openai"\} 4$/m);
  await gateway.flush();
  const { json } = await gateway.api("GET", "/api/v1/series?bucket=none");
  assert.deepEqual(json["unpriced"], [
    { provider: "openai", model: "nobody-priced-this", calls: 2 },
    { provider: "openai", model: "nor-this", calls: 2 },
  ]);
});

test("an unknown x-purser header is logged once, and the call is served", async () => {
  for (let time = 0; time < 2; time++) {
    const answer = await chat("sim-small", {
      headers: { "x-purser-taks": "3", "x-purser-task": "3", "x-purser-fit": "off" },
    });
    assert.equal(answer.status, 200);
    await answer.arrayBuffer();
  }
  const lines = await until(() => warnings("x-purser-"), 1);
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0] ?? "", /x-purser-taks.*Did you mean x-purser-task\?/);
});
