/** What would go wrong in silence: headers that nobody reads. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeFolder, startGateway, startSimulatorProcess, type GatewayProcess } from "./process.ts";

let gateway: GatewayProcess;
let key: string;

before(async () => {
  const simulator = await startSimulatorProcess();
  gateway = await startGateway({ simulatorUrl: simulator.url, directory: await makeFolder() });
  ({ key } = await gateway.makeKey({}, { may_refine: ["task"] }));
});

function chat(model: string, { headers = {} } = {}): Promise<Response> {
  return fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "[[sim input=30 output=9]]" }] }),
  });
}

/** Warnings of the log that have these words in them. */
const warnings = (words: string): readonly string[] => {
  const lines = gateway.notes().trim().split("\n");
  return lines.filter((line) => line.includes('"level":40') && line.includes(words));
};

test("a header of Purser's that does not exist is named in the log, once, and the call is served", async () => {
  for (let time = 0; time < 2; time++) {
    const answer = await chat("sim-small", { headers: { "x-purser-taks": "3", "x-purser-task": "3", "x-purser-fit": "off" } });
    assert.equal(answer.status, 200);
    await answer.arrayBuffer();
  }
  const told = warnings("x-purser-");
  assert.equal(told.length, 1, told.join("\n"));
  assert.match(told[0] ?? "", /x-purser-taks.*Did you mean x-purser-task\?/);
});
