/**
 * Checks that a provider is reachable and accepts its key, by requesting its list of models, which
 * is free.
 */

import type { Probe, ProbeState } from "../app/manage/probe.ts";
import type { Provider } from "../app/port/provider.ts";
import type { Wires } from "../app/route/target.ts";
import type { WireFormat } from "../wire/wire.ts";

export interface ProbeOptions {
  readonly wires: Wires;
  readonly timeoutMs: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

const mostBytes = 8 * 1024 * 1024;

/** Probes one format of the provider. Never throws: errors are part of the result. */
export async function probeProvider(provider: Provider, options: ProbeOptions): Promise<Probe> {
  const wire = wireOf(options.wires, provider);
  const url = urlOf(provider, wire);
  const startedAt = options.now();
  const facts = (): Pick<Probe, "provider" | "url" | "elapsedMs"> => ({
    provider: provider.name,
    url,
    elapsedMs: options.now() - startedAt,
  });
  try {
    const headers = headersOf(provider, wire);
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

function wireOf(wires: Wires, { bases }: Provider): WireFormat {
  return wires.find(({ name }) => bases[name] !== undefined) ?? wires[0];
}

function urlOf({ bases, keyCheckPath }: Provider, { name, models }: WireFormat): string {
  return `${bases[name] ?? ""}${keyCheckPath ?? models.path}`;
}

function headersOf(
  { headers, apiKey }: Provider,
  wire: WireFormat,
): Readonly<Record<string, string>> {
  const sent = { ...headers, ...wire.models.requestHeaders };
  if (apiKey !== null) wire.headers.setKey(sent, apiKey);
  return sent;
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
