/** Tests the documentation: its snippets run, its links resolve, and its tables match the code. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, describe, test } from "node:test";
import { problems } from "../src/api/problem.ts";
import { routes } from "../src/api/api.ts";
import { failureOf, failureText } from "../src/cli/failure.ts";
import { paintFor } from "../src/cli/terminal/color.ts";
import type { Configuration } from "../src/config/configuration.ts";
import { notifierKinds } from "../src/app/port/notifier-settings.ts";
import { loadConfiguration } from "../src/config/load.ts";
import { eventTypes } from "../src/domain/event/event.ts";
import { PurserError } from "../src/domain/error.ts";
import { formatUsd, parseUsd, pico, type PicoUsd } from "../src/domain/money/money.ts";
import {
  anchors,
  codes,
  pageText,
  readPages,
  root,
  section,
  tableRows,
  type Page,
  type Snippet,
} from "./docs/page.ts";
import { hasShell, helpOf, Workshop, type Ran } from "./docs/workshop.ts";

const pages = readPages();
const configurationPage = pageText(pages, "docs/reference/configuration.md");
const sources = sourceTexts("src");

/** An environment in which every variable is set to a plausible secret, or to a secret URL. */
const environment = new Proxy<Record<string, string>>(
  {},
  { get: (_, name) => plausible(name), has: () => true, getOwnPropertyDescriptor },
);
function getOwnPropertyDescriptor(_: unknown, name: string | symbol): PropertyDescriptor {
  return { value: plausible(name), configurable: true, enumerable: true };
}
function plausible(name: string | symbol): string {
  const secret = "secret-0123456789abcdef";
  return String(name).endsWith("_URL") ? `https://hooks.example.com/${secret}` : secret;
}

function load(text: string): Configuration {
  return loadConfiguration(text, { environment, file: "purser.yaml" });
}

/** All sources except tests, concatenated. */
function sourceTexts(folder: string): string {
  const names = readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".ts") && !name.includes(".test"))
    .map((name) => readFileSync(path.join(root, folder, name), "utf8"))
    .join("\n");
}

describe("snippets", { concurrency: 2 }, () => {
  for (const page of pages) runPage(page);

  test("an invalid configuration prints the errors that the pages show", () => {
    const wrong = pages.flatMap(({ snippets }) =>
      snippets.flatMap((snippet, place) =>
        snippet.words.includes("wrong") ? [{ ...snippet, shown: snippets[place + 1]?.text }] : [],
      ),
    );
    assert.ok(wrong.length > 0);
    for (const { text, shown, place } of wrong) assert.equal(printedFor(text), shown, place);
  });

  for (const snippet of allSnippets("yaml").filter(({ words }) => !words.includes("wrong"))) {
    test(`${snippet.place} is a valid configuration`, () => {
      assert.ok(snippet.words.includes("purser"));
      assert.doesNotThrow(() => load(snippet.text));
    });
  }

  for (const snippet of allSnippets("json")) {
    test(`${snippet.place} is valid JSON`, () => void JSON.parse(snippet.text));
  }

  for (const snippet of allSnippets("sh").filter(({ words }) => words.includes("no-run"))) {
    test(`${snippet.place} uses commands and options that exist`, () => {
      for (const line of snippet.text.split("\n")) checkLine(line);
    });
  }
});

/** What the command line prints for an invalid configuration. */
function printedFor(text: string): string {
  try {
    load(text);
    return "";
  } catch (error) {
    return failureText(failureOf(error), paintFor(false, {}));
  }
}

function allSnippets(language: string): readonly Snippet[] {
  return pages.flatMap(({ snippets }) =>
    snippets.filter((snippet) => snippet.language === language),
  );
}

