/** Reads the documentation pages and their snippets. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "../..");

/** A fenced block: ```` ```LANGUAGE WORD... ````. */
export interface Snippet {
  /** Where it begins, such as `README.md:12`. */
  readonly place: string;
  readonly language: string;
  /**
   * Words that control the test: `no-run`, `refused` (ends with an error status), `purser` (a
   * configuration), `wrong` (an invalid configuration, followed by the printed errors).
   */
  readonly words: readonly string[];
  readonly text: string;
}

export interface Page {
  /** Relative to the root. */
  readonly name: string;
  readonly text: string;
  readonly snippets: readonly Snippet[];
}

export function readPages(): readonly Page[] {
  const docs = readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" });
  const names = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    ...docs.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
  ];
  return names.map((name) => {
    const text = readFileSync(path.join(root, name), "utf8");
    return { name: name.split(path.sep).join("/"), text, snippets: snippetsOf(name, text) };
  });
}

export function pageText(pages: readonly Page[], name: string): string {
  const page = pages.find((candidate) => candidate.name === name);
  if (!page) throw new Error(`there is no page ${name}`);
  return page.text;
}

function snippetsOf(name: string, text: string): readonly Snippet[] {
  return [...text.matchAll(/^```(\S+)([^\n]*)\n(.*?)^```$/gms)].map((match) => {
    const [, language = "", words = "", body = ""] = match;
    const line = text.slice(0, match.index).split("\n").length;
    return {
      place: `${name}:${line}`,
      language,
      words: words.split(" ").filter(Boolean),
      text: body,
    };
  });
}

/** The text under a heading, up to the next one of the same or a higher level. */
export function section(text: string, heading: string): string {
  const start = text.indexOf(`${heading}\n`);
  if (start < 0) throw new Error(`there is no section ${heading}`);
  const level = heading.indexOf(" ");
  const rest = text.slice(start + heading.length);
  const end = rest.search(new RegExp(`^#{1,${level}} `, "m"));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The cells of all table rows in a text, without headers. */
export function tableRows(text: string): readonly (readonly string[])[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const isHead = /^\|[-| ]+\|$/.test(lines[index + 1] ?? "");
    if (!line.startsWith("|") || /^\|[-| ]+\|$/.test(line) || isHead) return [];
    return [
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    ];
  });
}

/** All text in backticks. */
export function codes(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

/** The anchors that GitHub generates for the headings of a page. */
export function anchors(text: string): ReadonlySet<string> {
  const headings = text.replaceAll(/^```.*?^```$/gms, "").matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replaceAll(" ", "-"),
    ),
  );
}
