/** Wraps text between words to the width of a terminal. */

import { pieces, width } from "./width.ts";

/**
 * Lines of at most `room` columns. A colour that spans lines is closed at the end of each line and
 * reopened on the next. Only a word wider than `room` is broken, after a separator if possible.
 *
 * @param text One line, coloured or not.
 * @param room 1 or more; infinite leaves the text unchanged.
 */
export function wrapWords(text: string, room: number): readonly string[] {
  if (width(text) <= room) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of wordsOf(text).flatMap((one) => brokenUp(one, room))) {
    if (line.trim() !== "" && width(`${line}${word.trimEnd()}`) > room) {
      lines.push(line.trimEnd());
      line = "";
    }
    line += word;
  }
  return recoloured(line.trim() === "" ? lines : [...lines, line.trimEnd()]);
}

/**
 * Wraps every line that is too wide. Continuation lines have the indent of the line, or align with
 * the text after its label (`remedy ...`, `admin key   ...`).
 */
export function wrapText(text: string, room: number): string {
  if (!Number.isFinite(room)) return text;
  return text
    .split("\n")
    .map((line) => (width(line) <= room ? line : hanging(line, room)))
    .join("\n");
}

/**
 * Wraps a command between its words with backslashes, so that it can be pasted into a shell. Quoted
 * words are not broken.
 *
 * @param command One line, which may be indented.
 */
export function wrapCommand(command: string, room: number): string {
  if (width(command) <= room) return command;
  const indent = /^ */.exec(command)?.[0] ?? "";
  const words = command.trim().match(commandPart) ?? [];
  const lines: string[] = [];
  let line = indent;
  for (const word of words) {
    const longer = line.trim() === "" ? `${line}${word}` : `${line} ${word}`;
    if (line.trim() !== "" && width(longer) > room - continued.length) {
      lines.push(`${line}${continued}`);
      line = `${indent}  ${word}`;
    } else line = longer;
  }
  return [...lines, line].join("\n");
}

/** A word, quoted or not, or an option with its value. */
const commandPart = /--[\w-]+ (?!-)(?:'[^']*'|"[^"]*"|\S)+|(?:'[^']*'|"[^"]*"|\S)+/g;
const continued = " \\";

/** A label: up to three words and at least two spaces, or `remedy` or `warning`. Not a figure. */
const label = /^ *(?:[^ \d$][^ ]*(?: [^ ]+){0,2} {2,}|remedy |warning )/;
const widestLabel = 24;

function hanging(line: string, room: number): string {
  const own = /^ */.exec(line)?.[0].length ?? 0;
  // oxlint-disable-next-line no-control-regex -- colours take no room
  const head = label.exec(line.replaceAll(/\u{1b}\[\d+m/gu, ""))?.[0].length ?? own;
  const indent = head <= Math.min(widestLabel, room / 2) ? head : own;
  const longest = Math.max(0, ...line.trim().split(/ +/).map(width));
  // Reduces the indent to keep a long word, such as a key, whole.
  const hang = Math.max(0, Math.min(indent, room - longest));
  const [first = "", ...rest] = wrapWords(line, room);
  if (rest.length === 0) return first;
  const followers = wrapWords(rest.map((one) => one.trim()).join(" "), room - hang);
  return [first, ...followers.map((one) => `${" ".repeat(hang)}${one}`)].join("\n");
}

/** Words with their trailing spaces; leading spaces belong to the first word. */
function wordsOf(text: string): readonly string[] {
  return text.match(/^ *[^ ]+ *|[^ ]+ */g) ?? [];
}

function brokenUp(word: string, room: number): readonly string[] {
  if (width(word.trimEnd()) <= room) return [word];
  const parts = word.match(/[^/\-_.:,=&?]*[/\-_.:,=&?]+|[^/\-_.:,=&?]+/g) ?? [word];
  return parts.flatMap((part) => (width(part.trimEnd()) <= room ? [part] : pieces(part, room)));
}

// oxlint-disable-next-line no-control-regex -- the colours that `color.ts` writes
const colour = /\u{1b}\[(\d+)m/gu;

function recoloured(lines: readonly string[]): readonly string[] {
  let open: readonly string[] = [];
  return lines.map((line) => {
    const begin = open.map((code) => `\u{1b}[${code}m`).join("");
    for (const [, code = ""] of line.matchAll(colour))
      open =
        code === "22" || code === "39" ? open.filter((one) => !closes(code, one)) : [...open, code];
    return `${begin}${line}${open.length > 0 ? "\u{1b}[0m" : ""}`;
  });
}

function closes(code: string, open: string): boolean {
  return code === "39" ? open.startsWith("3") : open === "1" || open === "2";
}
