/**
 * The content of an answer: a fixed series of one-token words, or a fixed text such as a tool's
 * arguments.
 */

/** A text that is generated token by token. */
export interface Content {
  /** Tokens of the whole. */
  readonly tokens: number;
  /**
   * The text of tokens `from` (included) to `to` (excluded). A character belongs to the token that
   * completes it.
   */
  slice(from: number, to: number): string;
  /**
   * The first token boundary at or after `at` that does not split a character, or the end. If
   * absent, no boundary does.
   */
  boundary?(at: number): number;
}

/** Generates the requested number of tokens from the start of an endless text. */
export type Speaker = (tokens: number) => Content;

/** Each is one token in the common vocabularies after a space, and needs no escaping in JSON. */
const words = (
  "the time of day is a good way to see how people work and what they need for their own part in it " +
  "we know that one long year can change most small things when you look at them with care and take each step as it comes"
).split(" ");

const wordStride = 17;

/** Grows as needed: the endless text and where each token ends. */
let spoken = "";
const ends: number[] = [0];

function speakUntil(count: number): void {
  const more: string[] = [];
  let length = spoken.length;
  for (let index = ends.length - 1; index < count; index++) {
    const word =
      words[(index * wordStride + Math.floor(index / words.length)) % words.length] ?? "the";
    const text = index === 0 ? capital(word) : ` ${word}`;
    more.push(text);
    length += text.length;
    ends.push(length);
  }
  spoken += more.join("");
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** @param tokens How many words, 0 or more. */
export function saidWords(tokens: number): Content {
  if (ends.length <= tokens) speakUntil(Math.max(tokens, 1024));
  return { tokens, slice: (from, to) => spoken.slice(ends[from], ends[to]) };
}

/**
 * A given text, spread evenly over the tokens that generate it.
 *
 * @param wanted Tokens of the whole text, at least 1.
 * @param tokens How many of them are generated: fewer than `wanted` if it is cut.
 */
export function fixedText(text: string, wanted: number, tokens: number): Content {
  const end = (count: number): number => Math.floor((text.length * count) / wanted);
  return { tokens, slice: (from, to) => text.slice(end(from), end(to)) };
}
