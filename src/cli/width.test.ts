/** Tests every command at several terminal widths: lines fit, and no word is broken. */

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { inFolder, serve, type Served } from "./child.test-kit.ts";
import type { Environment } from "./context.ts";
import { makeParts } from "../compose/command-parts.ts";
import { runProgram } from "./program.ts";
import { screenOn } from "./terminal/screen.ts";
import { width } from "./terminal/width.ts";

const widths = [60, 80, 200] as const;
const escape = "\u{1b}";

interface Shown {
  readonly code: number;
  readonly text: string;
}

interface Terminal {
  /** 0: no terminal. */
  readonly columns: number;
  readonly environment: Environment;
}

/** Runs in this process, so that the terminal may have any width. */
async function show(words: readonly string[], { columns, environment }: Terminal): Promise<Shown> {
  let text = "";
  const stream = { isTTY: columns > 0, columns, rows: 50, write: (more: string) => (text += more) };
  const screen = screenOn(
    { stdout: stream, stderr: stream },
    { environment, color: !words.includes("--no-color") },
  );
  const code = await runProgram(words, {
    screen,
    environment,
    parts: makeParts(environment, (line) => screen.notes.write(line)),
  });
  return { code, text };
}

/** The final screen: a redrawn line shows only its last text. */
function linesOf(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => line.split("\r").map(stripVTControlCharacters));
}

function checkWidth(
  { text }: Shown,
  { words, columns }: { readonly words: readonly string[]; readonly columns: number },
): void {
  for (const line of linesOf(text))
    assert.ok(
      width(line) <= columns,
      `${words.join(" ")} at ${columns} columns:\n${line}\n---\n${text}`,
    );
}

/** Words on a narrow terminal must also appear on a wide one, except in the note on columns. */
function checkWords(narrow: Shown, wide: Shown, words: readonly string[]): void {
  const known = new Set(linesOf(wide.text).join(" ").split(/\s+/));
  const shown = linesOf(narrow.text)
    .join(" ")
    .replace(/Left out at.*?to see them\./g, "")
    .split(/\s+/);
  const broken = shown.filter((word) => word !== "\\" && !known.has(word) && !/\d/.test(word));
  assert.deepEqual(broken, [], `${words.join(" ")}\n${narrow.text}`);
}

const helps: readonly (readonly string[])[] = [
  [],
  ...[
    "serve",
    "demo",
    "simulate",
    "report",
    "top",
    "price",
    "estimate",
    "budget",
    "key",
    "replay",
    "verify",
    "doctor",
  ].map((name) => [name]),
  ...["create", "list", "show", "set", "delete"].map((name) => ["budget", name]),
  ...["create", "list", "revoke"].map((name) => ["key", name]),
  ["prices", "export"],
].map((words) => [...words, "--help"]);

for (const columns of widths) {
  test(`help fits ${columns} columns, and breaks no word`, async () => {
    for (const words of helps) {
      const wide = await show(words, { columns: 400, environment: {} });
      const narrow = await show(words, { columns, environment: {} });
      assert.equal(narrow.code, 0);
      checkWidth(narrow, { words, columns });
      checkWords(narrow, wide, words);
    }
  });
}

/** Realistically long names. */
const names = {
  team: "platform-engineering-and-operations",
  project: "quarterly-report-generator",
};

