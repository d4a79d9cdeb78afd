/** Finds a body's references to objects stored at its provider: files, responses, conversations. */

import { PurserError } from "../../domain/error.ts";
import type { ScannedBody } from "../body/index.ts";
import { skeletonOf } from "./skeleton.ts";
import { openBrace, space } from "../ascii.ts";

/** The places of ids in the bodies of one format. */
export interface ReferenceRules {
  /** Keys whose text, or texts, are ids. */
  readonly ids: ReadonlySet<string>;
  /** Keys whose object, or objects, have the id in their `id`. */
  readonly holders: ReadonlySet<string>;
  /** Other keys by which `own` finds ids. */
  readonly others?: readonly string[];
  /** Keys whose values are the caller's own data, in which no provider looks for ids. */
  readonly data: ReadonlySet<string>;
  /** The same, where it depends on what the object is. */
  readonly isData?: (object: Readonly<Record<string, unknown>>, key: string) => boolean;
  /**
   * An id that follows from an object's type. `place` is the key of the object, or of the list it
   * is in; empty for the body.
   */
  readonly own?: (
    object: Readonly<Record<string, unknown>>,
    place: string,
  ) => Reference | undefined;
  /** References that a body resolves itself. */
  readonly given?: (body: Readonly<Record<string, unknown>>) => readonly Reference[];
  /** The id in a value of one of `ids`, if it has another form; undefined if it is not an id. */
  readonly idOf?: (key: string, text: string) => string | undefined;
}

/** The stored objects that a body uses, and whether its answer is stored. */
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

/** The keys by which a body refers to something: without any of them, it refers to nothing. */
export function keysOf({ ids, holders, others = [] }: ReferenceRules): readonly string[] {
  return [...ids, ...holders, ...others];
}

/** @param value JSON, of any depth. @returns Each id once for each of its keys. */
export function referencesIn(value: unknown, rules: ReferenceRules): readonly Reference[] {
  return walk(value, rules).references;
}

export type JsonObject = Readonly<Record<string, unknown>>;

interface Walked {
  readonly references: readonly Reference[];
  /** How often each of the rules' keys was met, in the caller's own data, too. */
  readonly counts: ReadonlyMap<string, number>;
}

/** An object or a list, and where it was met. */
interface Place {
  readonly object: JsonObject;
  /** The key whose value it is, or in whose lists it is. */
  readonly key: string;
  /** Whether it is the caller's own data. */
  readonly isData: boolean;
}

function walk(value: unknown, rules: ReferenceRules): Walked {
  const found = new Map<string, Reference>();
  const counts = new Map(keysOf(rules).map((key) => [key, 0]));
  const waiting: Place[] = [];
  wait(value, { key: "", isData: false });
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) takeFrom(next);
  for (const { key, id } of (isObject(value) && rules.given?.(value)) || [])
    found.delete(`${key} ${id}`);
  return { references: [...found.values()], counts };

  function wait(inner: unknown, where: Omit<Place, "object">): void {
    if (isObject(inner)) waiting.push({ object: inner, ...where });
  }

  function take(reference: Reference | undefined): void {
    if (reference && reference.id !== "") found.set(`${reference.key} ${reference.id}`, reference);
  }

  function takeFrom({ object, key: place, isData }: Place): void {
    if (!isData) take(rules.own?.(object, place));
    const isList = Array.isArray(object);
    for (const [key, inner] of Object.entries(object)) {
      const count = counts.get(key);
      if (count !== undefined) counts.set(key, count + 1);
      const isOwn = isData || rules.data.has(key) || rules.isData?.(object, key) === true;
      if (!isOwn)
        for (const one of Array.isArray(inner) ? (inner as readonly unknown[]) : [inner])
          take(referenceOf(key, one, rules));
      wait(inner, { key: isList ? place : key, isData: isOwn });
    }
  }
}

function referenceOf(
  key: string,
  value: unknown,
  { ids, holders, idOf }: ReferenceRules,
): Reference | undefined {
  const id =
    typeof value === "string"
      ? ids.has(key)
        ? idOf
          ? idOf(key, value)
          : value
        : undefined
      : heldBy(key, value, holders);
  return id === undefined ? undefined : { key, id };
}

function heldBy(key: string, value: unknown, holders: ReadonlySet<string>): string | undefined {
  return holders.has(key) && isObject(value) && typeof value["id"] === "string"
    ? value["id"]
    : undefined;
}

/** @returns undefined unless it is a JSON object. */
export function jsonObjectOf(bytes: Uint8Array): JsonObject | undefined {
  const first = bytes.find((byte) => byte > space);
  if (first !== openBrace && first !== byteOrderMark) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Its first byte; decoding takes it away. */
const byteOrderMark = 0xef;

/**
 * The references of a request that was scanned for the keys of the rules.
 *
 * @throws PurserError `invalid_request` for a body that is not valid JSON, exceeds the limits of
 *   what is built, or repeats a field with an id in it: the provider might read the other one.
 */
export function referencesOfScanned(
  body: ScannedBody,
  rules: ReferenceRules,
): readonly Reference[] {
  if (!hasKeys(body, rules)) return usesNothing.uses;
  const value = skeletonOf(body.bytes, new Set(keysOf(rules)));
  if (!value)
    throw new PurserError("invalid_request", "the body is not valid JSON", {
      field: "body",
      remedy: "Check the escapes in its strings.",
    });
  const { references, counts } = walk(value, rules);
  // If a field is repeated, only the last one is in the value.
  const repeated = [...counts].find(([key, count]) => count < body.keyCount(key));
  if (!repeated) return references;
  const [key] = repeated;
  throw new PurserError("invalid_request", `${key}: is repeated, or is inside a field that is`, {
    field: key,
    remedy: "Send each field once.",
  });
}

/** Whether a body has any of the keys of {@link keysOf}. */
function hasKeys(body: ScannedBody, { ids, holders, others = [] }: ReferenceRules): boolean {
  for (const keys of [ids, holders, others])
    for (const key of keys) if (body.keyCount(key) > 0) return true;
  return false;
}

/** Also true for lists. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null;
}

/** The objects in a list; empty if it is not a list. */
export function objectsIn(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? (list as readonly unknown[]).filter(isObject) : [];
}
