/**
 * Crowds of calls on a tight budget, of texts that tokenizers find easy or hard, at providers that
 * keep their ceiling or do not.
 */

import assert from "node:assert/strict";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { linesOf, type TextKind } from "../../src/simulator/answer/text-kind.ts";
import { picoOf } from "./figures.ts";
import { startGateway, startSimulatorProcess, type GatewayProcess, type SimulatorProcess } from "./process.ts";

export type BoundWire = "openai" | "house" | "anthropic" | "gemini";

export interface CrowdOptions {
  readonly wire: BoundWire;
  readonly text: TextKind;
  /** Tokens in a piece of a stream. */
  readonly chunk: number;
  readonly calls: number;
  /** Tokens that each call would generate, and asks for at most where `asked` is left out. */
  readonly output: number;
  readonly asked?: number;
  readonly stream: boolean;
  /** How many of the calls' outputs the budget can pay for. */
  readonly room: number;
  /** Generates past `max_tokens`. */
  readonly lying?: boolean;
  /** Between two pieces; 2 unless told. */
  readonly gapMs?: number;
  /** One of a few models that are alike, each of which is taught by its own calls. */
  readonly course?: number;
  /** What each call asks, of so many bytes; a few words when it is left out. */
  readonly prompt?: { readonly text: TextKind; readonly bytes: number };
}

export interface CrowdResult {
  readonly limit: bigint;
  readonly spent: bigint;
  readonly held: bigint;
  readonly overrun: bigint;
  /** What the provider billed: everything that it generated. */
  readonly billed: bigint;
  readonly served: number;
  readonly refused: number;
  readonly cut: number;
  /**
   * Output tokens that the ledger charged, and that the provider generated, of the streams that
   * were cut.
   */
  readonly cutCharged: number;
  readonly cutGenerated: number;
}

/** Pico-USD a token, the same everywhere. */
export const rates = { input: 500_000n, output: 10_000_000n };

const models: Readonly<Record<BoundWire, string>> = {
  openai: "gpt-4o-bound",
  house: "house-bound",
  anthropic: "claude-haiku-4-bound",
  gemini: "gemini-2.0-bound",
};

export const boundWires: readonly BoundWire[] = ["openai", "house", "anthropic", "gemini"];
const courses = 10;

function modelOf(wire: BoundWire, course: number): string {
  return `${models[wire]}-${course}`;
}

export class Bounds {
  readonly #gateway: GatewayProcess;
  readonly #simulator: SimulatorProcess;
  #cases = 0;

  private constructor(gateway: GatewayProcess, simulator: SimulatorProcess) {
    this.#gateway = gateway;
    this.#simulator = simulator;
  }

  static async open(): Promise<Bounds> {
    const simulator = await startSimulatorProcess();
    return new Bounds(await startGateway({ config: configuration(simulator.url) }), simulator);
  }

