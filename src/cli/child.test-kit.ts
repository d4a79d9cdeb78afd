/** Test kit that runs Purser as a child process, as users do. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly notes: string;
}

/** Runs a command in `cwd`, without the environment of the developer. */
export async function purser(
  words: readonly string[],
  options: {
    readonly cwd?: string;
    readonly input?: string;
    readonly environment?: Record<string, string>;
  } = {},
): Promise<Ended> {
  const environment = { PATH: process.env["PATH"] ?? "", ...options.environment };
  const child = spawn(process.execPath, [main, ...words], {
    cwd: options.cwd ?? tmpdir(),
    env: environment,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let out = "";
  let notes = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (notes += text));
  child.stdin.end(options.input ?? "");
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, out, notes };
}

export async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(path.join(tmpdir(), "purser-command-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A running `purser serve` in a folder. */
export interface Served {
  readonly child: ChildProcess;
  /** The first line that it prints with `--json`. */
  readonly started: {
    readonly url: string;
    readonly admin_key: string | null;
    readonly first_key: string | null;
  };
  /** What it has written on standard error so far. */
  notes(): string;
  /** @returns The exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** @throws If it exits or prints something other than its address. */
export async function serve(
  folder: string,
  words: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const child = spawn(process.execPath, [main, "serve", "--port", "0", "--json", ...words], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let notes = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (notes += text));
  const line = await Promise.race([
    once(child.stdout.setEncoding("utf8"), "data").then(([text]) => String(text)),
    once(child, "exit").then(([code]) =>
      Promise.reject(new Error(`serve ended with ${String(code)}: ${notes}`)),
    ),
  ]);
  return {
    child,
    started: JSON.parse(line) as Served["started"],
    notes: () => notes,
    end: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill(signal);
      await once(child, "close");
      return child.exitCode;
    },
  };
}
