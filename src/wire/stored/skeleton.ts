/** Builds the parts of a JSON body that can contain an id: objects, lists and short strings. */

import { PurserError } from "../../domain/error.ts";
import {
  backslash,
  closeBrace,
  closeBracket,
  colon,
  comma,
  letterU,
  openBrace,
  openBracket,
  quote,
} from "../ascii.ts";

/** Limits of what is built. */
export interface SkeletonBounds {
  /**
   * Fields, and list members except numbers, literals and empty containers. Each costs up to 150
   * bytes and half a microsecond.
   */
  readonly values: number;
  /** Bytes of the strings that are kept. */
  readonly textBytes: number;
}

export type KeySet = Pick<ReadonlySet<string>, "has">;

const skeletonBounds: SkeletonBounds = { values: 100_000, textBytes: 8 * 1024 * 1024 };

/** A longer string is shortened, with an ellipsis: it is not an id. */
const longestId = 8192;
/** The same for strings under other keys: they are words, or only their presence matters. */
const longestWord = 64;
const maxDepth = 1000;

/** Why the limits apply. */
const named = "has a field that may name something that the provider keeps";

/** What may still be built for one request, which may contain several JSON texts. */
export class SkeletonRoom {
  readonly #bounds: SkeletonBounds;
  #values = 0;
  #textBytes = 0;

  constructor(bounds: SkeletonBounds = skeletonBounds) {
    this.#bounds = bounds;
  }

