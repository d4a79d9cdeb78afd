/** One pass over the bytes of a JSON body: a strict tokenizer that keeps spans and counts instead of values. */

import { PurserError } from "../../domain/error.ts";
import { commonFields, commonValues } from "./common-word.ts";
import { isMedia } from "./media.ts";
import type { CompiledPlan, PathPlan } from "./plan.ts";
import { Tally } from "./tally.ts";

/** A field of an object whose fields are recorded. Offsets count from the start of the body, ends are excluded. */
export interface FieldSpan {
  /** Of the value, without the space around it. */
  readonly start: number;
  readonly end: number;
  /** The value's own fields, where the plan asked for them and it is an object. */
  readonly object: ObjectSpan | undefined;
  /** The same key stood here before: what a provider makes of that cannot be known. */
  readonly repeated: boolean;
}

export interface ObjectSpan {
  /** Of the opening brace. */
  readonly start: number;
  readonly fields: ReadonlyMap<string, FieldSpan>;
}

export interface WalkResult {
  readonly root: ObjectSpan;
  /** Bytes of keys, strings, numbers and literals, media payloads left out. */
  readonly textBytes: number;
  readonly mediaBytes: number;
  readonly mediaPayloads: number;
  readonly tally: Tally;
}

const maxDepth = 256;
/** Longer strings are not counted as values. */
const longestValue = 48;
/** Up to here a loop finds the end of a string sooner than a call into native code does. */
const loopBytes = 48;
/** An array of token ids costs a token a number, however few digits it has. */
const leastNumberBytes = 6;

/** Recorded fields of one object. Each costs a microsecond, and no format has a hundred: what is more holds all other calls up. */
const maxFields = 1000;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** @throws PurserError `invalid_request` when the bytes are not one JSON object, with the byte at which that shows. */
export function walk(bytes: Buffer, plan: CompiledPlan): WalkResult {
  return new Walk(bytes, plan).run();
}

class Walk {
  readonly #bytes: Buffer;
  readonly #plan: CompiledPlan;
  readonly #tally: Tally;
  #at = 0;
  #textBytes = 0;
  #mediaBytes = 0;
  #mediaPayloads = 0;
  /** Whether the name that was skipped last has escapes, or is too long to tell. */
  #escaped = false;

  constructor(bytes: Buffer, plan: CompiledPlan) {
    this.#bytes = bytes;
    this.#plan = plan;
    this.#tally = new Tally(plan.keys);
  }

