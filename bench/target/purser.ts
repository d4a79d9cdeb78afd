/** Purser as started by `purser serve`, with the budgets and durability that a benchmark sets. */

import { writeFileSync } from "node:fs";
import path from "node:path";
import { nodeFlags } from "../../bin/runtime.mjs";
import { Child } from "../child.ts";
import { freshFolder } from "./cache.ts";
import type { Target, TargetName } from "./target.ts";

export interface PurserOptions {
  readonly name: TargetName;
  /** The OpenAI base URL of the upstream, with `/v1`. */
  readonly upstream: string;
  readonly durability: "full" | "process";
  readonly budgets: readonly Readonly<Record<string, string>>[];
  /** An existing data folder; a new one by default. */
  readonly data?: string;
  /** The root of the checkout to start; this one by default. */
  readonly root?: string;
  /** Extra Node flags, such as `--cpu-prof`, in addition to those of `bin/runtime.mjs`. */
  readonly nodeFlags?: readonly string[];
}

export interface PurserTarget extends Target {
  readonly data: string;
  readonly child: Child;
  /** Calls the control plane as an administrator. @throws Error unless the status is 2xx. */
  api<Answer>(method: string, path: string, body?: object): Promise<Answer>;
}

/** The command line's file within a checkout. */
export const programOf = "src/cli/main.ts";

export const adminKey = "purser_bench_admin_0000000000000000";
export const callerKey = "purser_bench_caller_000000000000000";
export const attribution = { org: "bench", team: "load", project: "gateway", user: "u1" } as const;
export const price = { input: "0.15", output: "0.60" } as const;

/** Enough that no call is ever refused. */
const plenty = "1000000";

export const fourLevels: PurserOptions["budgets"] = [
  {
    budget_id: "all",
    budget_type: "platform",
    resource_id: "main",
    amount: plenty,
    period: "month",
    policy: "hard",
  },
  {
    budget_id: "org",
    parent_budget_id: "all",
    budget_type: "org",
    resource_id: "bench",
    amount: plenty,
    period: "month",
    policy: "hard",
  },
  {
    budget_id: "team",
    parent_budget_id: "org",
    budget_type: "team",
    resource_id: "load",
    amount: plenty,
    period: "month",
    policy: "hard",
  },
  {
    budget_id: "project",
    parent_budget_id: "team",
    budget_type: "project",
    resource_id: "gateway",
    amount: plenty,
    period: "month",
    policy: "hard",
  },
];

export function configuration({
  upstream,
  durability,
  budgets,
}: Pick<PurserOptions, "upstream" | "durability" | "budgets">): string {
  // JSON is valid YAML.
  return JSON.stringify({
    durability,
    providers: { bench: { wire: "openai", base_url: upstream, api_key: "sk-bench" } },
    prices: [{ provider: "bench", model: "bench-model", ...price, valid_from: "2026-01-01" }],
    keys: [{ name: "bench", secret: "${BENCH_KEY}", attribution }],
    budgets,
  });
}

export async function startPurser(options: PurserOptions): Promise<PurserTarget> {
  const data = options.data ?? freshFolder(options.name);
  const config = path.join(data, "bench.yaml");
  writeFileSync(config, configuration(options));
  const root = options.root ?? path.join(import.meta.dirname, "../..");
  const program = path.join(root, programOf);
  const words = [program, "serve", "--port", "0", "--json", "--data", data, "--config", config];
  const environment = { PURSER_ADMIN_KEY: adminKey, BENCH_KEY: callerKey };
  const child = Child.node([...nodeFlags, ...(options.nodeFlags ?? []), ...words], {
    environment,
    directory: data,
  });
  const { url } = await child.firstLine<{ readonly url: string }>();
  return {
    name: options.name,
    port: Number(new URL(url).port),
    path: "/bench/v1/chat/completions",
    headers: { authorization: `Bearer ${callerKey}` },
    model: "bench-model",
    pid: child.pid,
    data,
    child,
    api: (method, path, body) =>
      ask({ url: url + path, method, ...(body === undefined ? {} : { body }) }),
    close: () => child.end(),
  };
}

async function ask<Answer>({
  url,
  method,
  body,
}: {
  readonly url: string;
  readonly method: string;
  readonly body?: object;
}): Promise<Answer> {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
  const response = await fetch(url, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return JSON.parse(text) as Answer;
}
