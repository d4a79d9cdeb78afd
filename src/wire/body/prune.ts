/** Shrinks a JSON text of any size as it streams: keeps what meters read and drops the bulk. */

import { ByteBuffer } from "../byte-buffer.ts";
import { KeyTable } from "./key-table.ts";
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

/** A longer string keeps only its beginning. */
const longestString = 1024;
/** Numbers and literals are never longer. */
const longestScalar = 64;
/** How many numbers of a list are kept; longer lists are embeddings or token ids. */
const mostNumbers = 16;
/** Size limit of one field, excluding its deep parts, which the formats hardly read. */
const largestField = 128 * 1024;
const largestDeep = 64 * 1024;
const deepFrom = 6;
/** Size limit of the whole document, to within one field. */
const largestDocument = 1024 * 1024;
const maxDepth = 256;

/**
 * Fields that contain generated text. Elsewhere a long string is an image, a signature or an id.
 */
const textKeys = new KeyTable([
  "text",
  "content",
  "delta",
  "thinking",
  "reasoning",
  "reasoning_content",
  "refusal",
  "partial_json",
  "arguments",
]);

const nul = 0x00;

/** What may come next in the open container. */
type Place = "member" | "member after a comma" | "colon" | "value" | "comma";

/**
 * Shortens long strings and lists of numbers, and drops further members of a field that exceeds its
 * share. Invalid JSON stays invalid.
 */
export class JsonPruner {
  readonly #out = new ByteBuffer();
  /** By depth: whether the container is a list, and the number of members and numbers kept. */
  readonly #isList = new Uint8Array(maxDepth + 2);
  readonly #members = new Uint32Array(maxDepth + 2);
  readonly #numbers = new Uint32Array(maxDepth + 2);
  #depth = 0;
  #place: Place = "member";
  /** Depth of the container in which a member is being dropped; -1 if none. */
  #skipDepth = -1;
  #fieldBytes = 0;
  #deepBytes = 0;
  #inString = false;
  #isKey = false;
  #keyStart = 0;
  /** Whether the last key is that of generated text. */
  #isTextKey = false;
  #stringBytes = 0;
  /** Whether the rest of the string is dropped. */
  #isShortened = false;
  /** Remaining bytes of an escape. */
  #escapeLeft = 0;
  /** -1 outside a scalar. */
  #scalarBytes = -1;
  #isBroken = false;
  #isCut = false;
  #unreadTextBytes = 0;

  /** Whether members were dropped that a meter might have read. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Whether exactly one complete JSON value has arrived. */
  get isWhole(): boolean {
    return !this.#isBroken && this.#depth === 0 && this.#place === "comma";
  }

  /** Bytes of generated text that were dropped. */
  get unreadTextBytes(): number {
    return this.#unreadTextBytes;
  }

  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && !this.#isBroken) {
      if (!this.#inString) this.#step(bytes[at++] as number);
      else if (this.#skipDepth >= 0 || this.#isFull()) at = this.#skipString(bytes, at);
      else this.#keepOfString(bytes[at++] as number);
    }
    this.#unreadTextBytes += bytes.length - at;
  }

  /** The document so far: valid JSON if the text is complete and small enough after pruning. */
  take(): Buffer {
    return this.#out.take();
  }

  /** Takes one byte outside of strings. */
  #step(byte: number): void {
    if (byte > 0x20 && !isStructural(byte)) return this.#scalar(byte);
    if (this.#scalarBytes >= 0) this.#endValue();
    if (byte <= 0x20) return;
    if (byte === quote) this.#beginString();
    else if (byte === openBrace || byte === openBracket) this.#open(byte);
    else if (byte === closeBrace || byte === closeBracket) this.#close(byte);
    else if (byte === comma) this.#comma();
    else this.#colon();
  }

  #scalar(byte: number): void {
    if (this.#scalarBytes < 0) {
      if (!this.#beginValue(byte === 0x2d || (byte >= 0x30 && byte <= 0x39))) return this.#break();
      this.#scalarBytes = 0;
    }
    this.#scalarBytes += 1;
    if (this.#scalarBytes > longestScalar) this.#break();
    else this.#emit(byte);
  }

  #beginString(): void {
    const isKey = this.#depth > 0 && this.#isList[this.#depth] === 0 && this.#mayBegin;
    if (isKey) this.#beginMember(false);
    else if (!this.#beginValue(false)) return this.#break();
    this.#inString = true;
    this.#isKey = isKey;
    this.#stringBytes = 0;
    this.#isShortened = false;
    this.#escapeLeft = 0;
    this.#emit(quote);
    this.#keyStart = this.#out.length;
  }

  /** Whether enough of the string is kept, up to the end of a character. The rest is dropped. */
  #isFull(): boolean {
    this.#isShortened ||= this.#stringBytes >= longestString && this.#escapeLeft === 0;
    return this.#isShortened;
  }