  run(): WalkResult {
    if (this.#next() !== openBrace) throw this.#expected('"{"');
    const root = this.#recorded(this.#plan.paths, 1);
    if (this.#next() !== undefined) throw this.#expected("the end of the body");
    return {
      root,
      textBytes: this.#textBytes,
      mediaBytes: this.#mediaBytes,
      mediaPayloads: this.#mediaPayloads,
      tally: this.#tally,
    };
  }

  /** An object whose fields are all recorded. */
  #recorded(plan: PathPlan, depth: number): ObjectSpan {
    const fields = new Map<string, FieldSpan>();
    const start = this.#at++;
    if (this.#opens(closeBrace)) return { start, fields };
    do {
      const keyStart = this.#at;
      const known = this.#key();
      const key = this.#fieldName(keyStart, this.#at);
      this.#colon();
      const valueStart = this.#at;
      const nested = this.#bytes[valueStart] === openBrace ? plan.children.get(key) : undefined;
      const object = nested && this.#recorded(nested, depth + 1);
      if (!object) this.#value(known, -1, depth);
      fields.set(key, { start: valueStart, end: this.#at, object, repeated: fields.has(key) });
      if (fields.size > maxFields) throw this.#tooMany();
    } while (this.#more(closeBrace));
    return { start, fields };
  }

  /** @param key Index of the key that the value stands under, -1 when it is not a known one. @param parent The same of the object around it. */
  #value(key: number, parent: number, depth: number): void {
    const byte = this.#bytes[this.#at];
    if (byte === quote) this.#text(key, parent);
    else if (byte === openBrace) this.#object(key, depth + 1);
    else if (byte === openBracket) this.#array(key, depth + 1);
    else if (byte === 0x74) this.#literal("true");
    else if (byte === 0x66) this.#literal("false");
    else if (byte === 0x6e) this.#literal("null");
    else this.#number();
  }

  #object(parent: number, depth: number): void {
    if (depth > maxDepth) throw this.#tooDeep();
    this.#at++;
    if (this.#opens(closeBrace)) return;
    do {
      const key = this.#key();
      this.#colon();
      this.#value(key, parent, depth);
    } while (this.#more(closeBrace));
  }

  #array(parent: number, depth: number): void {
    if (depth > maxDepth) throw this.#tooDeep();
    this.#at++;
    if (this.#opens(closeBracket)) return;
    do this.#value(-1, parent, depth);
    while (this.#more(closeBracket));
  }

  /** Whether the container that was just opened is empty; stands behind it then, else at its first part. */
  #opens(close: number): boolean {
    if (this.#next() !== close) return false;
    this.#at++;
    return true;
  }

  /** Whether another part follows; stands at it then, else behind the container. */
  #more(close: number): boolean {
    const byte = this.#next();
    if (byte !== comma && byte !== close) throw this.#expected(close === closeBrace ? '"," or "}"' : '"," or "]"');
    this.#at++;
    if (byte === close) return false;
    this.#next();
    return true;
  }

  /** Skips the colon behind a key; stands at the value afterwards. */
  #colon(): void {
    if (this.#next() !== colon) throw this.#expected('":"');
    this.#at++;
    this.#next();
  }

  /** Skips a key and counts it. @returns Its index, -1 when it is not a known one. */
  #key(): number {
    if (this.#bytes[this.#at] !== quote) throw this.#expected('a key in quotes or "}"');
    const start = this.#at;
    this.#shortString();
    this.#textBytes += this.#at - start - 2;
    const { keys } = this.#plan;
    const known = this.#escaped ? keys.indexOf(this.#decode(start, this.#at)) : keys.find(this.#bytes, start + 1, this.#at - 1);
    if (known >= 0) this.#tally.countKey(known);
    return known;
  }

  /** The name of the key that was skipped last. */
  #fieldName(start: number, end: number): string {
    const common = this.#escaped ? -1 : commonFields.find(this.#bytes, start + 1, end - 1);
    return common < 0 ? this.#decode(start, end) : (commonFields.names[common] as string);
  }

  #text(key: number, parent: number): void {
    const start = this.#at + 1;
    if (key < 0 || this.#plan.valued[key] === 0) {
      this.#at = this.#skip(start);
      const end = this.#at - 1;
      if (key < 0 || !this.#isMedia({ key, parent, start, end })) this.#textBytes += end - start;
    } else {
      this.#shortString();
      this.#textBytes += this.#at - 1 - start;
      this.#countValue(key, start);
    }
  }

  #isMedia(at: { readonly key: number; readonly parent: number; readonly start: number; readonly end: number }): boolean {
    const { names } = this.#plan.keys;
    const isMedium = isMedia(this.#bytes, { key: names[at.key] ?? "", parent: names[at.parent] ?? "", start: at.start, end: at.end });
    if (!isMedium) return false;
    this.#mediaBytes += at.end - at.start;
    this.#mediaPayloads++;
    return true;
  }

  #countValue(key: number, start: number): void {
    const common = this.#escaped ? -1 : commonValues.find(this.#bytes, start, this.#at - 1);
    if (common >= 0) this.#tally.countCommon(key, common);
    else if (this.#at - start <= longestValue) this.#tally.countValue(key, this.#decode(start - 1, this.#at));
  }

  /** Skips a string that may be a name; stands behind its closing quote afterwards. */
  #shortString(): void {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    const limit = Math.min(start + loopBytes, bytes.length);
    for (let at = start; at < limit; at++) {
      const byte = bytes[at];
      if (byte === quote) {
        this.#escaped = false;
        this.#at = at + 1;
        return;
      }
      if (byte === backslash) break;
    }
    this.#escaped = true;
    this.#at = this.#skip(start);
  }

  /** @param start Of the string's content. @returns The place behind its closing quote. */
  #skip(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    for (;;) {
      const limit = Math.min(at + loopBytes, bytes.length);
      while (at < limit) {
        const byte = bytes[at];
        if (byte === quote) return at + 1;
        at += byte === backslash ? 2 : 1;
      }
      at = this.#leap(at);
    }
  }

  /** From inside a string to its closing quote, or behind an escaped one. */
  #leap(from: number): number {
    const found = this.#bytes.indexOf(quote, from);
    if (found < 0) {
      this.#at = this.#bytes.length;
      throw this.#expected("the end of a string");
    }
    let before = found;
    while (before > from && this.#bytes[before - 1] === backslash) before--;
    return (found - before) % 2 === 0 ? found : found + 1;
  }

  #literal(word: string): void {
    for (let index = 0; index < word.length; index++) {
      if (this.#bytes[this.#at + index] !== word.charCodeAt(index)) throw this.#expected("a value");
    }
    this.#at += word.length;
    this.#textBytes += word.length;
  }

  /** The grammar of RFC 8259, section 6. */
  #number(): void {
    const start = this.#at;
    let at = start;
    if (this.#bytes[at] === 0x2d) at++;
    if (this.#bytes[at] === 0x30) at++;
    else at = this.#digits(at, "a value");
    if (this.#bytes[at] === 0x2e) at = this.#digits(at + 1, "a digit");
    if (((this.#bytes[at] ?? 0) | 0x20) === 0x65) {
      const sign = this.#bytes[at + 1];
      at = this.#digits(sign === 0x2b || sign === 0x2d ? at + 2 : at + 1, "a digit");
    }
    this.#at = at;
    this.#textBytes += Math.max(at - start, leastNumberBytes);
  }

  #digits(from: number, what: string): number {
    const bytes = this.#bytes;
    let at = from;
    while (isDigit(bytes[at])) at++;
    if (at > from) return at;
    this.#at = at;
    throw this.#expected(what);
  }

  /** Skips white space, of which most bodies have none. @returns The byte that stands there; undefined at the end of the body. */
  #next(): number | undefined {
    const byte = this.#bytes[this.#at];
    return byte !== undefined && byte > 0x20 ? byte : this.#space();
  }

  #space(): number | undefined {
    const bytes = this.#bytes;
    let byte = bytes[this.#at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.#at];
    return byte;
  }

  #decode(start: number, end: number): string {
    if (!this.#escaped) return this.#bytes.toString("utf8", start + 1, end - 1);
    try {
      return JSON.parse(this.#bytes.toString("utf8", start, end)) as string;
    } catch (cause) {
      this.#at = start;
      throw this.#expected("a string with valid escapes", cause);
    }
  }

  #expected(what: string, cause?: unknown): PurserError {
    return new PurserError("invalid_request", `the body is not valid JSON: expected ${what} at byte ${this.#at}`, {
      field: "body",
      remedy: "Send one JSON object, encoded as UTF-8.",
      ...(cause === undefined ? {} : { cause }),
    });
  }

  #tooMany(): PurserError {
    return new PurserError("invalid_request", `the body has an object with more than ${maxFields} fields at byte ${this.#at}`, {
      field: "body",
      remedy: `Send at most ${maxFields} fields beside each other.`,
    });
  }

  #tooDeep(): PurserError {
    return new PurserError("invalid_request", `the body is nested more than ${maxDepth} levels deep at byte ${this.#at}`, {
      field: "body",
      remedy: `Send JSON with at most ${maxDepth} levels.`,
    });
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
