/**
 * Checks that a provider is reachable and accepts its key, by requesting its list of models, which
 * is free.
 */

import type { Probe, ProbeState } from "../app/manage/probe.ts";
import type { Provider } from "../app/port/provider.ts";
import type { WireName } from "../wire/wire.ts";

export interface ProbeOptions {
  readonly timeoutMs: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

const mostBytes = 8 * 1024 * 1024;

/** Probes one format of the provider. Never throws: errors are part of the result. */
export async function probeProvider(provider: Provider, options: ProbeOptions): Promise<Probe> {
  const [wire, base] = baseOf(provider);
  const url = listUrl(wire, base);
  const startedAt = options.now();
  const facts = (): Pick<Probe, "provider" | "url" | "elapsedMs"> => ({
    provider: provider.name,
    url,
    elapsedMs: options.now() - startedAt,
  });
  try {
    const headers = { ...provider.headers, ...keyHeader(wire, provider.apiKey) };
    const response = await fetch(url, {
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    const models = response.ok ? countModels(await textOf(response)) : null;
    if (!response.ok) await response.body?.cancel();
    return { ...facts(), ...judge(response.status, provider.apiKey !== null), models };
  } catch (error) {
    return {
      ...facts(),
      state: "unreachable",
      status: null,
      models: null,
      problem: whyUnreachable(error, options.timeoutMs),
    };
  }
}

/**
 * The providers' own endpoints: https://platform.openai.com/docs/api-reference/models,
 * https://docs.anthropic.com/en/api/models-list, https://ai.google.dev/api/models.
 */
const lists: Readonly<Record<WireName, string>> = {
  openai: "/models",
  anthropic: "/v1/models",
  gemini: "/v1beta/models",
};

/** OpenRouter's list of models is public, so the key is checked at the endpoint for its limits. */
function listUrl(wire: WireName, base: string): string {
  return isOpenRouter(base) ? `${base}/key` : `${base}${lists[wire]}`;
}

function isOpenRouter(url: string): boolean {
  return URL.canParse(url) && /(^|\.)openrouter\.ai$/.test(new URL(url).hostname);
}

function baseOf({ bases }: Provider): readonly [WireName, string] {
  if (bases.openai !== undefined) return ["openai", bases.openai];
  if (bases.anthropic !== undefined) return ["anthropic", bases.anthropic];
  return ["gemini", bases.gemini ?? ""];
}

function keyHeader(wire: WireName, apiKey: string | null): Readonly<Record<string, string>> {
  const version = wire === "anthropic" ? { "anthropic-version": "2023-06-01" } : {};
  if (apiKey === null) return version;
  if (wire === "anthropic") return { ...version, "x-api-key": apiKey };
  return wire === "gemini" ? { "x-goog-api-key": apiKey } : { authorization: `Bearer ${apiKey}` };
}

interface Judged {
  readonly state: ProbeState;
  readonly status: number;
  readonly problem: string | null;
}

function judge(status: number, hasKey: boolean): Judged {
  if (status >= 200 && status < 300)
    return { status, state: hasKey ? "accepted" : "unchecked", problem: null };
  if (status === 401 || status === 403) {
    const state = hasKey ? "refused" : "unchecked";
    return { status, state, problem: hasKey ? `it refuses the key (${status})` : null };
  }
  if (status === 429 || status >= 500)
    return { status, state: "failing", problem: `it answers ${status}` };
  return {
    status,
    state: "unchecked",
    problem: `it has no list of models at this URL (${status}), so the key was not checked`,
  };
}

/** Reads at most {@link mostBytes}: the list is only counted. */
async function textOf(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > mostBytes) return "";
  }
  return text;
}

function countModels(text: string): number | null {
  try {
    const body = JSON.parse(text) as { readonly data?: unknown; readonly models?: unknown } | null;
    const list = body?.data ?? body?.models;
    return Array.isArray(list) ? list.length : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function whyUnreachable(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === "TimeoutError")
    return `it did not answer within ${timeoutMs / 1000} s`;
  if (error instanceof Error && error.cause instanceof Error)
    return `it cannot be reached: ${error.cause.message || error.cause.name}`;
  return `it cannot be reached: ${error instanceof Error ? error.message : String(error)}`;
}