/** Runs the shell and JavaScript snippets of a page in order, against one server. */
function runPage(page: Page): void {
  const runnable = page.snippets.filter(
    ({ language, words }) => ["sh", "js"].includes(language) && !words.includes("no-run"),
  );
  if (runnable.length === 0 || page.name === "CONTRIBUTING.md") return;
  test(`${page.name} can be followed from top to bottom`, { skip: !hasShell }, async () => {
    const workshop = await Workshop.open({ hasAdminKey: page.name !== "README.md" });
    try {
      for (const snippet of runnable) {
        const ran =
          snippet.language === "js"
            ? await workshop.script(snippet.text)
            : await workshop.shell(snippet.text);
        checkRun(snippet, ran);
        checkAnswer(snippet, page.snippets[page.snippets.indexOf(snippet) + 1], ran);
      }
      if (page.name === "README.md") await checkWelcome(page, workshop);
    } finally {
      await workshop.close();
    }
  });
}

function checkRun({ place, words }: Snippet, { code, out, notes, statuses }: Ran): void {
  assert.equal(code, 0, `${place} exited with ${code}\n${out}\n${notes}`);
  const before = words.includes("refused") ? statuses.slice(0, -1) : statuses;
  assert.ok(
    before.every((status) => status < 400),
    `${place} returned ${statuses.join(", ")}\n${out}`,
  );
  if (words.includes("refused"))
    assert.ok((statuses.at(-1) ?? 0) >= 400, `${place} was not refused\n${out}`);
}

/** A JSON snippet after a shell snippet shows its last answer, or all answers as a list. */
function checkAnswer({ place, language }: Snippet, next: Snippet | undefined, { out }: Ran): void {
  if (language !== "sh" || next?.language !== "json") return;
  const answers = out
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as unknown);
  const shown = JSON.parse(next.text) as unknown;
  assert.equal(difference(shown, Array.isArray(shown) ? answers : answers.at(-1), place), null);
}

/** Fields that differ from run to run. */
const volatile = /(^|_)(at|ms|id|start|end)$|^resets_at$|^price_version$/;

