/** The server's door: who answers what, where it can be found, and how it is closed. */

import assert from "node:assert/strict";
import { Agent, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import { networkInterfaces } from "node:os";
import { test, type TestContext } from "node:test";
import { listen, type Listening, type ListenOptions } from "./listen.ts";

async function open(context: TestContext, change: Partial<ListenOptions> = {}): Promise<Listening> {
  const listening = await listen({
    host: "127.0.0.1",
    port: 0,
    headerBytes: 2000,
    gateway: (request: IncomingMessage, response: ServerResponse) => {
      if (request.url !== "/call") return false;
      response.end("gateway");
      return true;
    },
    api: (_, response) => response.end("api"),
    ...change,
  });
  context.after(() => listening.close());
  return listening;
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  readonly keepsAlive: boolean;
}

function ask(url: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const take = (response: IncomingMessage): void => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode, text, keepsAlive: response.headers.connection !== "close" }));
    };
    send(url, { agent }, take).once("error", reject).end();
  });
}

function agentOf(context: TestContext): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  context.after(() => agent.destroy());
  return agent;
}

test("what the gateway leaves is for the control plane", async (context) => {
  const { url } = await open(context);
  const agent = agentOf(context);
  assert.deepEqual(await ask(`${url}/call`, agent), { status: 200, text: "gateway", keepsAlive: true });
  assert.deepEqual(await ask(`${url}/other`, agent), { status: 200, text: "api", keepsAlive: true });
});

test("the address is one that a client can be given, also of IPv6", async (context) => {
  assert.match((await open(context)).url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === "::1"));
  if (!hasIpv6) return context.diagnostic("this machine has no IPv6");
  const { url } = await open(context, { host: "::1" });
  assert.match(url, /^http:\/\/\[::1\]:[1-9]\d*$/);
  assert.equal((await ask(`${url}/call`, agentOf(context))).text, "gateway");
});

test("a port that is taken is the system's error", async (context) => {
  const { url } = await open(context);
  await assert.rejects(open(context, { port: Number(new URL(url).port) }), { code: "EADDRINUSE" });
});

test("headers are bounded as it is asked", async (context) => {
  const { url } = await open(context);
  const status = (length: number): Promise<number> =>
    fetch(`${url}/call`, { headers: { "x-long": "x".repeat(length) } }).then((one) => one.status);
  assert.deepEqual([await status(1000), await status(3000)], [200, 431]);
});

test("a server that drains takes no new connections, and says on open ones that they end", async (context) => {
  const listening = await open(context);
  const agent = agentOf(context);
  assert.equal((await ask(`${listening.url}/call`, agent)).keepsAlive, true);
  listening.drain();
  assert.deepEqual(await ask(`${listening.url}/other`, agent), { status: 200, text: "api", keepsAlive: false });
  await assert.rejects(ask(`${listening.url}/call`, agentOf(context)), { code: "ECONNREFUSED" });
});

test("a close gives an idle connection a moment for a request on its way, and then closes it", async (context) => {
  const listening = await open(context);
  const agent = agentOf(context);
  await ask(`${listening.url}/call`, agent);
  const closed = listening.close();
  assert.equal((await ask(`${listening.url}/call`, agent)).text, "gateway");
  await closed;

  const other = await open(context);
  await ask(`${other.url}/call`, agent);
  await other.close();
  await assert.rejects(ask(`${other.url}/call`, agent));
});

test("a close does not wait for an answer that never ends", async (context) => {
  const listening = await open(context, { gateway: () => true });
  const answer = ask(`${listening.url}/call`, agentOf(context));
  const broken = assert.rejects(answer);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await listening.close();
  await broken;
});