  /**
   * One call of an administrator, who may name whatever the provider keeps, on a budget of its own.
   *
   * @returns Its status.
   */
  async ask(amount: string, { path, body }: { readonly path: string; readonly body: object }): Promise<number> {
    const name = `ask${++this.#cases}`;
    const { key } = await this.#gateway.makeKey({ project: name }, { role: "admin" });
    await this.#gateway.makeBudget({ budget_id: name, budget_type: "project", resource_id: name, amount });
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", "anthropic-version": "2023-06-01" };
    const response = await fetch(this.#gateway.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    await response.text();
    return response.status;
  }

  /** Four calls in English that no budget bounds: what they teach is no bound for other texts. */
  async teach(course: Pick<CrowdOptions, "wire" | "course" | "output" | "prompt">): Promise<void> {
    const { key } = await this.#gateway.makeKey({ project: "teacher" });
    const prompt = course.prompt && { prompt: { ...course.prompt, text: "english" as const } };
    for (let call = 0; call < 4; call++) {
      const options = { ...course, ...prompt, text: "english", chunk: 12, calls: 1, stream: true, room: 0 } as const;
      assert.equal(await this.#call(key, "teacher", options), 200);
    }
  }

  async close(): Promise<void> {
    await this.#gateway.stop();
    await this.#simulator.stop();
  }

  async run(options: CrowdOptions): Promise<CrowdResult> {
    const name = `bound${++this.#cases}`;
    const { key } = await this.#gateway.makeKey({ project: name });
    const limit = BigInt(options.room) * (BigInt(options.output) * rates.output + BigInt(promptOf(options).tokens) * rates.input);
    await this.#gateway.makeBudget({ budget_id: name, budget_type: "project", resource_id: name, amount: usd(limit) });
    const statuses = await Promise.all(Array.from({ length: options.calls }, () => this.#call(key, name, options)));
    for (const status of statuses) assert.ok(status === 200 || status === 402, String(status));
    await this.#settled(name);
    return this.#result(name, { limit, statuses });
  }

  async #call(key: string, name: string, options: CrowdOptions): Promise<number> {
    const { wire, text, chunk, output, asked = output, stream, lying, gapMs = 2, course = 0 } = options;
    const prompt = promptOf(options);
    const input = options.prompt ? ` input=${prompt.tokens}` : "";
    const lie = lying ? " lie=ignore_max" : "";
    const wanted = lying ? output * 2 : output;
    const directive = `[[sim text=${text} output=${wanted} tokens_per_chunk=${chunk} gap_ms=${gapMs} tag=${name}${lie}${input}]]`;
    const { path, body } = request(wire, { text: `${prompt.text}${directive}`, output: asked, stream, course });
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", "anthropic-version": "2023-06-01" };
    const response = await fetch(this.#gateway.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    await response.text();
    return response.status;
  }

  /** The provider's books close a little after a connection was. */
  async #settled(name: string): Promise<void> {
    await this.#gateway.flush();
    for (let tries = 0; tries < 100; tries++) {
      const budget = await this.#gateway.budget(name);
      if (budget["held"] === "0") break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  async #result(name: string, { limit, statuses }: { readonly limit: bigint; readonly statuses: readonly number[] }): Promise<CrowdResult> {
    const [budget, rows, entries] = await Promise.all([
      this.#gateway.budget(name),
      this.#simulator.books(name),
      this.#gateway.entries(`project=${name}`),
    ]);
    const billed = rows.filter((row) => row.billed);
    const cut = entries.filter(({ flags }) => flags.includes("cut"));
    return {
      limit,
      spent: picoOf(String(budget["spent"])),
      held: picoOf(String(budget["held"])),
      overrun: picoOf(String(budget["overrun"])),
      billed: billed.reduce((sum, { input, output }) => sum + BigInt(input) * rates.input + BigInt(output) * rates.output, 0n),
      served: statuses.filter((status) => status === 200).length,
      refused: statuses.filter((status) => status === 402).length,
      cut: cut.length,
      cutCharged: cut.reduce((sum, { usage }) => sum + (usage.output ?? 0), 0),
      cutGenerated: rows.filter(({ cut_at }) => cut_at !== null).reduce((sum, { output }) => sum + output, 0),
    };
  }
}

function configuration(url: string): string {
  const prices = { input: "0.5", output: "10" };
  const row = (provider: string, model: string): string =>
    `  - { provider: ${provider}, model: ${model}, input: "${prices.input}", output: "${prices.output}" }`;
  return [
    "providers:",
    `  openai: { wire: openai, base_url: "${url}/openai/v1", api_key: sk-x }`,
    `  house: { wire: openai, base_url: "${url}/openai/v1", api_key: sk-x }`,
    `  anthropic: { wire: anthropic, base_url: "${url}/anthropic", api_key: sk-x }`,
    `  gemini: { wire: gemini, base_url: "${url}/gemini", api_key: sk-x }`,
    "prices:",
    ...boundWires.flatMap((wire) => Array.from({ length: courses }, (_, course) => row(wire, modelOf(wire, course)))),
    "limits: { hold_wait_ms: 60000 }",
    "durability: process",
  ].join("\n");
}

interface Wanted {
  readonly text: string;
  readonly output: number;
  readonly stream: boolean;
  readonly course: number;
}

function request(wire: BoundWire, { text, output, stream, course }: Wanted): { readonly path: string; readonly body: object } {
  const model = modelOf(wire, course);
  const messages = [{ role: "user", content: text }];
  if (wire === "anthropic") return { path: "/anthropic/v1/messages", body: { model, max_tokens: output, stream, messages } };
  if (wire === "gemini") {
    const method = stream ? "streamGenerateContent?alt=sse" : "generateContent";
    const contents = [{ role: "user", parts: [{ text }] }];
    return { path: `/gemini/v1beta/models/${model}:${method}`, body: { contents, generationConfig: { maxOutputTokens: output } } };
  }
  return { path: `/${wire}/v1/chat/completions`, body: { model, max_tokens: output, stream, messages } };
}

/** A text of the kind, and how many tokens of o200k_base it is. */
function promptOf({ prompt }: Pick<CrowdOptions, "prompt">): { readonly text: string; readonly tokens: number } {
  if (!prompt) return { text: "", tokens: 0 };
  const id = `${prompt.text} ${prompt.bytes}`;
  let known = prompts.get(id);
  if (!known) {
    let text = "";
    for (const line of linesOf(prompt.text)) if ((text += line).length >= prompt.bytes) break;
    prompts.set(id, (known = { text, tokens: encode(text).length }));
  }
  return known;
}

const prompts = new Map<string, { readonly text: string; readonly tokens: number }>();

function usd(pico: bigint): string {
  return `${pico / 10n ** 12n}.${String(pico % 10n ** 12n).padStart(12, "0")}`;
}
