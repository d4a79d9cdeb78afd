/** A provider's usage object in few bytes: its text without the numbers is one of a few shapes, and only the numbers are kept with each call. */

/** Text verbatim, or the id of a shape and the numbers that fill it. */
export type StoredRaw = string | readonly (number | string)[];

/** Longer texts are kept verbatim: they are rarely alike. */
const maxShapeLength = 2000;
export const maxShapes = 1000;

/** Strings are matched first, so that digits inside them are left alone. The mark cannot stand in JSON text. */
const stringsAndNumbers = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const mark = "\u0000";

export interface ShapedText {
  readonly shape: string;
  /** A string where a number would be written otherwise: `1.0`, `1e3`, more than 15 digits. */
  readonly numbers: readonly (number | string)[];
}

/** @returns null when the text has no shape worth keeping. */
export function shapeOf(text: string): ShapedText | null {
  if (text.length > maxShapeLength || text.includes(mark)) return null;
  const numbers: (number | string)[] = [];
  const shape = text.replace(stringsAndNumbers, (token) => {
    if (token.startsWith('"')) return token;
    const value = Number(token);
    numbers.push(Number.isSafeInteger(value) && `${value}` === token ? value : token);
    return mark;
  });
  return { shape, numbers };
}

export function fillShape(shape: string, numbers: readonly (number | string)[]): string {
  let next = 0;
  return shape.replaceAll(mark, () => `${numbers[next++] ?? ""}`);
}
