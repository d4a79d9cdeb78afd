/** Reads the few fields of a JSON body that matter, with typed getters, without building the rest. */

import { PurserError } from "../../domain/error.ts";
import { toBuffer } from "../bytes.ts";
import { compilePlan, type ScanPlan } from "./plan.ts";
import { walk, type FieldSpan, type ObjectSpan, type WalkResult } from "./walk.ts";

export type { ScanPlan } from "./plan.ts";
export type { FieldSpan, ObjectSpan } from "./walk.ts";

/** Bounds of a whole number, both included. */
export interface IntegerBounds {
  readonly min?: number;
  readonly max?: number;
}

export type JsonKind = "string" | "number" | "boolean" | "null" | "object" | "array";

/** Offsets from the start of the body; `end` is excluded. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** No count in a request is larger: what is, is a mistake or an attack. */
const largestInteger = 1_000_000_000;
/** A number of so many digits is exact however it is added up. */
const exactDigits = 15;

const quote = 0x22;
const backslash = 0x5c;
const letterF = 0x66;
const letterN = 0x6e;
const letterT = 0x74;

/**
 * @returns A function that scans one body: one pass over the bytes, no copy. It throws PurserError `invalid_request` when the
 *   body is not one JSON object (the escapes inside strings are not looked at).
 */
export function bodyScanner(plan: ScanPlan = {}): (body: Uint8Array) => ScannedBody {
  return scanner(plan, { keepsLast: false });
}

/** As {@link bodyScanner}, for an answer, which cannot be refused: of two fields with one name the last counts, as JSON's readers have it. */
export function answerScanner(plan: ScanPlan = {}): (body: Uint8Array) => ScannedBody {
  return scanner(plan, { keepsLast: true });
}

/**
 * A body that was walked once. Fields are named by dotted paths below the top (`stream_options.include_usage`), of which all but
 * the last name must be in the plan's `nested`.
 *
 * Getters give undefined for a field that is absent or null, and throw PurserError `invalid_request`, naming the field and what to
 * do, for a value of another type, for a field that is repeated (but in an answer), and for a parent that is not an object.
 */
export class ScannedBody {
  readonly bytes: Buffer;
  readonly #result: WalkResult;
  readonly #keepsLast: boolean;

  constructor(bytes: Buffer, result: WalkResult, { keepsLast }: { readonly keepsLast: boolean }) {
    this.bytes = bytes;
    this.#result = result;
    this.#keepsLast = keepsLast;
  }

  get root(): ObjectSpan {
    return this.#result.root;
  }

  /** Bytes of keys, strings, literals and numbers (six at least for a number: it may be a token id). Media payloads are left out. */
  get textBytes(): number {
    return this.#result.textBytes;
  }

  /** Bytes of base64 and data URLs, in the places where the wire formats carry them. */
  get mediaBytes(): number {
    return this.#result.mediaBytes;
  }

  get mediaPayloads(): number {
    return this.#result.mediaPayloads;
  }

  /** How often one of the plan's `keys` stands anywhere. */
  keyCount(key: string): number {
    return this.#result.tally.keyCount(key);
  }

  /** How often `"key":"value"` stands anywhere, for `type` and the plan's `values`. */
  valueCount(key: string, value: string): number {
    return this.#result.tally.valueCount(key, value);
  }

  /** The string values of up to 48 bytes that `type` or one of the plan's `values` has anywhere, with how often. */
  values(key: string): ReadonlyMap<string, number> {
    return this.#result.tally.values(key);
  }

