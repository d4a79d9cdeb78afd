/** Measures the width of text on a terminal, and removes unsafe control characters. */

import { stripVTControlCharacters } from "node:util";

/** Columns of a text on a terminal: 0 for colours, 2 for East Asian characters and emoji. */
export function width(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length;
  let sum = 0;
  for (const { segment } of graphemesOf(plain)) sum += wide.test(segment) ? 2 : 1;
  return sum;
}

/** Replaces control characters, except Purser's own colours, so that text is safe to print. */
export function printable(text: string): string {
  return text.replace(notPrintable, (match) => (ownColour.test(match) ? match : "\u{fffd}"));
}

/** Replaces all control characters but line feeds and tabs, colours too: for text from outside. */
export function withoutControls(text: string): string {
  return text.replace(controls, "\u{fffd}");
}

/** The value with every text in it as by {@link withoutControls}. */
export function allWithoutControls(value: unknown): unknown {
  if (typeof value === "string") return withoutControls(value);
  if (Array.isArray(value)) return value.map(allWithoutControls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [withoutControls(name), allWithoutControls(one)]),
  );
}

/** Cuts uncoloured text into pieces of at most `most` columns, never within a character. */
export function pieces(text: string, most: number): readonly string[] {
  const cut: string[] = [];
  let piece = "";
  for (const { segment } of graphemesOf(text)) {
    if (piece !== "" && width(piece) + width(segment) > most) {
      cut.push(piece);
      piece = "";
    }
    piece += segment;
  }
  return piece === "" ? cut : [...cut, piece];
}

/** Made on first use: loading its data takes tens of milliseconds, which a start need not wait for. */
let segmenter: Intl.Segmenter | undefined;

function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter();
  return segmenter.segment(text);
}

const wide =
  /\p{Emoji_Presentation}|[\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{20000}-\u{3fffd}]/u;
// oxlint-disable-next-line no-control-regex -- matching control characters is the purpose
const controls = /[\u{0}-\u{8}\u{b}-\u{1f}\u{7f}-\u{9f}]/gu;
const notPrintable =
  // oxlint-disable-next-line no-control-regex -- matching control characters is the purpose
  /\u{1b}\[\d+m|[\u{0}-\u{1f}\u{7f}-\u{9f}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu;
// oxlint-disable-next-line no-control-regex -- the colours that `color.ts` writes
const ownColour = /^\u{1b}\[(?:0|1|2|22|3[1-6]|39)m$/u;
