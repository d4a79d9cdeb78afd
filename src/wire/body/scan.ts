/** Reads a few fields of a JSON body through typed getters, without parsing the rest. */

import { PurserError } from "../../domain/error.ts";
import { toBuffer } from "../bytes.ts";
import { measure, type Measured } from "./measure.ts";
import { compilePlan, type ScanPlan } from "./plan.ts";
import { mostValues } from "./tally.ts";
import { walk, type FieldSpan, type ObjectSpan, type WalkResult } from "./walk.ts";
import { backslash, closeBracket, openBrace, openBracket, quote } from "../ascii.ts";

export type { ScanPlan } from "./plan.ts";
export type { FieldSpan, ObjectSpan } from "./walk.ts";

/** Bounds of a whole number, both inclusive. */
export interface IntegerBounds {
  readonly min?: number;
  readonly max?: number;
}

export type JsonKind = "string" | "number" | "boolean" | "null" | "object" | "array";

/** Offsets from the start of the body; `end` is exclusive. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** No legitimate count in a request is larger. */
const largestInteger = 1_000_000_000;
/** Numbers with this many digits are exact in any order of addition. */
const exactDigits = 15;

/**
 * Limit of what is built of a field of a request: a tenth of a second delays every other call, and
 * no format has a list of this length that must be read.
 */
export const mostBuiltValues = 100_000;

const letterF = 0x66;
const letterN = 0x6e;
const letterT = 0x74;

/**
 * @returns A function that scans one body in one pass, without copying. It throws PurserError
 *   `invalid_request` if the body is not a single JSON object (escapes inside strings are not
 *   checked).
 */
export function bodyScanner(plan: ScanPlan = {}): (body: Uint8Array) => ScannedBody {
  return scanner(plan, { keepsLast: false });
}

/**
 * Like {@link bodyScanner}, but for an answer, which cannot be refused: of repeated fields the last
 * one counts, as in JSON.parse.
 */
export function answerScanner(plan: ScanPlan = {}): (body: Uint8Array) => ScannedBody {
  return scanner(plan, { keepsLast: true });
}

/**
 * A scanned body. Fields are named by dotted paths (`stream_options.include_usage`); all names but
 * the last must be in the plan's `nested`.
 *
 * Getters return undefined for a field that is absent or null. They throw PurserError
 * `invalid_request`, with the field and a remedy, for a value of another type, a repeated field
 * (except in an answer), or a parent that is not an object.
 */
export class ScannedBody {
  readonly bytes: Buffer;
  readonly #result: WalkResult;
  readonly #keepsLast: boolean;
  /** By the position where a value begins. */
  readonly #measured = new Map<number, Measured>();

  constructor(bytes: Buffer, result: WalkResult, { keepsLast }: { readonly keepsLast: boolean }) {
    this.bytes = bytes;
    this.#result = result;
    this.#keepsLast = keepsLast;
  }

  get root(): ObjectSpan {
    return this.#result.root;
  }

  /**
   * Bytes of keys, strings, literals and numbers, without media payloads. A number counts at least
   * six bytes, because it may be a token id.
   */
  get textBytes(): number {
    return this.#result.textBytes;
  }

  /** Bytes of base64 and data URLs, in the fields where the formats carry them. */
  get mediaBytes(): number {
    return this.#result.mediaBytes;
  }

  get mediaPayloads(): number {
    return this.#result.mediaPayloads;
  }

  /** How often one of the plan's `keys` appears, at any depth. */
  keyCount(key: string): number {
    return this.#result.tally.keyCount(key);
  }

  /** How often `"key":"value"` appears, at any depth, for `type` and the plan's `values`. */
  valueCount(key: string, value: string): number {
    return this.#result.tally.valueCount(key, value);
  }

  /**
   * The string values (up to 48 bytes) of `type` or one of the plan's `values`, at any depth, with
   * their counts.
   */
  values(key: string): ReadonlyMap<string, number> {
    return this.#result.tally.values(key);
  }