/** The first difference; null if none. Values that vary from run to run only need the same type. */
function difference(shown: unknown, real: unknown, place: string): string | null {
  if (Array.isArray(shown)) return listDifference(shown, real, place);
  if (typeof shown !== "object" || shown === null)
    return shown === real ? null : `${place} is ${JSON.stringify(real)}`;
  if (typeof real !== "object" || real === null) return `${place} is missing`;
  const there = new Map(Object.entries(real));
  for (const [name, value] of Object.entries(shown)) {
    const other = there.get(name);
    const isVolatile =
      volatile.test(name) && typeof value !== "object" && typeof value === typeof other;
    const found = isVolatile ? null : difference(value, other, `${place}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

/** A shown list may contain only some items of the real one. */
function listDifference(shown: readonly unknown[], real: unknown, place: string): string | null {
  if (!Array.isArray(real)) return `${place} is not a list`;
  for (const [index, item] of shown.entries()) {
    const differences = real.map((other: unknown) => difference(item, other, `${place}[${index}]`));
    if (!differences.includes(null)) return differences[index] ?? `${place}[${index}] is missing`;
  }
  return null;
}

/** Checks the README against the output of the first start, and runs the commands in it. */
async function checkWelcome(page: Page, workshop: Workshop): Promise<void> {
  const [, curl = "", script = ""] =
    /curl:\n(.+?)\n\n.*hello\.mjs:\n(.+?)\n\n/s.exec(workshop.welcome) ?? [];
  const pasted = await workshop.shell(curl);
  assert.deepEqual(
    [pasted.code, pasted.statuses],
    [0, [200]],
    `${curl}\n${pasted.out}\n${pasted.notes}`,
  );
  const ran = await workshop.script(script);
  assert.deepEqual(
    [ran.code, ran.out.trim().split("\n").length >= 2],
    [0, true],
    `${script}\n${ran.out}\n${ran.notes}`,
  );

  const shown = page.snippets.find(({ language }) => language === "text")?.text.trim();
  const real = workshop.welcome
    .replaceAll(workshop.url, "http://127.0.0.1:4141")
    .replaceAll(/purser_\w{20,}/g, "purser_...");
  assert.ok(shown !== undefined && real.startsWith(shown), `the first start prints\n${real}`);
}

/**
 * Checks a line that is not run: its npm script, or its command and options, must exist. Words in
 * capitals stand for names.
 */
function checkLine(line: string): void {
  const [, named, usual] = /^npm (?:run (?:-s )?([a-z]+)|(start|test)\b)/.exec(line) ?? [];
  const script = named ?? usual;
  if (script !== undefined) {
    const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
      scripts: Readonly<Record<string, string>>;
    };
    assert.ok(Object.hasOwn(scripts, script), `no script "${script}" for: ${line}`);
  }
  const [, words] = /^(?:npm run -s purser --|purser) (.+)$/.exec(line) ?? [];
  if (words === undefined) return;
  const all = words.split(" ");
  const command = all.slice(0, all.findIndex((word) => /^(?:-|[A-Z]+$)/.test(word)) >>> 0);
  const help = helpOf(command);
  assert.match(help, new RegExp(`^Usage: purser ${command.join(" ")}`), line);
  for (const option of all.filter((word) => word.startsWith("--")))
    assert.ok(help.includes(option), `${option} in: ${line}`);
}

describe("examples", () => {
  test("every example runs against a server, in order", { skip: !hasShell }, async () => {
    const workshop = await Workshop.open({ hasAdminKey: true });
    after(() => workshop.close());
    const run = async (name: string): Promise<string> => {
      const { code, out, notes } = await workshop.file(`examples/${name}`);
      assert.equal(code, 0, `${name}\n${out}\n${notes}`);
      return out;
    };
    assert.match(await run("curl.sh"), /"project":"example".*"spent":"0\.0000\d+"/s);
    assert.match(
      await run("openai-sdk.mjs"),
      /cost 0\.0000\d+ USD, call \S+\n.+\nrefused: unpriced by budget example\n$/s,
    );
    assert.match(
      await run("anthropic-sdk.mjs"),
      /cost 0\.000\d+ USD\n9 tokens in, 32 out, ended by end_turn\n$/,
    );
    assert.match(await run("gemini-sdk.mjs"), /\n41 tokens\n.+\n$/s);
    const files =
      "anthropic-sdk.mjs budget.yaml curl.sh gemini-sdk.mjs openai-sdk.mjs purser.service";
    assert.deepEqual(readdirSync(path.join(root, "examples")).sort(), files.split(" "));
  });

  test("the budget example is a valid configuration", () => {
    assert.equal(
      load(readFileSync(path.join(root, "examples/budget.yaml"), "utf8")).budgets.length,
      6,
    );
  });
});

test("commands are written for a checkout, except in the install guide", () => {
  const snippets = pages.flatMap((page) =>
    page.name === "docs/guides/install.md" ? [] : page.snippets,
  );
  const bare = snippets.filter(
    ({ language, text }) => language === "sh" && /(?:^|[|;&(] *)purser /m.test(text),
  );
  assert.deepEqual(bare, []);
});

test("every link within the repository leads to an existing file and heading", () => {
  for (const page of pages) {
    for (const [, target = ""] of page.text.replaceAll(/`[^`]*`/g, "").matchAll(/\]\(([^)]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      const full = path.join(root, path.dirname(page.name), file);
      const text =
        file === ""
          ? page.text
          : existsSync(full) && file.endsWith(".md")
            ? readFileSync(full, "utf8")
            : "";
      assert.ok(file === "" || existsSync(full), `${page.name} links to ${target}`);
      if (anchor !== undefined)
        assert.ok(anchors(text).has(anchor), `${page.name} links to ${target}`);
    }
  }
});

