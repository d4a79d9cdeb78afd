/**
 * Stores a provider's usage object in few bytes: a shared shape (the text without its numbers), and
 * the numbers of each call.
 */

/** Verbatim text, or the id of a shape and the numbers that fill it. */
export type StoredRaw = string | readonly (number | string)[];

/** Longer texts are kept verbatim: they rarely share a shape. */
const maxShapeLength = 2000;
export const maxShapes = 1000;

/** Cannot occur in JSON text. */
const mark = "\u0000";

export interface ShapedText {
  readonly shape: string;
  /**
   * A string if JavaScript would format the number differently: `1.0`, `1e3`, more than 15 digits.
   */
  readonly numbers: readonly (number | string)[];
}

/** @returns null if the text has no shape worth keeping. */
export function shapeOf(text: string): ShapedText | null {
  if (text.length > maxShapeLength || text.includes(mark)) return null;
  const numbers: (number | string)[] = [];
  let shape = "";
  let copied = 0;
  for (let at = 0; at < text.length;) {
    if (text.charCodeAt(at) === quote) at = endOfString(text, at);
    else if (!beginsNumber(text, at)) at += 1;
    else {
      const end = endOfNumber(text, at);
      numbers.push(numberOf(text.slice(at, end)));
      shape += text.slice(copied, at) + mark;
      at = end;
      copied = end;
    }
  }
  return { shape: shape + text.slice(copied), numbers };
}

const quote = 34;
const minus = 45;

/** The position after the string that starts at `at`: digits inside a string are not numbers. */
function endOfString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    if (!isEscaped(text, end)) return end + 1;
  }
  return text.length;
}

/** Whether an odd number of backslashes precedes `at`. */
function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === "\\") before -= 1;
  return (at - before) % 2 === 1;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function beginsNumber(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return isDigit(code) || (code === minus && isDigit(text.charCodeAt(at + 1)));
}

/** Nearly all numbers are whole; the grammar covers the rest. */
const restOfNumber = /(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function endOfNumber(text: string, at: number): number {
  let end = at + 1;
  while (isDigit(text.charCodeAt(end))) end += 1;
  const next = text[end];
  if (next !== "." && next !== "e" && next !== "E") return end;
  restOfNumber.lastIndex = end;
  restOfNumber.test(text);
  return restOfNumber.lastIndex;
}

function numberOf(token: string): number | string {
  const value = Number(token);
  return Number.isSafeInteger(value) && `${value}` === token ? value : token;
}

export function fillShape(shape: string, numbers: readonly (number | string)[]): string {
  let next = 0;
  return shape.replaceAll(mark, () => `${numbers[next++] ?? ""}`);
}
