/** Plays scenes with a client, and returns what its user sees together with the ledger entries. */

import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Entry } from "../e2e/figures.ts";
import { say, type Market, type Purse } from "../e2e/purse.ts";

/**
 * - `stream` an answer streams to its end
 * - `tools` a tool is called
 * - `refused` a budget refuses the call
 * - `cut` the budget is used up while the answer streams
 */
export type SceneName = "stream" | "tools" | "refused" | "cut";

export const sceneNames: readonly SceneName[] = ["stream", "tools", "refused", "cut"];

/** What a user sees, as printed by `seat.mjs` and `seat.py`. */
export interface Seen {
  readonly scene: SceneName;
  readonly text: string;
  readonly tools: readonly string[];
  readonly finish: string | null;
  readonly output?: number | null;
  /** Whether the text part was closed, if the client reports it. */
  readonly closed?: boolean;
  readonly error: {
    readonly type: string;
    readonly status: number | null;
    readonly message: string;
  } | null;
  readonly ms: number;
}

export interface Played {
  readonly name: SceneName;
  readonly purse: Purse;
  /** Undefined if the client exited before the scene ended. */
  readonly seen: Seen | undefined;
  readonly entries: readonly Entry[];
  readonly refusals: number;
}

/** The command that starts a client. */
export interface Command {
  readonly file: string;
  readonly words: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

const directives: Readonly<Record<SceneName, string>> = {
  stream: "output=30",
  tools: "",
  refused: "",
  cut: "output=3000 gap_ms=5",
};

/** A client that hangs must not delay the others. */
const longestMs = 120_000;

export interface Play {
  readonly command: Command;
  readonly model: string;
  readonly scenes?: readonly SceneName[];
}

/** Plays the scenes in sequence in one client process. */
export async function play(
  market: Market,
  { command, model, scenes = sceneNames }: Play,
): Promise<{ readonly played: readonly Played[]; readonly ended: Ended }> {
  const purses = new Map<SceneName, Purse>();
  for (const name of scenes) purses.set(name, await makePurse(market, name));
  const asked = [...purses].map(([name, purse]) => ({
    name,
    key: purse.key,
    prompt: promptOf(name, purse),
    withTool: name === "tools",
  }));
  const env = { SETTING: JSON.stringify({ url: market.gateway.url, model, scenes: asked }) };
  const ended = await run({ ...command, env: { ...command.env, ...env } }, (over) =>
    emptyWhenHeld(market, purses.get("cut"), over),
  );
  const lines = ended.out.split("\n").filter((line) => line.startsWith('{"scene"'));
  const seen = lines.map((line) => JSON.parse(line) as Seen);
  const played: Played[] = [];
  for (const [name, purse] of purses) {
    played.push({
      name,
      purse,
      seen: seen.find(({ scene }) => scene === name),
      ...(await booked(market, purse)),
    });
  }
  return { played, ended };
}

export function makePurse(market: Market, name: SceneName): Promise<Purse> {
  return market.makePurse(name === "refused" ? "0.000001" : "5");
}

export function promptOf(name: SceneName, purse: Purse): string {
  return say(purse, directives[name]);
}

/** The ledger entries of a purse's calls. */
export async function booked(
  market: Market,
  { name }: Purse,
): Promise<{ readonly entries: readonly Entry[]; readonly refusals: number }> {
  const entries = await market.gateway.entries(`project=${name}`);
  const series = await market.gateway.api("GET", `/api/v1/series?bucket=none&project=${name}`);
  return { entries, refusals: Number(series.json["total"]?.["refusals"]) };
}

/**
 * Empties the budget once a call is in flight.
 *
 * @param over Whether the client has already exited.
 */
export async function emptyWhenHeld(
  market: Market,
  purse: Purse | undefined,
  over: () => boolean,
): Promise<void> {
  if (!purse) return;
  while (!over()) {
    if (String((await market.gateway.budget(purse.name))["held"]) !== "0") {
      await market.gateway.api("PATCH", `/api/v1/budgets/${purse.name}`, {
        body: { amount: "0.000001" },
      });
      return;
    }
    await sleep(20);
  }
}

/**
 * Runs a command to its end.
 *
 * @param meanwhile Runs concurrently; its argument returns whether the command has ended.
 */
export async function run(
  command: Command,
  meanwhile: (over: () => boolean) => Promise<void>,
): Promise<Ended> {
  const beganAt = performance.now();
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(command.file, command.words, {
    cwd: command.cwd,
    env: { PATH, HOME, ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: longestMs,
    killSignal: "SIGKILL",
  });
  let [out, err, isOver] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => (isOver = true));
  const [exit] = await Promise.all([code, meanwhile(() => isOver)]);
  return { code: exit, out, err, ms: Math.round(performance.now() - beganAt) };
}
