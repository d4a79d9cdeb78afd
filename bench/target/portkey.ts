/** Portkey's open-source gateway, started as its documentation says. */

import { createServer, type AddressInfo, connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "../child.ts";
import { installPeer } from "./cache.ts";
import type { Target } from "./target.ts";

const startWithinMs = 20_000;

/**
 * Its newest release depends on a server library with which every stream fails
 * (`TypeError: immutable`,
 * https://github.com/Portkey-AI/gateway/issues/1389, read November 2026). The overrides are the
 * versions from its own lock file.
 */
const manifest = {
  dependencies: { "@portkey-ai/gateway": "1.15.2" },
  overrides: { "@hono/node-server": "1.13.5", "@hono/node-ws": "1.2.0", hono: "4.9.7" },
};

export async function startPortkey(upstreamPort: number): Promise<Target> {
  const folder = installPeer({ name: "portkey", manifest });
  const port = await freePort();
  const program = path.join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
  const child = Child.node([program, `--port=${port}`, "--headless"], {
    environment: { NODE_ENV: "production" },
  });
  await untilListening(port, child);
  return {
    name: "portkey",
    port,
    path: "/v1/chat/completions",
    headers: {
      authorization: "Bearer sk-bench",
      "x-portkey-provider": "openai",
      "x-portkey-custom-host": `http://127.0.0.1:${upstreamPort}/v1`,
    },
    model: "bench-model",
    pid: child.pid,
    close: () => child.end(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(port: number, child: Child): Promise<void> {
  const deadline = Date.now() + startWithinMs;
  while (!(await accepts(port))) {
    if (!child.isRunning || Date.now() > deadline)
      throw new Error(`portkey did not start: ${child.notes}`);
    await sleep(50);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.on("connect", () => socket.destroy());
    socket.on("error", () => resolve(false));
  });
}
