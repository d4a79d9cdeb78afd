/** The vendors' SDKs pointed at a gateway: only the base URL and the key differ. */

import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import type { GatewayProcess } from "./process.ts";

/** A client's URL and key. */
export interface ClientOptions {
  readonly key: string;
  /** `/openai`, `/anthropic`, `/gemini`; empty for the paths that name no provider. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Keeps the SDK's default retries, as users have them. */
export function openaiAt(
  gateway: Pick<GatewayProcess, "url">,
  { key, path, headers }: ClientOptions,
): OpenAI {
  return new OpenAI({
    apiKey: key,
    baseURL: `${gateway.url}${path}/v1`,
    defaultHeaders: { ...headers },
  });
}

export function anthropicAt(
  gateway: Pick<GatewayProcess, "url">,
  { key, path, headers }: ClientOptions,
): Anthropic {
  return new Anthropic({
    apiKey: key,
    authToken: null,
    baseURL: gateway.url + path,
    defaultHeaders: { ...headers },
  });
}

export function geminiAt(
  gateway: Pick<GatewayProcess, "url">,
  { key, path, headers }: ClientOptions,
): GoogleGenAI {
  return new GoogleGenAI({
    apiKey: key,
    httpOptions: { baseUrl: gateway.url + path, headers: { ...headers } },
  });
}

/** The text of a prompt that steers the simulator: `steer("input=40 output=12")`. */
export function steer(directive: string, text = "How are you?"): string {
  return `${text} [[sim ${directive}]]`;
}

/** The same id for Purser's ledger, as headers, and for the simulator's books, as a directive. */
export function tagged(tag: string): {
  readonly headers: Record<string, string>;
  readonly directive: string;
} {
  return { headers: { "x-purser-operation-id": tag }, directive: `tag=${tag}` };
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