/** Sections of the configuration, each with an unknown field whose error lists the known ones. */
const sections = [
  { heading: "## Top level", text: "zzzzzzzzzzzzzzzz: 1" },
  { heading: "## `server`", text: "server: { zzzzzzzzzzzzzzzz: 1 }" },
  { heading: "## `providers`", text: "providers: { openai: { zzzzzzzzzzzzzzzz: 1 } }" },
  { heading: "## `prices`", text: "prices: [{ zzzzzzzzzzzzzzzz: 1 }]" },
  { heading: "## `budgets`", text: "budgets: [{ zzzzzzzzzzzzzzzz: 1 }]" },
  { heading: "## `keys`", text: "keys: [{ zzzzzzzzzzzzzzzz: 1 }]" },
  { heading: "## `limits`", text: "limits: { zzzzzzzzzzzzzzzz: 1 }" },
] as const;

describe("the configuration", () => {
  for (const { heading, text } of sections) {
    test(`${heading} documents exactly the known fields`, () => {
      const known = /one of: (.+)\.$/.exec(remedyOf(text))?.[1]?.split(", ");
      const named = tableRows(section(configurationPage, heading)).flatMap(([cell = ""]) =>
        codes(cell),
      );
      assert.deepEqual([...named].sort(), [...(known ?? [])].sort());
    });
  }

  test("## `notifiers` documents exactly the known fields of all kinds", () => {
    const known = notifierKinds.flatMap((kind) => {
      const remedy = remedyOf(`notifiers: [{ kind: ${kind}, zzzzzzzzzzzzzzzz: 1 }]`);
      return /one of: (.+)\.$/.exec(remedy)?.[1]?.split(", ") ?? [];
    });
    const named = tableRows(section(configurationPage, "## `notifiers`")).flatMap(([cell = ""]) =>
      codes(cell),
    );
    assert.deepEqual([...named].sort(), [...new Set(known)].sort());
  });

  for (const [name = "", value = "", least = "", most = ""] of tableRows(
    section(configurationPage, "## `limits`"),
  )) {
    const field = name.replaceAll("`", "");
    test(`limits.${field} has the documented default and bounds`, () => {
      const property = field.replaceAll(/_([a-z])/g, (_, letter: string) =>
        letter.toUpperCase(),
      ) as keyof Configuration["limits"];
      const limit = (stated: string): number | null =>
        load(`limits: { ${stated} }`).limits[property];
      assert.equal(String(limit("") ?? "none"), value);
      assert.equal(limit(`${field}: ${least}`), Number(least));
      assert.equal(limit(`${field}: ${most}`), Number(most));
      for (const outside of [Number(least) - 1, Number(most) + 1])
        assert.throws(() => limit(`${field}: ${outside}`), PurserError);
    });
  }

  test("the documented environment variables are exactly those that the code reads", () => {
    const read = new Set(
      [...sources.matchAll(/(?:env|environment)\["([A-Z_]+)"\]|variable: "([A-Z_]+)"/g)].map(
        ([, one, other]) => one ?? other ?? "",
      ),
    );
    const documented = new Set(
      codes(section(configurationPage, "## Environment")).filter((code) => /^[A-Z_]+$/.test(code)),
    );
    assert.deepEqual([...documented].sort(), [...read].sort());
    for (const { name, text } of pages) {
      for (const [variable] of text.matchAll(/\bPURSER_[A-Z_]+/g))
        assert.ok(sources.includes(variable), `${name} names ${variable}`);
    }
  });
});

function remedyOf(text: string): string {
  try {
    load(text);
  } catch (error) {
    if (error instanceof PurserError) return error.detail.remedy ?? "";
    throw error;
  }
  return "";
}

test("the HTTP API table lists exactly the routes, with their roles", () => {
  const [table = ""] = pageText(pages, "docs/reference/http-api.md").split("\n## ");
  const documented = tableRows(table).flatMap(([method = "", paths = "", roles = ""]) =>
    codes(paths).map((one) => `${method} ${one} ${roles}`),
  );
  const real = routes.map(
    ({ method, path: one, access }) =>
      `${method.toUpperCase()} ${one} ${typeof access === "string" ? access : access.join(", ")}`,
  );
  assert.deepEqual([...documented].sort(), [...real].sort());
});

