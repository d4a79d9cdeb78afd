/**
 * Endless texts of several kinds that tokenizers treat differently, line by line, always the same.
 */

import { randomNumbers } from "../random.ts";

export const textKinds = ["english", "code", "json", "csv", "hex", "cjk", "emoji"] as const;

export type TextKind = (typeof textKinds)[number];

/** A whole number from 0 to `below`, excluded. */
type Pick = (below: number) => number;

const seed = 20_251;

/**
 * Lines that end with a line feed. None starts with a blank or a slash, so o200k_base splits the
 * text between lines: the tokens of the text are those of its lines.
 */
export function* linesOf(kind: TextKind): Generator<string> {
  const next = randomNumbers(seed);
  const pick: Pick = (below) => Math.floor(next() * below);
  for (;;) yield `${writers[kind](pick)}\n`;
}

const writers: Readonly<Record<TextKind, (pick: Pick) => string>> = {
  english,
  code,
  json,
  csv,
  hex,
  cjk,
  emoji,
};

function repeat<T>(count: number, make: () => T): readonly T[] {
  return Array.from({ length: count }, make);
}

const shortWords =
  "the of and to in is that for it was on with as be this by are from at have an they which or one all".split(
    " ",
  );
const longWords = (
  "people different system information important government business provides experience question several morning village children " +
  "remember necessary together between something market history because example problem evening mountain carefully journey " +
  "cobbler's unhurried lamplight windswept tinkering Bristol 1847 reupholstered"
).split(" ");

function english(pick: Pick): string {
  const word = (): string => {
    const words = pick(5) < 3 ? shortWords : longWords;
    return words[pick(words.length)] ?? "the";
  };
  const sentences = repeat(2 + pick(3), () => {
    const said = repeat(6 + pick(12), word).join(" ");
    return `${said.charAt(0).toUpperCase()}${said.slice(1)}.`;
  });
  return sentences.join(" ");
}

const operators = ["+", "-", "*", "^", "&", "|", ">>>", "<<"];

function code(pick: Pick): string {
  const name = (): string =>
    "abcdefghkmnpqrstuvwxyz".charAt(pick(22)) + (pick(3) === 0 ? String(pick(10)) : "");
  const term = (): string => (pick(2) === 0 ? `${name()}[${name()}]` : String(pick(100)));
  const step = (): string =>
    `${name()}=${term()}${operators[pick(operators.length)] ?? "+"}${term()};`;
  const loop = (index: string): string =>
    `for(let ${index}=0;${index}<${pick(64)};${index}++){${repeat(1 + pick(2), step).join("")}}`;
  return pick(3) === 0
    ? `if(${name()}!==${term()}){${step()}}else{return ${term()};}`
    : loop(name());
}

function json(pick: Pick): string {
  const numbers = repeat(2 + pick(4), () => pick(10)).join(",");
  return `{"id":${pick(10_000)},"x":${pick(10)}.${pick(10)},"v":[${numbers}],"ok":${pick(2) === 0},"k":"${hexDigits(pick, 6)}"}`;
}

function csv(pick: Pick): string {
  return repeat(16, () =>
    pick(4) === 0 ? `${pick(10)}.${pick(10)}` : String(pick(pick(3) === 0 ? 1000 : 10)),
  ).join(",");
}

function hex(pick: Pick): string {
  return hexDigits(pick, 64);
}

function hexDigits(pick: Pick, count: number): string {
  return repeat(count, () => pick(16).toString(16)).join("");
}

/** From CJK extension A, three bytes each: hardly any has its own token. */
function cjk(pick: Pick): string {
  return `${repeat(12 + pick(12), () => String.fromCodePoint(0x3400 + pick(6592))).join("")}。`;
}

/** Pictographs, some joined: a sequence is several characters of three or four bytes. */
function emoji(pick: Pick): string {
  const one = (): string => String.fromCodePoint(0x1f300 + pick(0x300));
  return repeat(8 + pick(8), () => (pick(4) === 0 ? `${one()}\u200d${one()}` : one())).join("");
}
