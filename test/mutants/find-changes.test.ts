/** Tests which mutants each rule makes of a source. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { findChanges } from "./find-changes.ts";
import { readJudged } from "./judged.ts";
import { mutant, type Mutant } from "./mutant.ts";
import { openParser } from "./parse.ts";
import { findRooms, usualRooms } from "./room.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** Statements and their mutants. */
const changed: readonly (readonly [source: string, mutants: readonly string[]])[] = [
  [
    "if (a) b(); else c();",
    [
      "if (!(a)) b(); else c();",
      "if (true) b(); else c();",
      "if (false) b(); else c();",
      "if (a) ; else c();",
      "if (a) b(); else ;",
    ],
  ],
  ["if (a) throw b;", ["if (!(a)) throw b;", "if (true) throw b;", ";"]],
  [
    "let x = a ? b : c;",
    ["let x = !(a) ? b : c;", "let x = true ? b : c;", "let x = false ? b : c;"],
  ],
  ["while (a) b();", ["while (false) b();", "while (a) ;"]],
  ["let x = !a;", ["let x = (a);"]],
  ["let x = a < b;", ["let x = a <= b;", "let x = a >= b;"]],
  ["let x = a >= b;", ["let x = a > b;", "let x = a < b;"]],
  ["let x = a === b;", ["let x = a !== b;"]],
  ["let x = a + b;", ["let x = a - b;"]],
  ["let x = a * b;", ["let x = a / b;"]],
  ["let x = a % b;", ["let x = a * b;"]],
  ["let x = a && b;", ["let x = ((a) || (b));"]],
  ["let x = a || b;", ["let x = ((a) && (b));"]],
  ["let x = a ?? b;", ["let x = (a);", "let x = (b);"]],
  ["let x = 1_000;", ["let x = 1001;", "let x = 999;"]],
  ["let x = 0n;", ["let x = 1n;"]],
  ["let x = true;", ["let x = false;"]],
  ['let x = a === "b";', ['let x = a !== "b";', 'let x = a === "";']],
  ['let x = a.startsWith("b");', ['let x = a.startsWith("");']],
  ["let x = a.sort();", ["let x = a.sort().reverse();"]],
  ["let x = a.filter(b);", ["let x = a;"]],
  ["let x = a.some(b);", ["let x = a.every(b);"]],
  ["await a();", [";"]],
  ["a += b;", [";", "a -= b;"]],
];

for (const [source, mutants] of changed) {
  test(`${source} has ${mutants.length} mutants`, () => {
    assert.deepEqual(
      mutantsIn(source).map(({ after }) => after),
      mutants,
    );
  });
}

const unchanged: readonly (readonly [source: string, why: string])[] = [
  ['let x = "a" + b;', "texts are joined"],
  ['let x = "a";', "a text that is only written decides nothing"],
  ["type X = 1 | true;", "types do not run"],
  ["let x: 1 = y as 1;", "types do not run"],
  ['import x from "./x.ts";', "without its imports a source does not run"],
  ['assert(a > 0, "a is positive");', "an assertion that holds never shows"],
  ["class A extends B { constructor() { super(); } }", "a constructor without super does not run"],
];

for (const [source, why] of unchanged) {
  test(`${source} has no mutant: ${why}`, () => assert.deepEqual(mutantsIn(source), []));
}

test("a mutant names its line and shows the changed lines joined into one", () => {
  const [, , dropped] = mutantsIn("a;\nif (b) {\n  return;\n}\n");
  assert.deepEqual(
    dropped && { line: dropped.line, before: dropped.before, after: dropped.after },
    {
      line: 2,
      before: "if (b) { return; }",
      after: ";",
    },
  );
  assert.equal(dropped?.source, "a;\n;\n");
});

test("Node can parse the mutants of each rule in each source of the default rooms", () => {
  const one = new Map(allMutants().map((mutant) => [`${mutant.file} ${mutant.rule}`, mutant]));
  const unread = [...one.values()].filter(({ source }) => !isReadable(source));
  assert.deepEqual(unread, []);
});

test("each judged mutant can still be generated", () => {
  const keys = new Set(allMutants().map(keyOf));
  assert.deepEqual(
    readJudged(root).filter((judged) => !keys.has(keyOf(judged))),
    [],
  );
});

function keyOf({ file, before, after }: Pick<Mutant, "file" | "before" | "after">): string {
  return JSON.stringify([file, before, after]);
}

function isReadable(source: string): boolean {
  try {
    stripTypeScriptTypes(source);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function allMutants(): readonly Mutant[] {
  const files = findRooms(root, usualRooms).flatMap((room) => room.files);
  return mutantsOf(root, files);
}

function mutantsIn(source: string): readonly Mutant[] {
  const folder = mkdtempSync(path.join(os.tmpdir(), "purser-mutants-test-"));
  try {
    writeFileSync(
      path.join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { noLib: true, types: [] }, files: ["a.ts"] }),
    );
    writeFileSync(path.join(folder, "a.ts"), source);
    return mutantsOf(folder, ["a.ts"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function mutantsOf(folder: string, files: readonly string[]): readonly Mutant[] {
  const parser = openParser(folder);
  try {
    return files.flatMap((file) => {
      const source = parser.parse(file);
      return findChanges(source).map((change) => mutant(file, source.text, change));
    });
  } finally {
    parser.close();
  }
}
