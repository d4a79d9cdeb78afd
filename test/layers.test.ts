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
  "latency",
  "input",
  "money",
  "reconcile",
  "table",
  "usage",
  "attribution",
  "price",
  "focus",
  "budget",
  "key",
  "estimate",
  "rule",
  "ledger",
  "event",
];

/** The rooms of `domain/price`; each may import only those before it. "" is the folder itself. */
const priceOrder = ["id", "row", "text", "", "update"];

/** The rooms of `app` by layer; each may import those in lower layers. */
const appFloors: readonly (readonly string[])[] = [
  ["port"],
  ["caller", "route"],
  ["header", "hold"],
  ["settle"],
  ["charge"],
  ["call", "desk", "manage", "report"],
  ["event", "export", "ingest", "rule"],
];

/** The rooms that each room may import. An entry may also name one file, without its ending. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: ["domain"],
  contract: ["contract", "domain"],
  app: ["app", "domain"],
  // Doors: where requests come in.
  gateway: ["gateway", "app", "contract", "domain"],
  api: ["api", "app", "contract", "domain"],
  cli: ["cli", "app", "contract", "domain"],
  // Outside: these implement the ports, and do not know each other.
  store: ["store", "app/port", "domain"],
  wire: ["wire", "app/port", "domain"],
  tokenizer: ["tokenizer", "app/port", "domain"],
  catalogue: ["catalogue", "app/port", "domain"],
  config: ["config", "app/port", "domain"],
  metrics: ["metrics", "app/port", "domain"],
  notify: ["notify", "app/port", "domain"],
  export: ["export", "app/port", "domain"],
  otlp: ["otlp", "app/port", "domain"],
  simulator: ["simulator", "domain"],
  version: [],
  // Clients of the control plane, over HTTP.
  sdk: ["sdk", "contract"],
  web: ["web", "contract"],
};

/** Further imports of a room, each with its reason. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  // The interface of a wire format, which is a port that lives with its implementations.
  app: ["wire/wire", "wire/answer/passed-output", "wire/stored/references"],
  gateway: ["wire/wire"],
  config: ["wire/wire"],
  // A tokenizer counts the texts of a request, and only the wire can find them in its bytes.
  tokenizer: ["wire/body/input-texts"],
};

/** The ledgers in `store`: neither they nor the files that they share import another one. */
const ledgers: ReadonlySet<string> = new Set(["memory", "sqlite"]);

/** Rooms that may import only the types of the contract. */
const typesOfContractOnly: ReadonlySet<string> = new Set(["sdk", "web"]);

/** Rooms with no packages, or only these. Absent rooms may import any. */
const allowedPackages: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  contract: ["zod"],
};

/** These assemble the product and may import anything. */
function isComposing(name: string): boolean {
  return name.startsWith("compose/") || ["compose.ts", "index.ts", "cli/main.ts"].includes(name);
}

interface SourceFile {
  readonly name: string;
  readonly imports: readonly string[];
  /** Those of the imports that are erased: `import type`. */
  readonly types?: readonly string[];
}

function sourceFiles(): readonly SourceFile[] {
  return readdirSync(source, { recursive: true, encoding: "utf8" })
    .map((name) => name.split(path.sep).join("/"))
    .filter((name) => name.endsWith(".ts") && !name.includes(".test"))
    .map((name) => readSource(name, readFileSync(path.join(source, name), "utf8")));
}

function readSource(name: string, text: string): SourceFile {
  const imports = importsOf(text);
  const code = new Set(importsOf(text.replaceAll(/^(?:import|export) type [^;]*;/gm, "")));
  return { name, imports, types: imports.filter((specifier) => !code.has(specifier)) };
}

function importsOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:from\s+|import\(|^import\s+)"([^"]+)"/gm)].map(
    ([, specifier = ""]) => specifier,
  );
}

function violations(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ name }) => !isComposing(name))
    .flatMap((file) => file.imports.flatMap((specifier) => violation(file, specifier)));
}

function violation({ name, types = [] }: SourceFile, specifier: string): readonly string[] {
  const room = roomOf(name);
  if (!specifier.startsWith(".")) return packageViolation(name, specifier);
  const target = targetOf(name, specifier).replace(/\.ts$/, "");
  const rules = allowed[room];
  if (!rules) return [`${name} is in no room that the rules know`];
  const known = [...rules, ...(exceptions[room] ?? [])];
  if (!known.some((rule) => target === rule || target.startsWith(`${rule}/`)))
    return [`${name} imports ${target}`];
  if (typesOfContractOnly.has(room) && target.startsWith("contract/") && !types.includes(specifier))
    return [`${name} imports code of ${target}: only its types are allowed`];
  if (room === "app" && target.startsWith("app/")) return appViolation(name, target);
  if (target.startsWith("store/")) return storeViolation(name, target);
  return room === "domain" ? domainViolation(name, target) : [];
}