  /** The span of a field, even if it is null; undefined if absent. */
  field(path: string): FieldSpan | undefined {
    if (!path.includes(".")) return this.refuseRepeated(this.root.fields.get(path), path);
    let object: ObjectSpan | undefined = this.root;
    let field: FieldSpan | undefined;
    const names = namesOf(path);
    for (let depth = 0; depth < names.length; depth++) {
      if (!object)
        throw invalid(names.slice(0, depth).join("."), "must be an object", "Send a JSON object.");
      field = object.fields.get(names[depth] ?? "");
      if (!field) return undefined;
      if (field.repeated) this.refuseRepeated(field, names.slice(0, depth + 1).join("."));
      if (depth + 1 < names.length && this.#isNull(field)) return undefined;
      object = field.object;
    }
    return field;
  }

  /** Returns the field unless it is repeated in a request; throws as the getters do. */
  refuseRepeated<Field extends FieldSpan | undefined>(field: Field, path: string): Field {
    if (field?.repeated && !this.#keepsLast)
      throw invalid(path, "is repeated", "Send this field once.");
    return field;
  }

  /** Whether a field of an answer is repeated. */
  isRepeated(path: string): boolean {
    return this.field(path)?.repeated === true;
  }

  /** Whether the field is present and not null. */
  has(path: string): boolean {
    return this.#present(path) !== undefined;
  }

  /** The value's original text; undefined if absent or null. */
  raw(path: string): string | undefined {
    const field = this.#present(path);
    return field && this.#text(field);
  }

  /**
   * The parsed value, for values that are known to be small. It refuses one of a request with more
   * than {@link mostBuiltValues} members.
   */
  json(path: string): unknown {
    const field = this.#present(path);
    if (!field) return undefined;
    this.#refuseLarge(field, path);
    return this.bytes[field.start] === quote
      ? this.#string(field, path)
      : parse(this.#text(field), path);
  }

  /** A list of at most `most` members; undefined for a value of another type. */
  list(path: string, most: number): readonly unknown[] | undefined {
    const members = this.members(path);
    if (members === undefined) return undefined;
    if (members > most) throw tooManyMembers(path, most);
    return this.json(path) as readonly unknown[];
  }

  /** The number of members of a list, which is not built; undefined for a value of another type. */
  members(path: string): number | undefined {
    const field = this.field(path);
    return field && this.#kind(field) === "array" ? this.#measure(field).members : undefined;
  }

  /** The type of a list's first member; undefined if it has none, or is not a list. */
  firstKind(path: string): JsonKind | undefined {
    const field = this.field(path);
    if (!field || this.#kind(field) !== "array") return undefined;
    let at = field.start + 1;
    while ((this.bytes[at] as number) <= 0x20) at++;
    return this.bytes[at] === closeBracket ? undefined : this.#kind({ start: at });
  }

  string(path: string): string | undefined {
    const field = this.#present(path);
    if (!field) return undefined;
    if (this.bytes[field.start] !== quote)
      throw invalid(path, "must be a string", "Send a JSON string.");
    return this.#string(field, path);
  }

  boolean(path: string): boolean | undefined {
    const field = this.#present(path);
    if (!field) return undefined;
    const first = this.bytes[field.start];
    if (first !== letterT && first !== letterF)
      throw invalid(path, "must be true or false", "Send a JSON boolean, without quotes.");
    return first === letterT;
  }

  /**
   * A whole number in any notation (`10`, `10.0`, `1e1`), from 0 to 10^9 unless other bounds are
   * given.
   */
  integer(path: string, bounds: IntegerBounds = {}): number | undefined {
    const field = this.#present(path);
    if (!field) return undefined;
    const { min = 0, max = largestInteger } = bounds;
    const value = this.#kind(field) === "number" ? this.#number(field) : Number.NaN;
    if (!Number.isInteger(value) || value < min || value > max) {
      throw invalid(
        path,
        `must be a whole number from ${min} to ${max}`,
        `Send a whole number from ${min} to ${max}, without quotes.`,
      );
    }
    return value;
  }

  /** The type of the field's value; undefined if absent. */
  kind(path: string): JsonKind | undefined {
    const field = this.field(path);
    return field && this.#kind(field);
  }

  /** The field, unless it is absent or null. */
  #present(path: string): FieldSpan | undefined {
    const field = this.field(path);
    return field === undefined || this.#isNull(field) ? undefined : field;
  }

  /** The first byte determines the type: the walk has validated the rest. */
  #kind(field: Pick<Place, "start">): JsonKind {
    const first = this.bytes[field.start];
    if (first === quote) return "string";
    if (first === openBrace) return "object";
    if (first === openBracket) return "array";
    if (first === letterN) return "null";
    return first === letterT || first === letterF ? "boolean" : "number";
  }

  /** Once for each value: measuring takes about ten nanoseconds a byte. */
  #measure(field: FieldSpan): Measured {
    const known = this.#measured.get(field.start);
    if (known) return known;
    const measured = measure(this.bytes, field);
    this.#measured.set(field.start, measured);
    return measured;
  }

  #refuseLarge(field: FieldSpan, path: string): void {
    // Each member has a byte of its own, and one more to separate it.
    if (this.#keepsLast || field.end - field.start <= mostBuiltValues) return;
    const kind = this.#kind(field);
    if (kind !== "array" && kind !== "object") return;
    if (this.#measure(field).values > mostBuiltValues) throw tooManyMembers(path, mostBuiltValues);
  }

  #isNull(field: FieldSpan): boolean {
    return this.bytes[field.start] === letterN;
  }

  #string(field: FieldSpan, path: string): string {
    const inner = { start: field.start + 1, end: field.end - 1 };
    return isPlain(this.bytes, inner)
      ? this.#text(inner)
      : (parse(this.#text(field), path) as string);
  }

  #text(place: Place): string {
    return this.bytes.toString("utf8", place.start, place.end);
  }

  /** Most numbers have only a few digits, which are read without creating a string. */
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

function scanner(
  plan: ScanPlan,
  repeated: { readonly keepsLast: boolean },
): (body: Uint8Array) => ScannedBody {
  const compiled = compilePlan(plan);
  return (body) => {
    const bytes = toBuffer(body);
    const result = walk(bytes, compiled);
    // A value that was not counted could be a billed tool. An answer cannot be refused.
    if (result.tally.isFull && !repeated.keepsLast) throw tooManyValues();
    return new ScannedBody(bytes, result, repeated);
  };
}

/**
 * Whether a string's bytes are its text: no escapes, and no control characters, which JSON does not
 * allow.
 */
function isPlain(bytes: Buffer, { start, end }: Place): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === backslash || byte < 0x20) return false;
  }
  return true;
}

/** Paths are few and fixed, so each is split only once. */
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

function tooManyValues(): PurserError {
  return new PurserError(
    "invalid_request",
    `the body has more than ${mostValues} different values of "type" and the like`,
    { field: "body", remedy: "Send it in several requests." },
  );
}

function tooManyMembers(field: string, most: number): PurserError {
  return invalid(field, `has more than ${most} members`, `Send at most ${most} members.`);
}

function invalid(field: string, what: string, remedy: string): PurserError {
  return new PurserError("invalid_request", `${field} ${what}`, { field, remedy });
}