  /** The span of a field, also of one that is null; undefined when it is absent. */
  field(path: string): FieldSpan | undefined {
    if (!path.includes(".")) return this.refuseRepeated(this.root.fields.get(path), path);
    let object: ObjectSpan | undefined = this.root;
    let field: FieldSpan | undefined;
    const names = namesOf(path);
    for (let depth = 0; depth < names.length; depth++) {
      if (!object) throw invalid(names.slice(0, depth).join("."), "must be an object", "Send a JSON object.");
      field = object.fields.get(names[depth] ?? "");
      if (!field) return undefined;
      if (field.repeated) this.refuseRepeated(field, names.slice(0, depth + 1).join("."));
      if (depth + 1 < names.length && this.#isNull(field)) return undefined;
      object = field.object;
    }
    return field;
  }

  /** The field as it is, unless it is repeated in a request: throws as the getters do. */
  refuseRepeated<Field extends FieldSpan | undefined>(field: Field, path: string): Field {
    if (field?.repeated && !this.#keepsLast) throw invalid(path, "is repeated", "Send this field once.");
    return field;
  }

  /** Whether a field of an answer is repeated. */
  isRepeated(path: string): boolean {
    return this.field(path)?.repeated === true;
  }

  /** Whether the field is there and not null. */
  has(path: string): boolean {
    return this.#present(path) !== undefined;
  }

  /** The value's text as it was written, or undefined when it is absent or null. */
  raw(path: string): string | undefined {
    const field = this.#present(path);
    return field && this.#text(field);
  }

  /** The value itself, built: for values that are known to be small. */
  json(path: string): unknown {
    const field = this.#present(path);
    if (!field) return undefined;
    return this.bytes[field.start] === quote ? this.#string(field, path) : parse(this.#text(field), path);
  }

  string(path: string): string | undefined {
    const field = this.#present(path);
    if (!field) return undefined;
    if (this.bytes[field.start] !== quote) throw invalid(path, "must be a string", "Send a JSON string.");
    return this.#string(field, path);
  }

  boolean(path: string): boolean | undefined {
    const field = this.#present(path);
    if (!field) return undefined;
    const first = this.bytes[field.start];
    if (first !== letterT && first !== letterF) throw invalid(path, "must be true or false", "Send a JSON boolean, without quotes.");
    return first === letterT;
  }

  /** A whole number, however it is written (`10`, `10.0`, `1e1`), from 0 to 10^9 unless the bounds say otherwise. */
  integer(path: string, bounds: IntegerBounds = {}): number | undefined {
    const field = this.#present(path);
    if (!field) return undefined;
    const { min = 0, max = largestInteger } = bounds;
    const value = this.#kind(field) === "number" ? this.#number(field) : Number.NaN;
    if (!Number.isInteger(value) || value < min || value > max) {
      throw invalid(path, `must be a whole number from ${min} to ${max}`, `Send a whole number from ${min} to ${max}, without quotes.`);
    }
    return value;
  }

  /** What kind of value stands in the field; undefined when it is absent. */
  kind(path: string): JsonKind | undefined {
    const field = this.field(path);
    return field && this.#kind(field);
  }

  /** The field, unless it is absent or null. */
  #present(path: string): FieldSpan | undefined {
    const field = this.field(path);
    return field === undefined || this.#isNull(field) ? undefined : field;
  }

  /** The first byte tells: the walk has seen that the rest follows. */
  #kind(field: FieldSpan): JsonKind {
    const first = this.bytes[field.start];
    if (first === quote) return "string";
    if (first === 0x7b) return "object";
    if (first === 0x5b) return "array";
    if (first === letterN) return "null";
    return first === letterT || first === letterF ? "boolean" : "number";
  }

  #isNull(field: FieldSpan): boolean {
    return this.bytes[field.start] === letterN;
  }

  #string(field: FieldSpan, path: string): string {
    const inner = { start: field.start + 1, end: field.end - 1 };
    return isPlain(this.bytes, inner) ? this.#text(inner) : (parse(this.#text(field), path) as string);
  }

  #text(place: Place): string {
    return this.bytes.toString("utf8", place.start, place.end);
  }

  /** Most numbers are a few digits, which are read without making text of them. */
  #number(place: Place): number {
    if (place.end - place.start > exactDigits) return Number(this.#text(place));
    let value = 0;
    for (let at = place.start; at < place.end; at++) {
      const digit = (this.bytes[at] as number) - 0x30;
      if (digit < 0 || digit > 9) return Number(this.#text(place));
      value = value * 10 + digit;
    }
    return value;
  }
}

function scanner(plan: ScanPlan, repeated: { readonly keepsLast: boolean }): (body: Uint8Array) => ScannedBody {
  const compiled = compilePlan(plan);
  return (body) => {
    const bytes = toBuffer(body);
    return new ScannedBody(bytes, walk(bytes, compiled), repeated);
  };
}

/** Whether a string's bytes are its text: no escapes, and none of the control characters that JSON does not allow in it. */
function isPlain(bytes: Buffer, { start, end }: Place): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === backslash || byte < 0x20) return false;
  }
  return true;
}

/** Paths are few and fixed in the wires that ask for them: each is split once. */
const splitPaths = new Map<string, readonly string[]>();

function namesOf(path: string): readonly string[] {
  let names = splitPaths.get(path);
  if (!names) splitPaths.set(path, (names = path.split(".")));
  return names;
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PurserError("invalid_request", `${path} is not valid JSON`, {
      field: path,
      remedy: "Check the escapes in its strings.",
      cause,
    });
  }
}

function invalid(field: string, what: string, remedy: string): PurserError {
  return new PurserError("invalid_request", `${field} ${what}`, { field, remedy });
}