function storeViolation(name: string, target: string): readonly string[] {
  const to = innerRoom(target);
  return ledgers.has(to) && innerRoom(name) !== to
    ? [`${name} imports ${target}: it belongs to one ledger`]
    : [];
}

function packageViolation(name: string, specifier: string): readonly string[] {
  const packages = allowedPackages[roomOf(name)];
  return packages === undefined || packages.includes(specifier)
    ? []
    : [`${name} imports ${specifier}: this room is free of it`];
}

function roomOf(name: string): string {
  return (name.split("/")[0] ?? "").replace(/\.ts$/, "");
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
  if (to > from)
    return [`${name} imports ${target}: ${innerRoom(name)} comes before ${innerRoom(target)}`];
  return innerRoom(name) === "price" && from === to ? priceViolation(name, target) : [];
}

function priceViolation(name: string, target: string): readonly string[] {
  const [from, to] = [priceRoom(name), priceRoom(target)];
  if (!priceOrder.includes(from) || !priceOrder.includes(to))
    return [`${name} or ${target} is in no room of domain/price that the rules know`];
  return priceOrder.indexOf(to) <= priceOrder.indexOf(from)
    ? []
    : [`${name} imports ${target}: ${from} comes before ${to}`];
}

/** @returns The folder in `domain/price`, or "" for a file that is in none. */
function priceRoom(file: string): string {
  return file.split("/").slice(2, -1).join("/");
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

const planted: readonly (readonly [rule: string, name: string, specifier: string])[] = [
  ["the domain's rooms have an order", "domain/money/money.ts", "../ledger/books.ts"],
  ["the rooms of prices have an order", "domain/price/row/terms.ts", "../text/row-text.ts"],
  ["rows know no bill", "domain/price/row/terms.ts", "../bill.ts"],
  ["every room of prices has a rule", "domain/price/new/a.ts", "../row/row.ts"],
  ["the domain is pure", "domain/money/money.ts", "node:fs"],
  ["the domain has no packages", "domain/money/money.ts", "zod"],
  ["the contract has nothing of Node", "contract/budget.ts", "node:buffer"],
  ["the contract has no package but zod", "contract/budget.ts", "hono"],
  ["the contract knows no use case", "contract/budget.ts", "../app/port/clock.ts"],
  ["use cases know no implementation", "app/call/call.ts", "../../store/sqlite/open.ts"],
  ["use cases know no contract", "app/report/series.ts", "../../contract/series.ts"],
  ["ports know no use case", "app/port/ledger.ts", "../call/call.ts"],
  ["rooms of app know no other room of their layer", "app/call/call.ts", "../desk/fingerprint.ts"],
  ["the gateway knows no other door", "gateway/gateway.ts", "../api/api.ts"],
  ["the gateway knows no implementation", "gateway/gateway.ts", "../wire/openai/index.ts"],
  ["the control plane knows no implementation", "api/api.ts", "../metrics/metrics.ts"],
  ["the command line knows no other door", "cli/figures.ts", "../api/series.ts"],
  ["the command line knows no implementation", "cli/inspect.ts", "../config/load.ts"],
  ["the store knows ports only", "store/sqlite/open.ts", "../../app/call/call.ts"],
  ["the store knows no other outside room", "store/sqlite/open.ts", "../../config/load.ts"],
  ["the journal's format knows no ledger", "store/journal/encode.ts", "../sqlite/schema.ts"],
  ["a ledger knows no other ledger", "store/memory/ledger.ts", "../sqlite/schema.ts"],
  ["a wire knows no other outside room", "wire/openai/index.ts", "../../tokenizer/bound.ts"],
  ["a tokenizer knows no wire", "tokenizer/thread.ts", "../wire/openai/index.ts"],
  ["the catalogue knows no other outside room", "catalogue/catalogue.ts", "../config/load.ts"],
  ["the configuration knows no other outside room", "config/load.ts", "../store/conformance.ts"],
  ["metrics know no other outside room", "metrics/metrics.ts", "../store/sqlite/open.ts"],
  ["notifiers know ports only", "notify/webhook.ts", "../app/event/deliver.ts"],
  ["outside rooms know no contract", "store/sqlite/open.ts", "../../contract/budget.ts"],
  ["the simulator knows no product", "simulator/simulator.ts", "../app/port/clock.ts"],
  ["an SDK speaks HTTP", "sdk/client.ts", "../api/api.ts"],
  ["an SDK has no code of the contract", "sdk/client.ts", "../contract/budget.ts"],
  ["the web pages know no domain", "web/page.ts", "../domain/money/money.ts"],
  ["the web pages have no code of the contract", "web/page.ts", "../contract/budget.ts"],
  ["only compose imports implementations", "cli/program.ts", "../compose/command-parts.ts"],
  ["every room has a rule", "somewhere/new.ts", "../domain/error.ts"],
];

for (const [rule, name, specifier] of planted) {
  test(`a planted violation is found: ${rule}`, () => {
    assert.equal(violations([{ name, imports: [specifier] }]).length, 1);
  });
}

test("what a rule allows is no violation", () => {
  const client = readSource(
    "sdk/client.ts",
    'import type {\n  BudgetJson,\n} from "../contract/budget.ts";\n',
  );
  const others = [
    { name: "compose/parts.ts", imports: ["../store/sqlite/open.ts", "../wire/openai/index.ts"] },
    { name: "cli/main.ts", imports: ["../compose/command-parts.ts"] },
    { name: "api/budgets.ts", imports: ["../contract/budget.ts", "hono"] },
    { name: "contract/budget.ts", imports: ["zod", "../domain/usage/usage.ts"] },
  ];
  assert.deepEqual(violations([client, ...others]), []);
  const code = readSource("sdk/client.ts", 'import { a } from "../contract/budget.ts";\n');
  assert.equal(violations([client, code]).length, 1);
});

test("the contract, and all that it imports, uses no global of Node", () => {
  const byName = new Map(sourceFiles().map((file) => [file.name, file]));
  const reached = new Set([...byName.keys()].filter((name) => name.startsWith("contract/")));
  for (const name of reached)
    for (const specifier of byName.get(name)?.imports ?? [])
      if (specifier.startsWith(".")) reached.add(targetOf(name, specifier));
  assert.ok(reached.has("domain/usage/usage.ts"));
  const users = [...reached].filter((name) =>
    usesNode(readFileSync(path.join(source, name), "utf8")),
  );
  assert.deepEqual(users, []);
  assert.ok(usesNode("const bytes = Buffer.from(text);"));
  assert.ok(usesNode('if (process.env["NAME"]) {}'));
});

function usesNode(text: string): boolean {
  return /\b(?:Buffer|process|global|setImmediate|require)[.([]["\w]/.test(text);
}

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

/**
 * Names of vendors and their clients, and headers of their own. What depends on a vendor is in
 * `wire`, `catalogue` or `config`.
 */
const vendor =
  /openai|anthropic|gemini|google|claude|x-api-key|x-goog|openrouter|bedrock|azure|groq|grok|\bx-?ai\b|codex|deepseek|mistral|chatgpt|cohere|vertex|litellm/i;

/** Recognises clients by their `user-agent`, whatever format they use. */
const namesVendors: ReadonlySet<string> = new Set(["app/caller/client.ts"]);

/** @returns The lines of `app` and `gateway` that name a vendor. */
function vendorsIn(name: string, text: string): readonly string[] {
  if (!/^(?:app|gateway)\//.test(name) || namesVendors.has(name)) return [];
  return text
    .split("\n")
    .flatMap((line, index) => (vendor.test(line) ? [`${name}:${index + 1}: ${line.trim()}`] : []));
}

test("app and gateway name no vendor", () => {
  const found = sourceFiles().flatMap(({ name }) =>
    vendorsIn(name, readFileSync(path.join(source, name), "utf8")),
  );
  assert.deepEqual(found, []);
});

test("a planted vendor is found, and only where none may be named", () => {
  const planted = (name: string, line: string): number => vendorsIn(name, line).length;
  assert.equal(planted("app/route/router.ts", 'wire.name === "gemini"'), 1);
  assert.equal(planted("gateway/probe.ts", 'headers["x-api-key"] = key;\n// Azure'), 2);
  assert.equal(planted("gateway/probe.ts", "the maximum"), 0);
  assert.equal(planted("wire/gemini/wire.ts", 'name: "gemini"'), 0);
  assert.equal(planted("app/caller/client.ts", "/^codex/"), 0);
});
