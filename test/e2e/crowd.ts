/** Makes many calls at once, collects the results, and watches the budgets meanwhile. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import type { GatewayProcess, Json } from "./process.ts";
import { picoOf } from "./figures.ts";

export interface ChatCall {
  readonly key: string;
  readonly model: string;
  readonly text?: string;
  /** The simulator's directive. */
  readonly sim?: Readonly<Record<string, string | number>>;
  readonly maxTokens?: number;
  readonly stream?: boolean;
  readonly operationId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Aborting it makes the caller disconnect. */
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** The connection broke before the answer was complete, or the caller left. */
  readonly broken: boolean;
}

/** Callers with one kept-alive connection per call in flight. */
export class Crowd {
  readonly #pool: Pool;

  constructor(url: string, connections: number) {
    this.#pool = new Pool(url, { connections, headersTimeout: 0, bodyTimeout: 0 });
  }

  /** Resolves with status 0 if no headers arrived. */
  async chat(call: ChatCall): Promise<Answered> {
    let answered: Answered = { status: 0, headers: {}, text: "", broken: true };
    try {
      const { statusCode, headers, body } = await this.#pool.request(requestOf(call));
      answered = { ...answered, status: statusCode, headers };
      body.setEncoding("utf8");
      for await (const chunk of body)
        answered = { ...answered, text: answered.text + String(chunk) };
      return { ...answered, broken: false };
    } catch (error) {
      // A broken connection is a valid result here; any other error is a bug in the test.
      assert.ok(error instanceof Error);
      return answered;
    }
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

function requestOf({
  key,
  model,
  text = "Count the coins.",
  sim,
  maxTokens,
  stream,
  operationId,
  headers,
  signal,
}: ChatCall) {
  const body = {
    model,
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(stream === undefined ? {} : { stream }),
    ...(sim === undefined ? {} : { sim }),
    messages: [{ role: "user", content: text }],
  };
  return {
    path: "/house/v1/chat/completions",
    method: "POST" as const,
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      ...(operationId === undefined ? {} : { "x-purser-operation-id": operationId }),
      ...headers,
    },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** A budget as the API shows it, in the smallest unit of its currency. */
export interface Standing {
  readonly budgetId: string;
  readonly limit: bigint;
  readonly spent: bigint;
  readonly held: bigint;
  readonly overrun: bigint;
}

export async function standings(gateway: GatewayProcess): Promise<readonly Standing[]> {
  const { status, json } = await gateway.api("GET", "/api/v1/budgets?limit=100");
  assert.equal(status, 200);
  return (json["data"] as readonly Json[]).map(standingOf);
}

function standingOf(budget: Json): Standing {
  const read = (field: string): bigint =>
    budget["currency"] === "USD" ? picoOf(String(budget[field])) : BigInt(String(budget[field]));
  return {
    budgetId: String(budget["budget_id"]),
    limit: read("amount"),
    spent: read("spent"),
    held: read("held"),
    overrun: read("overrun"),
  };
}

/** Polls every budget while `work` runs: spent plus held always stays within the limit. */
export async function whileWithinLimits<Result>(
  gateway: GatewayProcess,
  work: Promise<Result>,
): Promise<Result> {
  let isOver = false;
  const watch = (async (): Promise<number> => {
    for (let looks = 0; ; looks++) {
      for (const { budgetId, limit, spent, held, overrun } of await standings(gateway)) {
        assert.ok(
          spent + held <= limit + overrun,
          `${budgetId}: ${spent} spent + ${held} held > ${limit} + ${overrun} overrun`,
        );
      }
      if (isOver) return looks;
      await sleep(5);
    }
  })();
  const [result] = await Promise.all([work.finally(() => (isOver = true)), watch]);
  return result;
}
