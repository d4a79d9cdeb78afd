/** Sends events over HTTP, and decides from the answer whether to retry. */

import type { Readable } from "node:stream";
import { Agent, type Dispatcher, request } from "undici";
import { NotifierError } from "../app/port/notifier.ts";
import { shorten } from "../domain/input/shorten.ts";
import { checkedLookup, checkHost, type DestinationRule } from "./destination.ts";

export interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Readable;
}

const timeoutMs = 20_000;
const mostAnswerBytes = 16 * 1024;
/** A longer wait is pointless: the event is given up by then. */
const longestWaitMs = 86_400_000;

/** The receiver says of these that the event itself is at fault: it would be refused again. */
const refusedForGood: ReadonlySet<number> = new Set([400, 413, 414, 415, 422, 431]);

/** Redirects are not followed: the next address was not configured. */
export class HttpSender {
  readonly #rule: DestinationRule;
  readonly #agent: Agent;

  constructor(rule: DestinationRule) {
    this.#rule = rule;
    this.#agent = new Agent({
      connect: { timeout: timeoutMs, lookup: checkedLookup(rule) },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  /** @throws NotifierError unless the answer is 2xx. */
  async post(url: string, { headers, body }: Message, signal: AbortSignal): Promise<void> {
    checkHost(new URL(url).hostname, this.#rule);
    const answer = await this.#request(url, { headers, body }, signal);
    const { statusCode: status } = answer;
    if (status >= 200 && status <= 299) return discard(answer.body);
    const text = await firstBytes(answer.body);
    const retryAfterMs = waitOf(answer.headers["retry-after"], text);
    const said = text.trim() === "" ? "" : `: ${shorten(text.trim().replace(/\s+/g, " "), 200)}`;
    const advice = status >= 300 && status <= 399 ? " (redirects are not followed)" : "";
    throw new NotifierError(`the receiver answered ${status}${advice}${said}`, {
      retryable: !refusedForGood.has(status),
      ...(retryAfterMs !== null && { retryAfterMs }),
    });
  }

  async #request(url: string, { headers, body }: Message, signal: AbortSignal) {
    try {
      return await request(url, {
        method: "POST",
        headers: { "user-agent": "Purser", ...headers },
        body,
        signal,
        dispatcher: this.#agent,
      });
    } catch (cause) {
      if (cause instanceof NotifierError) throw cause;
      throw new NotifierError(`the receiver was not reached: ${reasonOf(cause)}`, {
        retryable: true,
        cause,
      });
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

type Answer = Dispatcher.ResponseData["body"];

/** Reads a short rest, so that the connection can be used again; it is not waited for. */
function discard(body: Answer): void {
  const signal = AbortSignal.timeout(timeoutMs);
  body.dump({ limit: mostAnswerBytes, signal }).catch(() => undefined);
}

/** The rest of a longer or slower answer is not read. */
async function firstBytes(body: Answer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const tooSlow = setTimeout(() => body.destroy(), timeoutMs);
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > mostAnswerBytes) break;
    }
  } catch {
    // The status decides. What is left of the answer would only explain it.
  } finally {
    clearTimeout(tooSlow);
  }
  return Buffer.concat(chunks).toString("utf8", 0, mostAnswerBytes);
}

/** From the header, in seconds or as a date, or from Telegram's answer. */
function waitOf(header: string | readonly string[] | undefined, body: string): number | null {
  const text = typeof header === "string" ? header.trim() : undefined;
  const inBody = /"retry_after":\s*(\d+(?:\.\d+)?)/.exec(body)?.[1];
  const seconds = Number(text ?? inBody ?? Number.NaN);
  const ms = Number.isNaN(seconds) ? Date.parse(text ?? "") - Date.now() : seconds * 1000;
  return Number.isNaN(ms) ? null : Math.min(longestWaitMs, Math.max(0, Math.ceil(ms)));
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors[0] instanceof Error)
    return error.errors[0].message;
  return error.message === "" ? error.name : error.message;
}
