/**
 * Tests the layering: imports follow a table of rules, and planted violations check the rules
 * themselves.
 */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

const source = path.resolve(import.meta.dirname, "../src");

/** The rooms of the domain; each may import only those before it. */
const domainOrder = [
  "error",
  "assert",
  "passing",
  "memo",
  "input",
  "money",
  "usage",
  "attribution",
  "price",
  "budget",
  "key",
  "estimate",
  "ledger",
];

/** The rooms of `app` by layer; each may import those in lower layers. */
const appFloors: readonly (readonly string[])[] = [
  ["port"],
  ["caller", "route"],
  ["header", "hold"],
  ["settle"],
  ["call", "desk", "figure", "manage"],
];

/**
 * The rooms that each room may import. `app/port` has the interfaces that outer rooms implement.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: ["domain"],
  app: ["app", "domain", "wire/wire", "wire/answer/passed-output", "wire/stored/references"],
  wire: ["wire", "domain"],
  store: ["store", "domain", "app/port"],
  tokenizer: ["tokenizer", "domain", "app/port", "wire/body/input-texts"],
  catalogue: ["catalogue", "domain"],
  config: ["config", "domain", "wire/wire", "app/port"],
  metrics: ["metrics", "domain", "app/port"],
  simulator: ["simulator", "domain"],
  gateway: ["gateway", "app", "domain", "wire/wire"],
  api: ["api", "app", "domain", "metrics"],
  cli: ["cli", "app", "domain", "version"],
};

/** These assemble the product and may import anything. */
const composing: ReadonlySet<string> = new Set([
  "compose.ts",
  "compose/clock.ts",
  "compose/parts.ts",
  "compose/providers.ts",
  "compose/watch.ts",
  "index.ts",
  "version.ts",
  "cli/parts.ts",
  "cli/main.ts",
  "simulator/main.ts",
]);

interface SourceFile {
  readonly name: string;
  readonly imports: readonly string[];
}

function sourceFiles(): readonly SourceFile[] {
  return readdirSync(source, { recursive: true, encoding: "utf8" })
    .map((name) => name.split(path.sep).join("/"))
    .filter((name) => name.endsWith(".ts") && !name.includes(".test"))
    .map((name) => ({ name, imports: importsOf(readFileSync(path.join(source, name), "utf8")) }));
}

function importsOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:from\s+|import\(|^import\s+)"([^"]+)"/gm)].map(
    ([, specifier = ""]) => specifier,
  );
}

function violations(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ name }) => !composing.has(name))
    .flatMap((file) => file.imports.flatMap((specifier) => violation(file.name, specifier)));
}

function violation(name: string, specifier: string): readonly string[] {
  const [room = ""] = name.split("/");
  if (!specifier.startsWith("."))
    return room === "domain" ? [`${name} imports ${specifier}: the domain is pure`] : [];
  const target = targetOf(name, specifier).replace(/\.ts$/, "");
  const rules = allowed[room];
  if (!rules) return [`${name} is in no room that the rules know`];
  if (!rules.some((rule) => target === rule || target.startsWith(`${rule}/`)))
    return [`${name} imports ${target}`];
  if (room === "app" && target.startsWith("app/")) return appViolation(name, target);
  return room === "domain" ? domainViolation(name, target) : [];
}

function appViolation(name: string, target: string): readonly string[] {
  const [from, to] = [innerRoom(name), innerRoom(target)];
  const floorOf = (room: string): number => appFloors.findIndex((rooms) => rooms.includes(room));
  if (floorOf(from) < 0 || floorOf(to) < 0)
    return [`${name} or ${target} is in no room of app that the rules know`];
  return from === to || floorOf(to) < floorOf(from)
    ? []
    : [`${name} imports ${target}: ${to} is not below ${from}`];
}

function domainViolation(name: string, target: string): readonly string[] {
  const from = domainOrder.indexOf(innerRoom(name));
  const to = domainOrder.indexOf(innerRoom(target));
  if (from < 0 || to < 0)
    return [`${name} or ${target} is in no room of the domain that the rules know`];
  return to <= from
    ? []
    : [`${name} imports ${target}: ${innerRoom(name)} comes before ${innerRoom(target)}`];
}

function innerRoom(file: string): string {
  return (file.split("/")[1] ?? "").replace(/\.ts$/, "");
}

/** @returns The import cycles, found depth first. */
function circles(files: readonly SourceFile[]): readonly string[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (name: string, above: readonly string[]): void => {
    if (above.includes(name))
      return void found.push([...above.slice(above.indexOf(name)), name].join(" > "));
    const file = byName.get(name);
    if (!file || done.has(name)) return;
    for (const specifier of file.imports)
      if (specifier.startsWith(".")) visit(targetOf(name, specifier), [...above, name]);
    done.add(name);
  };
  for (const { name } of files) visit(name, []);
  return found;
}

function targetOf(name: string, specifier: string): string {
  return path.posix.join(path.posix.dirname(name), specifier);
}

test("imports follow the layers", () => {
  assert.deepEqual(violations(sourceFiles()), []);
});

test("a planted violation is found", () => {
  const planted = (name: string, specifier: string): number =>
    violations([{ name, imports: [specifier] }]).length;
  assert.equal(planted("domain/money/money.ts", "../ledger/books.ts"), 1);
  assert.equal(planted("domain/money/money.ts", "node:fs"), 1);
  assert.equal(planted("app/call.ts", "../store/sqlite/open.ts"), 1);
  assert.equal(planted("store/sqlite/open.ts", "../../app/call.ts"), 1);
  assert.equal(planted("app/port/ledger.ts", "../call/call.ts"), 1);
  assert.equal(planted("app/call/call.ts", "../desk/fingerprint.ts"), 1);
  assert.equal(planted("somewhere/new.ts", "../domain/error.ts"), 1);
});

test("there are no import cycles, types included", () => {
  assert.deepEqual(circles(sourceFiles()), []);
});

test("a planted cycle is found", () => {
  const planted = [
    { name: "app/a.ts", imports: ["./b.ts", "../domain/error.ts"] },
    { name: "app/b.ts", imports: ["./c.ts"] },
    { name: "app/c.ts", imports: ["./a.ts"] },
    { name: "domain/error.ts", imports: [] },
  ];
  assert.deepEqual(circles(planted), ["app/a.ts > app/b.ts > app/c.ts > app/a.ts"]);
});

test("there are no catch-all folders", () => {
  const drawers = sourceFiles().filter(({ name }) =>
    /(^|\/)(utils?|common|shared|helpers?|lib|misc)\//.test(name),
  );
  assert.deepEqual(drawers, []);
});
