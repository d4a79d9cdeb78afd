/** Real receivers on loopback, for tests of notifiers. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, connect, createServer as createSocketServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { NotifierSettings, NotifierTarget } from "../app/port/notifier-settings.ts";
import type { CloudEvent } from "../domain/event/cloud-event.ts";

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  /** 0: the connection breaks before the answer. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An HTTP server that keeps what it receives. */
export async function httpReceiver(
  t: Pick<TestContext, "after">,
  answer: (received: Received) => Answer = () => ({ status: 204 }),
): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const one = { path: request.url ?? "", headers: request.headers, body };
      received.push(one);
      const { status, headers = {}, body: text = "" } = answer(one);
      if (status === 0) response.destroy();
      else response.writeHead(status, { ...headers }).end(text);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** @returns Why tests with this program are skipped; undefined if it is there. */
export function missing(program: string): string | undefined {
  const found = spawnSync(program, ["--version"]).error === undefined;
  if (found) return undefined;
  if (process.env["CI"] === "true") throw new Error(`${program} is missing: .ci/run installs it`);
  return `${program} is not installed: apt-get install ${program}`;
}

export interface RunningProgram {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a server on a free or given port, in a folder of its own, and waits until it listens. */
export async function startProgram(
  t: Pick<TestContext, "after">,
  argumentsFor: (place: {
    readonly port: number;
    readonly folder: string;
  }) => readonly [program: string, ...string[]],
  onPort?: number,
): Promise<RunningProgram> {
  const folder = await mkdtemp(path.join(tmpdir(), "purser-receiver-"));
  const port = onPort ?? (await freePort());
  const [program, ...words] = argumentsFor({ port, folder });
  const child = spawn(program, words, { stdio: "ignore" });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  t.after(async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  });
  await listening(port);
  return { port, stop };
}

export async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await pause(50);
  }
  throw new Error(`nothing listens on port ${port}`);
}

export function warningEvent(change: Partial<CloudEvent> = {}): CloudEvent {
  return {
    specversion: "1.0",
    id: "1042",
    source: "/purser",
    type: "budget.warning",
    time: "2026-11-29T04:00:00Z",
    subject: "team-a",
    datacontenttype: "application/json",
    data: {
      budget_id: "team-a",
      resource_id: "atlas",
      budget_type: "team",
      current_usage: 80.4,
      budget_amount: 100,
      percentage_used: 0.804,
      currency: "USD",
      value: null,
      window: { start: "2026-11-01T00:00:00Z", end: "2026-12-01T00:00:00Z" },
    },
    ...change,
  };
}

export function settingsFor(
  target: NotifierTarget,
  change: Partial<NotifierSettings> = {},
): NotifierSettings {
  return {
    name: "receiver",
    target,
    events: ["*"],
    only: {},
    quietHours: null,
    template: null,
    allowPrivateAddress: true,
    ...change,
  };
}

export const never = new AbortController().signal;
