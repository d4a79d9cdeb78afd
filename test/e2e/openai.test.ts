import { test } from "node:test";
import { startGateway, startSimulatorProcess } from "./process.ts";
test("smoke", async () => {
  const simulator = await startSimulatorProcess();
  const gateway = await startGateway({ simulatorUrl: simulator.url });
  const { key } = await gateway.makeKey({ project: "p" });
  const a = await fetch(gateway.url + "/openai/v1/chat/completions", {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: "sim-small", messages: [{ role: "user", content: "hi" }] }),
  });
  console.log(a.status, await a.text());
  console.log(await gateway.entries(), await simulator.books());
  console.log(await gateway.stop(), gateway.notes());
});
