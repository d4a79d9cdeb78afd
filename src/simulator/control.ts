/**
 * The `/sim/…` API over the simulator's books and faults, for its operator. No provider has these
 * paths.
 */

import { PurserError } from "../domain/error.ts";
import type { Provider } from "./exchange.ts";
import { FaultDice, type FaultRate } from "./play/faults.ts";
import { isObject, listField, wholeField, type JsonObject } from "./ask/json.ts";

export interface ControlRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly body: Buffer;
}

export interface ControlAnswer {
  readonly status: number;
  readonly body: object;
}

const mostRows = 10_000;

/** @throws PurserError `invalid_request` for an invalid query or body. */
export function control(provider: Provider, { method, url, body }: ControlRequest): ControlAnswer {
  const { pathname, searchParams } = new URL(url, "http://simulator");
  switch (`${method} ${pathname}`) {
    case "GET /sim/healthz":
      return ok({ ok: true });
    case "GET /sim/books":
      return ok(page(provider, searchParams));
    case "GET /sim/books/summary":
      return ok(provider.books.summary());
    case "DELETE /sim/books":
      provider.books.clear();
      return ok({ calls: 0 });
    case "POST /sim/faults":
      return ok(setFaults(provider, body));
    case "DELETE /sim/faults":
      provider.dice = new FaultDice([], provider.settings.seed);
      return ok({ faults: [] });
    default:
      return { status: 404, body: { error: { message: `no such path: ${method} ${pathname}` } } };
  }
}

function ok(body: object): ControlAnswer {
  return { status: 200, body };
}

/** `?after=0&limit=1000` by position in the books, or `?tag=…`. */
function page({ books }: Provider, query: URLSearchParams): object {
  const tag = query.get("tag");
  if (tag !== null) return { data: books.tagged(tag), next_cursor: null };
  const after = whole(query, "after", 0);
  const limit = Math.min(whole(query, "limit", 1000), mostRows);
  const data = books.rows(after, limit);
  return {
    data,
    next_cursor: after + data.length < books.size ? String(after + data.length) : null,
  };
}

/** `after` is the previous page's `next_cursor`. */
function whole(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new PurserError("invalid_request", `${name} must be a whole number`, {
    field: name,
    remedy: `Write ${name}=100.`,
  });
}

/** `{"faults": [{"fault": "429:1", "share": 0.1}], "seed": 7}` replaces the random faults. */
function setFaults(provider: Provider, body: Buffer): object {
  const asked = parse(body);
  const faults = listField(asked, "faults").map((rate): FaultRate => {
    if (isObject(rate) && typeof rate["fault"] === "string")
      return { fault: rate["fault"], share: rate["share"] as number };
    throw new PurserError("invalid_request", "a fault needs a text and a share", {
      field: "faults",
      remedy: 'Write {"fault": "429", "share": 0.1}.',
    });
  });
  provider.dice = new FaultDice(faults, wholeField(asked, "seed", 0) ?? provider.settings.seed);
  return { faults };
}

function parse(body: Buffer): JsonObject {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (isObject(value)) return value;
  } catch (cause) {
    throw new PurserError("invalid_request", "the body is not JSON", {
      remedy: "Send a JSON object.",
      cause,
    });
  }
  throw new PurserError("invalid_request", "the body is not a JSON object", {
    remedy: "Send a JSON object.",
  });
}
