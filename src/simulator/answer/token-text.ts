/** A text of a given kind, split into tokens by OpenAI's o200k_base. */

import { assert } from "../../domain/assert.ts";
import type { Content, Speaker } from "./content.ts";
import { linesOf, type TextKind } from "./text-kind.ts";

const speakers = new Map<TextKind, Promise<Speaker>>();

/**
 * The speaker of a kind. The first one loads the tokenizer, which takes 30 MB of memory and which
 * most simulators never need.
 */
export function speakerOf(kind: TextKind): Promise<Speaker> {
  let speaker = speakers.get(kind);
  if (!speaker) speakers.set(kind, (speaker = makeSpeaker(kind)));
  return speaker;
}

async function makeSpeaker(kind: TextKind): Promise<Speaker> {
  const [{ encode }, { default: ranks }] = await Promise.all([
    import("gpt-tokenizer/encoding/o200k_base"),
    import("gpt-tokenizer/bpeRanks/o200k_base"),
  ]);
  const sizeOf = (token: number): number => {
    const bytes = ranks[token];
    assert(bytes !== undefined, "an encoded token is in the vocabulary");
    return typeof bytes === "string" ? Buffer.byteLength(bytes) : bytes.length;
  };
  const text = new TokenText(linesOf(kind), (line) => encode(line).map(sizeOf));
  return (tokens) => text.until(tokens);
}

/** Grows as needed: the text, and how much of it is complete after each token. */
class TokenText {
  readonly #lines: Iterator<string, void>;
  readonly #sizes: (line: string) => readonly number[];
  #text = "";
  readonly #marks: Mark[] = [{ end: 0, whole: true }];

  /** @param sizes Bytes of each token of a line. */
  constructor(lines: Iterator<string, void>, sizes: (line: string) => readonly number[]) {
    this.#lines = lines;
    this.#sizes = sizes;
  }

  until(tokens: number): Content {
    while (this.#marks.length <= tokens) this.#grow();
    return {
      tokens,
      slice: (from, to) => this.#text.slice(this.#marks[from]?.end, this.#marks[to]?.end),
      boundary: (at) => {
        let to = at;
        while (to < tokens && this.#marks[to]?.whole === false) to += 1;
        return to;
      },
    };
  }

  #grow(): void {
    const next = this.#lines.next();
    assert(next.done !== true, "the text has no end");
    const start = this.#text.length;
    for (const { end, whole } of marksOf(next.value, this.#sizes(next.value)))
      this.#marks.push({ end: start + end, whole });
    this.#text += next.value;
  }
}

/** A position after a token. */
interface Mark {
  /** UTF-16 units of the complete characters. */
  readonly end: number;
  /** Whether the token ends at a character boundary. */
  readonly whole: boolean;
}

function* marksOf(line: string, sizes: readonly number[]): Generator<Mark> {
  const characters = Array.from(line);
  let complete = 0;
  let end = 0;
  let spare = 0;
  for (const size of sizes) {
    spare += size;
    for (;;) {
      const character = characters[complete];
      if (character === undefined || Buffer.byteLength(character) > spare) break;
      spare -= Buffer.byteLength(character);
      end += character.length;
      complete += 1;
    }
    yield { end, whole: spare === 0 };
  }
}
