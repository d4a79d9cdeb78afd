/** Finds what a body refers to of the things that its provider keeps: files, earlier responses, conversations, containers. */

import { PurserError } from "../../domain/error.ts";
import type { ScannedBody } from "../body/scan.ts";

/** Where the bodies of one format have ids. */
export interface ReferenceRules {
  /** Keys whose text, or texts, are ids. */
  readonly ids: ReadonlySet<string>;
  /** Keys whose object has the id in its `id`. */
  readonly holders: ReadonlySet<string>;
  /** Keys whose values are the caller's own data, in which no provider looks for ids. */
  readonly data: ReadonlySet<string>;
  /** The same, where it depends on what the object is. */
  readonly isData?: (object: Readonly<Record<string, unknown>>, key: string) => boolean;
  /** Ids that an object has by what it is. */
  readonly own?: (object: Readonly<Record<string, unknown>>) => unknown;
  /** The id in a value that is written in another form; undefined if it is not an id. */
  readonly idOf?: (key: string, text: string) => string | undefined;
}

/** A body that uses what is kept, and whether its answer will be kept. */
export interface StoredUse {
  /** Ids as the request has them, each with its key. */
  readonly uses: readonly Reference[];
  /** Whether the answer makes something that later requests may name. */
  readonly makes: boolean;
}

export interface Reference {
  readonly key: string;
  readonly id: string;
}

export const usesNothing: StoredUse = { uses: [], makes: false };

/** @param value JSON, of any depth. @returns Each id once. */
export function referencesIn(value: unknown, rules: ReferenceRules): readonly Reference[] {
  const found = new Map<string, Reference>();
  const take = (key: string, text: unknown): void => {
    const id = typeof text === "string" ? (rules.idOf ? rules.idOf(key, text) : text) : undefined;
    if (id !== undefined && id !== "") found.set(id, { key, id });
  };
  const waiting: unknown[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) waiting.push(...next.filter(isObject));
    else if (isObject(next)) takeFrom(next);
  }
  return [...found.values()];

  function takeFrom(object: Readonly<Record<string, unknown>>): void {
    take("id", rules.own?.(object));
    for (const [key, inner] of Object.entries(object)) {
      if (rules.data.has(key) || rules.isData?.(object, key)) continue;
      if (rules.ids.has(key)) for (const text of Array.isArray(inner) ? inner : [inner]) take(key, text);
      if (!isObject(inner)) continue;
      if (rules.holders.has(key)) take(key, inner["id"]);
      waiting.push(inner);
    }
  }
}

/** @returns undefined for what is no JSON object, such as a form with a file in it. */
export function jsonObjectOf(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const first = bytes.find((byte) => byte > space);
  if (first !== openingBrace && first !== byteOrderMark) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const space = 0x20;
const openingBrace = 0x7b;
/** Its first byte; decoding takes it away. */
const byteOrderMark = 0xef;

/**
 * The references of a request that was scanned.
 *
 * @param keys Fields of the whole request. None may be repeated: this reader and the provider might take different values.
 * @throws PurserError `invalid_request` for a repeated field, and for a body whose strings are not valid JSON.
 */
export function referencesOfScanned(body: ScannedBody, keys: readonly string[], rules: ReferenceRules): readonly Reference[] {
  for (const key of keys) body.field(key);
  const value = jsonObjectOf(body.bytes);
  if (value) return referencesIn(value, rules);
  throw new PurserError("invalid_request", "the body is not valid JSON", { field: "body", remedy: "Check the escapes in its strings." });
}

/** Lists are objects, too. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
