/** Writes the stored results between the two markers in the README. */

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Table } from "../bench.ts";
import { storedResults, type StoredResult } from "./result-file.ts";
import { tableMarkdown } from "./table.ts";

const file = path.join(import.meta.dirname, "../README.md");
const begin = "<!-- results: begin, written by `npm run bench` -->";
const end = "<!-- results: end -->";

/** @throws Error if a marker is missing. */
export function writeReadme(): void {
  const text = readFileSync(file, "utf8");
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${file}: put back the markers ${begin} and ${end}`);
  const results = storedResults();
  writeFileSync(
    file,
    `${text.slice(0, from + begin.length)}\n\n${markdown(results)}\n\n${text.slice(to)}`,
  );
}

function markdown(results: readonly StoredResult[]): string {
  const figures: Table = {
    title: "Targets",
    columns: ["what", "target", "measured", "met"],
    rows: results.flatMap((result) =>
      result.figures.map(({ what, wanted, measured, met }) => [
        what,
        wanted,
        measured,
        result.valid ? (met ? "yes" : "**no**") : "run invalid",
      ]),
    ),
    notes: [],
  };
  return [tableMarkdown(figures), ...results.map(resultMarkdown)].join("\n\n");
}

function resultMarkdown({
  name,
  title,
  tables,
  invalid,
  machine,
  options,
  span,
}: StoredResult): string {
  const { at, cpu, cores, system, load_before: load, versions } = machine;
  const measured = span ?? `${options.rounds} rounds of ${options.seconds} s`;
  const where = `${at.slice(0, 16)}Z, ${cpu}, ${cores} cores, ${system}, load ${load.toFixed(1)} before; Node ${versions["node"]}; ${measured}${options.quick ? ", --quick: figures are meaningless" : ""}.`;
  const doubts = invalid.map((reason) => `- invalid: ${reason}`).join("\n");
  return [
    `### ${name}: ${title}`,
    where,
    ...(doubts === "" ? [] : [doubts]),
    ...tables.map(tableMarkdown),
  ].join("\n\n");
}