  takeValue(): void {
    const { values } = this.#bounds;
    if (++this.#values > values)
      throw tooMuch(
        `has more than ${values} fields and members of lists, and ${named}`,
        "Send it in several requests.",
      );
  }

  takeText(bytes: number): void {
    const { textBytes } = this.#bounds;
    this.#textBytes += bytes;
    if (this.#textBytes <= textBytes) return;
    throw tooMuch(
      `has more than ${textBytes} bytes of names and short texts, and ${named}`,
      "Send it in several requests.",
    );
  }
}

/**
 * Every number is 0. Of the numbers, literals and empty containers in a list, only the first is
 * kept.
 *
 * @param ids Keys, besides `id`, whose strings are kept as ids, also in a list. A value outside an
 *   object is under `""`.
 * @returns undefined unless it is a single JSON object or list. If a field is repeated, the last
 *   one wins.
 * @throws PurserError `invalid_request` for more than the limits allow.
 */
export function skeletonOf(
  bytes: Buffer,
  ids: KeySet,
  room: SkeletonRoom = new SkeletonRoom(),
): object | undefined {
  try {
    return new Builder(bytes, ids, room).run();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Its methods read from `#at` and move it past what they read. */
class Builder {
  readonly #bytes: Buffer;
  readonly #ids: KeySet;
  readonly #room: SkeletonRoom;
  #at = 0;
  #depth = 0;

  constructor(bytes: Buffer, ids: KeySet, room: SkeletonRoom) {
    this.#bytes = bytes;
    this.#ids = ids;
    this.#room = room;
  }

  run(): object {
    const value = this.#value(this.#ids.has(""));
    this.#space();
    if (this.#at < this.#bytes.length || typeof value !== "object" || value === null)
      throw new SyntaxError("not one object or list");
    return value;
  }

  /** @param isId Whether the value's strings are ids. */
  #value(isId: boolean): unknown {
    switch (this.#space()) {
      case quote:
        return this.#string(isId ? longestId : longestWord);
      case openBrace:
        return this.#nested(() => this.#object());
      case openBracket:
        return this.#nested(() => this.#list(isId));
      default:
        return this.#scalar();
    }
  }

  #nested<Value>(read: () => Value): Value {
    if (++this.#depth > maxDepth)
      throw tooMuch(`is nested more than ${maxDepth} levels deep`, "Send JSON with fewer levels.");
    this.#at++;
    const value = read();
    this.#at++;
    this.#depth--;
    return value;
  }

  #object(): object {
    const object: Record<string, unknown> = {};
    if (this.#space() === closeBrace) return object;
    for (;;) {
      if (this.#space() !== quote) throw new SyntaxError("a key");
      const key = this.#string(longestId);
      if (this.#space() !== colon) throw new SyntaxError("a colon");
      this.#at++;
      this.#room.takeValue();
      const value = this.#value(key === "id" || this.#ids.has(key));
      // An own field, also under this name.
      if (key === "__proto__")
        Object.defineProperty(object, key, {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      else object[key] = value;
      if (!this.#goesOn(closeBrace)) return object;
    }
  }

  #list(isId: boolean): readonly unknown[] {
    const list: unknown[] = [];
    if (this.#space() === closeBracket) return list;
    for (;;) {
      const value = this.#value(isId);
      // One number, such as a token id, shows that the list is not empty.
      if (list.length === 0 || mayHoldIds(value)) {
        list.push(value);
        this.#room.takeValue();
      }
      if (!this.#goesOn(closeBracket)) return list;
    }
  }

  #goesOn(close: number): boolean {
    const byte = this.#space();
    if (byte === close) return false;
    if (byte !== comma) throw new SyntaxError("a comma");
    this.#at++;
    return true;
  }

  /** A number or a literal. */
  #scalar(): number | boolean | null {
    const start = this.#at;
    while (isOfScalar(this.#bytes[this.#at])) this.#at++;
    if (this.#at === start || this.#at - start > longestId) throw new SyntaxError("a value");
    const first = this.#bytes[start] as number;
    if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return 0;
    return JSON.parse(this.#bytes.toString("latin1", start, this.#at)) as boolean | null;
  }

  /** @param longest Bytes that are kept; escapes may take more for the same text. */
  #string(longest: number): string {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    const end = endOfString(bytes, start);
    this.#at = end + 1;
    const isEscaped = !isPlain(bytes, start, Math.min(end, start + longest));
    const kept = isEscaped
      ? wholeEscapes(bytes, start, Math.min(end, start + 8 * longest))
      : Math.min(end, start + longest);
    this.#room.takeText(kept - start);
    const written = bytes.toString("utf8", start, kept);
    const text = isEscaped ? (JSON.parse(`"${written}"`) as string) : written;
    return kept === end ? text : `${text}…`;
  }

  /** @returns The next byte that is not white space. */
  #space(): number | undefined {
    let byte = this.#bytes[this.#at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)
      byte = this.#bytes[++this.#at];
    return byte;
  }
}

function mayHoldIds(value: unknown): boolean {
  if (typeof value === "object" && value !== null) for (const _ in value) return true;
  return typeof value === "string";
}

function isOfScalar(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    byte > 0x20 &&
    byte !== comma &&
    byte !== closeBrace &&
    byte !== closeBracket &&
    byte !== colon &&
    byte !== quote
  );
}

/** @returns The position of the closing quote. */
function endOfString(bytes: Buffer, start: number): number {
  for (let from = start; ;) {
    const end = bytes.indexOf(quote, from);
    if (end < 0) throw new SyntaxError("the end of a string");
    let before = end;
    while (before > start && bytes[before - 1] === backslash) before--;
    if ((end - before) % 2 === 0) return end;
    from = end + 1;
  }
}

/** @returns The last position up to the limit that is not inside an escape. */
function wholeEscapes(bytes: Buffer, start: number, limit: number): number {
  let at = start;
  for (;;) {
    const length = bytes[at] !== backslash ? 1 : bytes[at + 1] === letterU ? 6 : 2;
    if (at + length > limit) return at;
    at += length;
  }
}

function isPlain(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === backslash || byte < 0x20) return false;
  }
  return true;
}

function tooMuch(what: string, remedy: string): PurserError {
  return new PurserError("invalid_request", `the body ${what}`, { field: "body", remedy });
}