async function populate({ started }: Served, environment: Environment): Promise<void> {
  const commands = [
    [
      "budget",
      "create",
      "--id",
      "company-wide",
      "--type",
      "platform",
      "--amount",
      "12500",
      "--period",
      "month",
    ],
    [
      "budget",
      "create",
      "--id",
      names.team,
      "--parent",
      "company-wide",
      "--type",
      "team",
      "--resource",
      names.team,
      "--amount",
      "0.02",
    ],
    [
      "budget",
      "create",
      "--id",
      "tokens-of-each-user",
      "--type",
      "user",
      "--resource",
      "*",
      "--amount",
      "2000000",
      "--currency",
      "tokens",
    ],
    [
      "key",
      "create",
      "--name",
      "agents of the platform team",
      "--set",
      `team=${names.team}`,
      "--set",
      `project=${names.project}`,
    ],
  ];
  let key = "";
  for (const words of commands) {
    const made = await show(words, { columns: 0, environment });
    assert.equal(made.code, 0, made.text);
    key = /^(purser_\w+)$/m.exec(made.text)?.[1] ?? key;
  }
  for (const [model, input] of [
    ["sim-small", 1200],
    ["sim-reasoner", 90],
    ["sim-large", 30_000],
    ["sim-large", 300_000],
  ] as const) {
    const content = `[[sim input=${input} output=20]] ${"word ".repeat(input)}`;
    const answer = await fetch(`${started.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: `sim/${model}`,
        max_tokens: 40,
        messages: [{ role: "user", content }],
      }),
    });
    await answer.arrayBuffer();
  }
}

const commands: readonly (readonly string[])[] = [
  ["report"],
  ["report", "--by", "team,project,model,key"],
  ["report", "--by", "day", "--last", "7d", "--time-zone", "Asia/Kolkata"],
  ["report", "--by", "hour,team,model", "--today", "--metrics", "cost,calls,latency_p95"],
  ["report", "--compare", "--by", "team,project,model", "--sort", "cost_per_team", "--top", "1"],
  ["top", "--once"],
  ["budget", "list"],
  ["budget", "show", names.team],
  ["key", "list"],
  [
    "price",
    "sim/sim-large",
    "--input",
    "1000",
    "--cached",
    "2000",
    "--output",
    "300",
    "--web-search",
    "2",
  ],
  ["price", "claude-sonnet-4-5", "--input", "1234567"],
  ["price", "no-such-model"],
  [
    "estimate",
    "sim/sim-large",
    "--input",
    "1200000",
    "--set",
    `team=${names.team}`,
    "--max-output",
    "1",
  ],
  ["doctor"],
  ["verify"],
  ["report", "--frm", "2026-01-01"],
];

test("output fits 60, 80 and 200 columns without broken words, and is complete without a terminal", async () => {
  await inFolder(async (folder) => {
    const server = await serve(folder);
    const environment = { PURSER_DATA: path.join(folder, ".purser"), TERM: "xterm" };
    try {
      await populate(server, environment);
      for (const words of commands) {
        const piped = await show(words, { columns: 0, environment });
        assert.doesNotMatch(piped.text, /…|Left out/);
        assert.ok(!piped.text.includes(escape), words.join(" "));
        for (const columns of widths) {
          const shown = await show(words, { columns, environment });
          assert.equal(shown.code, piped.code, shown.text);
          checkWidth(shown, { words, columns });
          checkWords(shown, piped, words);
        }
      }
    } finally {
      await server.end("SIGTERM");
    }
  });
});

test("NO_COLOR, --no-color and TERM=dumb print no control sequences, and a dumb terminal is not redrawn", async () => {
  await inFolder(async (folder) => {
    const data = path.join(folder, "data");
    await mkdir(data, { mode: 0o700 });
    const plain: readonly (readonly [words: readonly string[], environment: Environment])[] = [
      [["price", "sim/sim-small"], { NO_COLOR: "1" }],
      [["price", "sim/sim-small", "--no-color"], {}],
      [["--no-color", "price", "sim/sim-small"], {}],
      [["price", "sim/sim-small"], { TERM: "dumb" }],
      [["top"], { TERM: "dumb", PURSER_DATA: data }],
    ];
    for (const [words, environment] of plain) {
      const { code, text } = await show(words, { columns: 80, environment });
      assert.equal(code, 0, text);
      assert.ok(!text.includes(escape), words.join(" "));
    }
    assert.ok(
      (await show(["price", "sim/sim-small"], { columns: 80, environment: {} })).text.includes(
        escape,
      ),
    );
  });
});

const rows = Array.from(
  { length: 20 },
  (_, index) => `2023-11-16 18:15:${String(index).padStart(2, "0")}.6805900,${200 + index * 31},9`,
);

/** Slow commands run at one width each, because they share their drawing code. */
const longWork: readonly (readonly [columns: number, words: readonly string[]])[] = [
  [60, ["demo", "--seconds", "2"]],
  [60, ["replay", "t.csv"]],
  [80, ["replay", "t.csv"]],
];
for (const [columns, [name = "", ...others]] of longWork) {
  test(`${name} fits ${columns} columns`, async () => {
    await inFolder(async (folder) => {
      const trace = path.join(folder, "t.csv");
      await writeFile(trace, ["TIMESTAMP,ContextTokens,GeneratedTokens", ...rows].join("\r\n"));
      const words = [name, ...others.map((word) => (word === "t.csv" ? trace : word))];
      const shown = await show(words, { columns, environment: { PATH: process.env["PATH"] } });
      assert.equal(shown.code, 0, shown.text);
      checkWidth(shown, { words, columns });
      assert.doesNotMatch(
        shown.text,
        /(?<![\d.,])1 (?:calls|entries|tokens|times|open holds)\b(?!\/)/,
      );
    });
  });
}
