/** The HTTP server: routing, address and shutdown. */

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
      response.on("end", () =>
        resolve({
          status: response.statusCode,
          text,
          keepsAlive: response.headers.connection !== "close",
        }),
      );
    };
    send(url, { agent }, take).once("error", reject).end();
  });
}

function agentOf(context: TestContext): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  context.after(() => agent.destroy());
  return agent;
}

test("requests that the gateway does not handle go to the control plane", async (context) => {
  const { url } = await open(context);
  const agent = agentOf(context);
  assert.deepEqual(await ask(`${url}/call`, agent), {
    status: 200,
    text: "gateway",
    keepsAlive: true,
  });
  assert.deepEqual(await ask(`${url}/other`, agent), {
    status: 200,
    text: "api",
    keepsAlive: true,
  });
});

test("the address is a valid URL, also for IPv6", async (context) => {
  assert.match((await open(context)).url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === "::1"),
  );
  if (!hasIpv6) return context.diagnostic("this machine has no IPv6");
  const { url } = await open(context, { host: "::1" });
  assert.match(url, /^http:\/\/\[::1\]:[1-9]\d*$/);
  assert.equal((await ask(`${url}/call`, agentOf(context))).text, "gateway");
});

test("a port in use is a system error", async (context) => {
  const { url } = await open(context);
  await assert.rejects(open(context, { port: Number(new URL(url).port) }), { code: "EADDRINUSE" });
});

test("the size of headers is limited as configured", async (context) => {
  const { url } = await open(context);
  const status = (length: number): Promise<number> =>
    fetch(`${url}/call`, { headers: { "x-long": "x".repeat(length) } }).then((one) => one.status);
  assert.deepEqual([await status(1000), await status(3000)], [200, 431]);
});

test("a draining server accepts no new connections, and announces the end of open ones", async (context) => {
  const listening = await open(context);
  const agent = agentOf(context);
  assert.equal((await ask(`${listening.url}/call`, agent)).keepsAlive, true);
  listening.drain();
  assert.deepEqual(await ask(`${listening.url}/other`, agent), {
    status: 200,
    text: "api",
    keepsAlive: false,
  });
  await assert.rejects(ask(`${listening.url}/call`, agentOf(context)), { code: "ECONNREFUSED" });
});

test("closing gives idle connections a grace period for a request in transit", async (context) => {
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

test("closing does not wait for an answer that never ends", async (context) => {
  const listening = await open(context, { gateway: () => true });
  const answer = ask(`${listening.url}/call`, agentOf(context));
  const broken = assert.rejects(answer);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await listening.close();
  await broken;
});