test("the documented events are exactly the existing types, and each has its payload", () => {
  const page = pageText(pages, "docs/reference/events.md");
  const typesIn = (heading: string): readonly string[] =>
    tableRows(section(page, heading)).flatMap(([types = ""]) => codes(types));
  assert.deepEqual(typesIn("## Types"), eventTypes);
  assert.deepEqual(typesIn("## Payloads"), eventTypes);
});

test("problem codes are documented with their statuses", () => {
  const rows = tableRows(
    section(pageText(pages, "docs/reference/flags-and-statuses.md"), "## Codes of problems"),
  );
  const documented = Object.fromEntries(
    rows.map(([code = "", status]) => [code.replaceAll("`", ""), Number(status)]),
  );
  assert.deepEqual(
    documented,
    Object.fromEntries(Object.entries(problems).map(([code, { status }]) => [code, status])),
  );
});

test("every flag of a call is documented", () => {
  const usage = readFileSync(path.join(root, "src/domain/usage/usage.ts"), "utf8");
  const [, union = ""] = /export type UsageFlag =([^;]+);/.exec(usage) ?? [];
  const rows = tableRows(
    section(pageText(pages, "docs/reference/flags-and-statuses.md"), "## Flags of a call"),
  );
  const flags = [...union.matchAll(/"(\w+)"/g)].map(([, flag = ""]) => flag);
  assert.deepEqual(rows.flatMap(([cell = ""]) => codes(cell)).sort(), flags.sort());
});

test("the documented metrics are exactly the existing ones", () => {
  const rows = tableRows(section(pageText(pages, "docs/guides/operate.md"), "## Watch"));
  const documented = rows.flatMap(([cell = ""]) =>
    codes(cell).map((code) => code.replace(/\{.*/, "")),
  );
  const source = sourceTexts("src/metrics");
  assert.deepEqual(
    [...documented].sort(),
    [...new Set(source.match(/(?<=")(?:purser|process)_[a-z_]+(?=")/g))].sort(),
  );
});

test("every header named in a page exists in the code", () => {
  const dimensions = /dimensions = \[([^\]]+)\]/.exec(sources)?.[1] ?? "";
  for (const { name, text } of pages) {
    for (const [header, last = ""] of text.matchAll(/\bx-purser-([a-z-]*[a-z])/g)) {
      const isKnown =
        sources.includes(`"${header}"`) || dimensions.includes(`"${last}"`) || last === "tags";
      assert.ok(isKnown, `${name} names ${header}`);
    }
  }
});

test("the corrected figures of old reports follow from the rates", () => {
  const page = section(
    pageText(pages, "docs/concepts/prices.md"),
    "## Cost reports from before Purser",
  );
  const perMillion = (usd: string): PicoUsd => pico(parseUsd(usd) / 1_000_000n);
  const cost = (rate: PicoUsd, tokens: number): PicoUsd => pico(rate * BigInt(tokens));
  const cents = (amount: PicoUsd): string => `$${Number(formatUsd(amount)).toFixed(2)}`;
  const three = perMillion("3");
  const daily = [120 * 1000, 450 * 100, 890 * 50, 320 * 200, 45 * 500, 280 * 20];
  const tokens = daily.reduce((sum, count) => sum + count, 0);
  const saved = 78 * 1000 + 372 * 100 + 712 * 50 + 224 * 200;
  const stated = [
    `$${formatUsd(pico(cost(three, 2000) + cost(perMillion("15"), 1500)))}`,
    cents(cost(three, 191_670 * 12)),
    cents(pico((cost(three, 191_670 * 12) * 32n) / 100n)),
    cents(pico((cost(three, 191_670 * 12) * 68n) / 100n)),
    `$${formatUsd(cost(three, tokens))}`,
    cents(cost(three, tokens * 365)),
    (tokens / 1870).toFixed(1),
    cents(cost(three, saved * 365)),
    `$${formatUsd(pico(cost(three, 10_000) + cost(perMillion("15"), 5000)))}`,
  ];
  for (const figure of stated)
    assert.ok(page.includes(figure), `${figure} is missing from the page`);
});
