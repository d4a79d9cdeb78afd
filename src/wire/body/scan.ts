/** Reads the few fields of a JSON body that matter, with typed getters, without building the rest. */

import { PurserError } from "../../domain/error.ts";
import { compilePlan, type ScanPlan } from "./plan.ts";
import { walk, type FieldSpan, type ObjectSpan, type WalkResult } from "./walk.ts";

export type { ScanPlan } from "./plan.ts";
export type { FieldSpan, ObjectSpan } from "./walk.ts";

/** Bounds of a whole number, both included. */
export interface IntegerBounds {
  readonly min?: number;
  readonly max?: number;
}

/** No count in a request is larger: what is, is a mistake or an attack. */
const largestInteger = 1_000_000_000;

/**
 * @returns A function that scans one body: one pass over the bytes, no copy. It throws PurserError `invalid_request` when the
 *   body is not one JSON object (the escapes inside strings are not looked at).
 */
export function bodyScanner(plan: ScanPlan = {}): (body: Uint8Array) => ScannedBody {
  const compiled = compilePlan(plan);
  return (body) => {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    return new ScannedBody(bytes, walk(bytes, compiled));
  };
}

/**
 * A body that was walked once. Fields are named by dotted paths below the top (`stream_options.include_usage`), of which all but
 * the last name must be in the plan's `nested`.
 *
 * Getters give undefined for a field that is absent or null, and throw PurserError `invalid_request`, naming the field and what to
 * do, for a value of another type, for a field that stands twice, and for a parent that is not an object.
 */
export class ScannedBody {
  readonly bytes: Buffer;
  readonly #result: WalkResult;

  constructor(bytes: Buffer, result: WalkResult) {
    this.bytes = bytes;
    this.#result = result;
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
    if (!path.includes(".")) return once(this.root.fields.get(path), path);
    let object: ObjectSpan | undefined = this.root;
    let field: FieldSpan | undefined;
    const names = namesOf(path);
    for (let depth = 0; depth < names.length; depth++) {
      if (!object) throw invalid(names.slice(0, depth).join("."), "must be an object", "Send a JSON object.");
      field = object.fields.get(names[depth] ?? "");
      if (!field) return undefined;
      if (field.repeated) once(field, names.slice(0, depth + 1).join("."));
      if (depth + 1 < names.length && this.#isNull(field)) return undefined;
      object = field.object;
    }
    return field;
  }

  /** Whether a field of the top, or of the object `parent` there, stands twice: the getters throw for it. JSON's readers keep the last. */
  isRepeated(name: string, parent?: string): boolean {
    const object = parent === undefined ? this.root : this.root.fields.get(parent)?.object;
    return object?.fields.get(name)?.repeated === true;
  }

  /** The value's text as it was written, or undefined when it is absent or null. */
  raw(path: string): string | undefined {
    const field = this.field(path);
    return field === undefined || this.#isNull(field) ? undefined : this.#text(field);
  }

  /** The value itself, built: for values that are known to be small. */
  json(path: string): unknown {
    const text = this.raw(path);
    return text === undefined ? undefined : parse(text, path);
  }

  string(path: string): string | undefined {
    const value = this.raw(path);
    if (value === undefined) return undefined;
    if (!value.startsWith('"')) throw invalid(path, "must be a string", "Send a JSON string.");
    return parse(value, path) as string;
  }

  boolean(path: string): boolean | undefined {
    const value = this.raw(path);
    if (value === undefined) return undefined;
    if (value !== "true" && value !== "false") throw invalid(path, "must be true or false", "Send a JSON boolean, without quotes.");
    return value === "true";
  }

  /** A whole number, however it is written (`10`, `10.0`, `1e1`), from 0 to 10^9 unless the bounds say otherwise. */
  integer(path: string, bounds: IntegerBounds = {}): number | undefined {
    const text = this.raw(path);
    if (text === undefined) return undefined;
    const { min = 0, max = largestInteger } = bounds;
    const value = /^[-\d]/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isInteger(value) || value < min || value > max) {
      throw invalid(path, `must be a whole number from ${min} to ${max}`, `Send a whole number from ${min} to ${max}, without quotes.`);
    }
    return value;
  }

  /** What kind of value stands in the field; undefined when it is absent. */
  kind(path: string): "string" | "number" | "boolean" | "null" | "object" | "array" | undefined {
    const field = this.field(path);
    if (!field) return undefined;
    const first = this.bytes[field.start];
    if (first === 0x22) return "string";
    if (first === 0x7b) return "object";
    if (first === 0x5b) return "array";
    if (first === 0x6e) return "null";
    return first === 0x74 || first === 0x66 ? "boolean" : "number";
  }

  #isNull(field: FieldSpan): boolean {
    return this.bytes[field.start] === 0x6e;
  }

  #text(field: FieldSpan): string {
    return this.bytes.toString("utf8", field.start, field.end);
  }
}

/** Paths are few and fixed in the wires that ask for them: each is split once. */
const splitPaths = new Map<string, readonly string[]>();

function namesOf(path: string): readonly string[] {
  let names = splitPaths.get(path);
  if (!names) splitPaths.set(path, (names = path.split(".")));
  return names;
}

function once(field: FieldSpan | undefined, path: string): FieldSpan | undefined {
  if (field?.repeated) throw invalid(path, "stands twice", "Send this field once.");
  return field;
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
