/**
 * Starts the gateway and the simulator as separate processes, as users do, and always stops them.
 */

import { randomUUID } from "node:crypto";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Entry, BookRow } from "./figures.ts";
import { prices, providersAt, type ProviderSettings } from "./settings.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const children = new Set<ChildProcess>();
const folders: string[] = [];

// The benchmarks also start processes this way, and are not tests.
if (process.env["NODE_TEST_CONTEXT"] !== undefined) after(endAll);
process.on("exit", endAll);

/** A child process that has reported its address. */
export interface Started {
  readonly pid: number;
  /** Its stderr output so far. */
  readonly notes: () => string;
  /** SIGTERM. @returns The exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface SimulatorProcess extends Started {
  readonly url: string;
  /** Its bills, in the order in which calls ended; all of them, or those of one tag. */
  books(tag?: string): Promise<readonly BookRow[]>;
  setFaults(faults: readonly { readonly fault: string; readonly share: number }[]): Promise<void>;
}

/** @param words Further arguments, such as `["--gap-ms", "5"]`. */
export async function startSimulatorProcess(
  words: readonly string[] = [],
): Promise<SimulatorProcess> {
  const { line, ...child } = await start(["src/simulator/main.ts", ...words], {
    cwd: root,
    env: {},
  });
  const { url } = JSON.parse(line) as { readonly url: string };
  return {
    ...child,
    url,
    books: (tag) => bookRows(url, tag),
    setFaults: async (faults) => {
      const answer = await fetch(`${url}/sim/faults`, {
        method: "POST",
        body: JSON.stringify({ faults }),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
  };
}

export interface GatewayOptions {
  /** Points every provider of `settings.ts` there, with its prices. */
  readonly simulatorUrl?: string;
  /** Providers in addition to those, or replacing them. */
  readonly providers?: Readonly<Record<string, ProviderSettings>>;
  /** More lines of YAML, such as `limits: { body_bytes: 2048 }`. */
  readonly config?: string;
  /** A data folder to open again; a new one by default. */
  readonly directory?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** An answer of the control plane: its JSON, or its text. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // The shape is what each test asserts.
  readonly json: Json;
}

export type Json = { readonly [name: string]: Json } & string & number & boolean & readonly Json[];

export interface MadeKey {
  readonly key_id: string;
  readonly key: string;
}

export interface GatewayProcess extends Started {
  readonly url: string;
  readonly adminKey: string;
  readonly directory: string;
  /** @param key The administrator's by default. */
  api(
    method: string,
    path: string,
    request?: { readonly body?: unknown; readonly key?: string },
  ): Promise<ApiAnswer>;
  makeKey(
    attribution?: Readonly<Record<string, string>>,
    more?: Readonly<Record<string, unknown>>,
  ): Promise<MadeKey>;
  /** @throws if it is not created. */
  makeBudget(fields: Readonly<Record<string, unknown>>): Promise<void>;
  budget(budgetId: string): Promise<Json>;
  /** Resolves when the figures include everything decided so far. */
  flush(): Promise<void>;
  /** Every call, newest first. @param query Such as `project=p1`. */
  entries(query?: string): Promise<readonly Entry[]>;
  /**
   * Waits until `query` finds `count` calls, for callers that disconnect before their call ends.
   */
  entriesWhen(count: number, query?: string): Promise<readonly Entry[]>;
}

const adminKey = "purser_admin_key_of_the_tests";

export async function startGateway(options: GatewayOptions = {}): Promise<GatewayProcess> {
  const directory = options.directory ?? (await makeFolder());
  const file = path.join(directory, "purser.yaml");
  await writeFile(file, configurationOf(options));
  const words = [
    "serve",
    "--json",
    "--port",
    "0",
    "--host",
    "127.0.0.1",
    "--data",
    path.join(directory, "data"),
    "--config",
    file,
  ];
  const { line, ...child } = await start(["src/cli/main.ts", ...words], {
    cwd: root,
    env: { PURSER_ADMIN_KEY: adminKey, ...options.env },
  });
  const { url } = JSON.parse(line) as { readonly url: string };
  return { ...child, url, adminKey, directory, ...controlPlane(url) };
}

/** A folder that is removed after the tests of the file. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "purser-e2e-"));
  folders.push(folder);
  return folder;
}

/** JSON is valid YAML. */
function configurationOf({ simulatorUrl, providers, config }: GatewayOptions): string {
  const all = { ...(simulatorUrl === undefined ? {} : providersAt(simulatorUrl)), ...providers };
  const named = new Set(Object.keys(all));
  const rows = prices.filter(({ provider }) => named.has(provider));
  const parts =
    Object.keys(all).length > 0
      ? [`providers: ${JSON.stringify(all)}`, `prices: ${JSON.stringify(rows)}`]
      : [];
  return [...parts, config ?? ""].join("\n");
}

function controlPlane(
  url: string,
): Omit<GatewayProcess, keyof Started | "url" | "adminKey" | "directory"> {
  const api: GatewayProcess["api"] = async (method, where, { body, key = adminKey } = {}) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await fetch(url + where, {
      method,
      headers,
      ...(body === undefined ? {} : { body: textOf(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      json: (text.startsWith("{") ? JSON.parse(text) : text) as Json,
    };
  };
  const wanted = async (status: number, ...request: Parameters<typeof api>): Promise<Json> => {
    const answer = await api(...request);
    if (answer.status !== status)
      throw new Error(
        `${request[0]} ${request[1]}: ${answer.status} ${JSON.stringify(answer.json)}`,
      );
    return answer.json;
  };
  const makeKey: GatewayProcess["makeKey"] = async (attribution = {}, more = {}) =>
    wanted(201, "POST", "/api/v1/keys", {
      body: { name: `of a test ${randomUUID()}`, attribution, ...more },
    });
  let scratchKey: Promise<MadeKey> | undefined;
  // Writes are in order: once a change is durable, so is everything before it.
  const flush = async (): Promise<void> => {
    scratchKey ??= makeKey({}, { name: "flush" });
    await wanted(200, "PATCH", `/api/v1/keys/${(await scratchKey).key_id}`, {
      body: { name: `flush ${Date.now()}` },
    });
  };
  const entries = async (query = ""): Promise<readonly Entry[]> => {
    await flush();
    const rows: Entry[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Json = await wanted(
        200,
        "GET",
        `/api/v1/entries?limit=100&${query}${cursor && `&cursor=${cursor}`}`,
      );
      rows.push(...(page["data"] as unknown as readonly Entry[]));
      cursor = page["next_cursor"] as string | null;
    }
    return rows;
  };
  return {
    api,
    makeKey,
    makeBudget: async (body) => void (await wanted(201, "POST", "/api/v1/budgets", { body })),
    budget: (budgetId) => wanted(200, "GET", `/api/v1/budgets/${budgetId}`),
    flush,
    entries,
    entriesWhen: async (count, query) => {
      for (let tries = 0; tries < 100; tries++) {
        const rows = await entries(query);
        if (rows.length >= count) return rows;
        await sleep(50);
      }
      throw new Error(`${(await entries(query)).length} entries, and not ${count}`);
    },
  };
}

/** A string is sent as is, so it can be invalid JSON. */
function textOf(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

async function bookRows(url: string, tag: string | undefined): Promise<readonly BookRow[]> {
  const rows: BookRow[] = [];
  for (let after: string | null = "0"; after !== null;) {
    const query: string =
      tag === undefined ? `after=${after}&limit=10000` : `tag=${encodeURIComponent(tag)}`;
    const answer = await fetch(`${url}/sim/books?${query}`);
    const page = (await answer.json()) as {
      readonly data: readonly BookRow[];
      readonly next_cursor: string | null;
    };
    rows.push(...page.data);
    after = page.next_cursor;
  }
  return rows;
}

/**
 * @returns The child and its first line.
 * @throws with its stderr output if it exits before reporting its address.
 */
async function start(
  words: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Started & { readonly line: string }> {
  const child = spawn(process.execPath, words, {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let notes = "";
  // Pino levels from 50 are errors: unexpected ones are shown with the test's failure.
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    notes += text;
    if (/"level":[56]0/.test(text)) process.stderr.write(text);
  });
  const exited = once(child, "exit").then(() => children.delete(child));
  const line = await Promise.race([firstLine(child), exited.then(() => null)]);
  if (line === null)
    throw new Error(`${words.join(" ")} ended with ${String(child.exitCode)}: ${notes}`);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  return {
    line,
    pid: child.pid ?? 0,
    notes: () => notes,
    stop: () => end("SIGTERM"),
    kill: async () => void (await end("SIGKILL")),
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    });
  });
}

function endAll(): void {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders.splice(0))
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