  #keepOfString(byte: number): void {
    if (byte < 0x20) return this.#break();
    if (this.#escapeLeft > 0)
      this.#escapeLeft = byte === letterU && this.#escapeLeft === 1 ? 4 : this.#escapeLeft - 1;
    else if (byte === quote) return this.#endString();
    else if (byte === backslash) this.#escapeLeft = 1;
    this.#stringBytes += 1;
    this.#emit(byte);
  }

  /** @returns The position after the dropped bytes: the end of the string, or of the bytes. */
  #skipString(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#escapeLeft > 0) {
        this.#escapeLeft -= 1;
        at += 1;
        continue;
      }
      const found = bytes.indexOf(quote, at);
      const end = found < 0 ? bytes.length : found;
      let before = end;
      while (before > at && bytes[before - 1] === backslash) before -= 1;
      this.#escapeLeft = (end - before) % 2;
      at = end;
      if (found < 0 || this.#escapeLeft > 0) continue;
      this.#leaveOut(at - from);
      this.#endString();
      return at + 1;
    }
    this.#leaveOut(at - from);
    return at;
  }

  /** The keys inside a dropped value are unknown, so all its strings count as text. */
  #leaveOut(bytes: number): void {
    if (this.#skipDepth >= 0 || this.#isTextKey) this.#unreadTextBytes += bytes;
  }

  #endString(): void {
    this.#inString = false;
    if (this.#isKey)
      this.#isTextKey = textKeys.find(this.#out.view, this.#keyStart, this.#out.length) >= 0;
    this.#emit(quote);
    if (this.#isKey) this.#place = "colon";
    else this.#endValue();
  }

  #endValue(): void {
    this.#scalarBytes = -1;
    this.#place = "comma";
  }

  #open(byte: number): void {
    if (this.#depth >= maxDepth || !this.#beginValue(false)) return this.#break();
    this.#emit(byte);
    this.#depth += 1;
    this.#isList[this.#depth] = byte === openBracket ? 1 : 0;
    this.#members[this.#depth] = this.#numbers[this.#depth] = 0;
    this.#place = "member";
  }

  #close(byte: number): void {
    const isList = byte === closeBracket ? 1 : 0;
    const mayEnd = this.#place === "comma" || this.#place === "member";
    if (this.#depth === 0 || !mayEnd || this.#isList[this.#depth] !== isList) return this.#break();
    if (this.#skipDepth === this.#depth) this.#skipDepth = -1;
    this.#depth -= 1;
    this.#emit(byte);
    this.#endValue();
  }

  #comma(): void {
    if (this.#depth === 0 || this.#place !== "comma") return this.#break();
    if (this.#skipDepth === this.#depth) this.#skipDepth = -1;
    this.#place = "member after a comma";
  }

  #colon(): void {
    if (this.#place !== "colon") return this.#break();
    this.#emit(colon);
    this.#place = "value";
  }

  /** @returns Whether a value may begin here. */
  #beginValue(isNumber: boolean): boolean {
    if (this.#place === "value") return true;
    const isElement = this.#depth === 0 || this.#isList[this.#depth] === 1;
    if (!isElement || !this.#mayBegin) return false;
    this.#beginMember(isNumber);
    return true;
  }

  get #mayBegin(): boolean {
    return this.#place === "member" || this.#place === "member after a comma";
  }

  #beginMember(isNumber: boolean): void {
    if (this.#skipDepth >= 0) return;
    const depth = this.#depth;
    if (this.#isLeftOut(depth, isNumber)) {
      this.#skipDepth = depth;
      return;
    }
    const before = this.#members[depth] as number;
    this.#members[depth] = before + 1;
    if (before > 0) this.#emit(comma);
  }

  #isLeftOut(depth: number, isNumber: boolean): boolean {
    if (isNumber && this.#isList[depth] === 1) {
      const before = this.#numbers[depth] as number;
      this.#numbers[depth] = Math.min(before + 1, mostNumbers);
      if (before >= mostNumbers) return true;
    }
    if (depth === 1) {
      this.#fieldBytes = this.#deepBytes = 0;
      // Nothing more is kept, and the kept text stays incomplete.
      if (this.#out.length > largestDocument) this.#isBroken = true;
      return this.#isBroken;
    }
    const isFull =
      this.#fieldBytes > largestField || (depth >= deepFrom && this.#deepBytes > largestDeep);
    if (isFull) this.#isCut = true;
    return isFull;
  }

  #emit(byte: number): void {
    if (this.#skipDepth >= 0) return;
    this.#out.addByte(byte);
    this.#fieldBytes += 1;
    if (this.#depth >= deepFrom) this.#deepBytes += 1;
  }

  /** The text is not valid JSON, and the kept text must not be either. */
  #break(): void {
    this.#isBroken = true;
    this.#out.addByte(nul);
  }
}

function isStructural(byte: number): boolean {
  return (
    byte === quote ||
    byte === comma ||
    byte === colon ||
    byte === openBracket ||
    byte === closeBracket ||
    byte === openBrace ||
    byte === closeBrace
  );
}
