/** Starts a temporary simulator and gateway as child processes, for the demo and replays. */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PurserError } from "../domain/error.ts";
import { type Connection, overHttp } from "./connection.ts";
import type { CommandContext } from "./context.ts";

export interface Stage {
  /** The address of the gateway. */
  readonly url: string;
  readonly simulatorUrl: string;
  /** The folder of the ledger. */
  readonly dataDirectory: string;
  /** The control plane of the gateway, as administrator. */
  readonly admin: Connection;
  /** Stops both processes and deletes the data folder, unless `data` was given. */
  close(): Promise<void>;
}

export interface StageOptions {
  /** A data folder to keep. */
  readonly data?: string | undefined;
}

const startWithinMs = 30_000;
const endWithinMs = 10_000;

/** @throws PurserError `upstream_unreachable` with the output of a child that does not start. */
export async function openStage(context: CommandContext, options: StageOptions): Promise<Stage> {
  const temporary = await mkdtemp(path.join(tmpdir(), "purser-stage-"));
  const dataDirectory = path.resolve(options.data ?? path.join(temporary, "data"));
  const children: Child[] = [];
  const close = async (): Promise<void> => {
    for (const child of children.toReversed()) await child.end();
    await rm(temporary, { recursive: true, force: true });
  };
  try {
    const simulator = start(context, {
      words: ["simulate", "--port", "0", "--json"],
      environment: {},
    });
    children.push(simulator);
    const simulatorUrl = await simulator.url;
    const config = path.join(temporary, "stage.yaml");
    await writeFile(config, configuration(simulatorUrl), { mode: 0o600 });
    const adminKey = `purser_${randomBytes(24).toString("hex")}`;
    const words = [
      "serve",
      "--host",
      "127.0.0.1",
      "--port",
      "0",
      "--data",
      dataDirectory,
      "--config",
      config,
      "--json",
    ];
    const gateway = start(context, { words, environment: { PURSER_ADMIN_KEY: adminKey } });
    children.push(gateway);
    const url = await gateway.url;
    return { url, simulatorUrl, dataDirectory, admin: overHttp(url, adminKey), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Child {
  /** The address that it reports. */
  readonly url: Promise<string>;
  end(): Promise<void>;
}

function start(
  context: CommandContext,
  work: {
    readonly words: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  },
): Child {
  const { file, arguments: before } = context.parts.program;
  const child = spawn(file, [...before, ...work.words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...withoutProviderKeys(context.environment), ...work.environment },
    // Ctrl-C must reach only the foreground command, which then stops its children cleanly.
    detached: process.platform !== "win32",
  });
  const url = listening(child, work.words[0] ?? "");
  // The caller awaits this. A child that fails earlier must not crash the process.
  url.catch(() => {});
  const endWithParent = (): void => void child.kill("SIGTERM");
  process.once("exit", endWithParent);
  child.once("exit", () => process.off("exit", endWithParent));
  return { url, end: () => endOf(child) };
}

/** Trials must not reach, or be billed by, a real provider. */
function withoutProviderKeys(
  environment: CommandContext["environment"],
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.endsWith("_API_KEY")),
  );
}

/** Resolves with the `url` in the first line, which is JSON. */
async function listening(child: ChildProcess, name: string): Promise<string> {
  let out = "";
  let notes = "";
  child.stderr
    ?.setEncoding("utf8")
    .on("data", (text: string) => (notes = (notes + text).slice(-2000)));
  return new Promise<string>((resolve, reject) => {
    const fail = (why: string): void =>
      reject(
        new PurserError(
          "upstream_unreachable",
          `\`purser ${name}\` ${why}${notes === "" ? "" : `: ${notes.trim()}`}`,
          {
            remedy: `Run \`purser ${name}\` separately to see its output.`,
          },
        ),
      );
    const timer = setTimeout(() => fail("did not start in time"), startWithinMs);
    child.once("error", (error) => fail(`did not start (${error.message})`));
    child.once("exit", (code) => fail(`exited with code ${code} before it was listening`));
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (out.includes("\n")) return;
      out += text;
      if (!out.includes("\n")) return;
      clearTimeout(timer);
      const url = urlIn(out.slice(0, out.indexOf("\n")));
      if (url === undefined) fail("did not report its address");
      else resolve(url);
    });
    child.once("exit", () => clearTimeout(timer));
  });
}

function urlIn(line: string): string | undefined {
  return /"url":\s*"(https?:[^"]+)"/.exec(line)?.[1];
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
  await ended;
  clearTimeout(timer);
}

function configuration(simulatorUrl: string): string {
  return `providers:\n  sim: { wire: openai, base_url: "${simulatorUrl}/v1", api_key: "simulated" }\n`;
}
