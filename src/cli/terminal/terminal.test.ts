/** Tests how numbers, tables, wrapped text and progress appear on a terminal. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import fc from "fast-check";
import { bar, gauge } from "./bar.ts";
import { paintFor } from "./color.ts";
import { onEndKey } from "./keys.ts";
import {
  atThePoint,
  counted,
  dollarColumn,
  dollars,
  duration,
  exactDollarColumn,
  exactDollars,
  grouped,
  percent,
} from "./number.ts";
import { startProgress } from "./progress.ts";
import { liveBlock, outputOn, screenOn } from "./screen.ts";
import { table } from "./table.ts";
import { allWithoutControls, printable, width } from "./width.ts";
import { wrapCommand, wrapText, wrapWords } from "./wrap.ts";

const plain = { heading: (text: string) => text, room: Number.POSITIVE_INFINITY };

test("thousands are separated, but decimals are not", () => {
  assert.equal(grouped(1234567), "1,234,567");
  assert.equal(grouped("1234.56789"), "1,234.56789");
  assert.equal(grouped(999), "999");
});

test("an exact amount keeps every decimal", () => {
  assert.equal(exactDollars("1234.000000000001"), "$1,234.000000000001");
  assert.equal(exactDollars("-0.5"), "-$0.50");
  assert.equal(exactDollars("3"), "$3.00");
});

const shown: readonly (readonly [amount: string, text: string])[] = [
  ["3", "$3.0000"],
  ["1234.5", "$1,234.5000"],
  ["0.01234", "$0.0123"],
  ["0.01235", "$0.0124"],
  ["0.000012345", "$0.000012"],
  ["0.0000996", "$0.000100"],
  ["0.000000000001", "$0.0000000000010"],
  ["999.99996", "$1,000.0000"],
  ["-0.5", "-$0.5000"],
  ["0", "$0.0000"],
];
test("an amount has four decimals, or two significant digits below a cent", () => {
  for (const [amount, text] of shown) assert.equal(dollars(amount), text, amount);
});

test("a count of one has a singular noun", () => {
  assert.deepEqual(
    [counted(1, "call"), counted(0, "call"), counted(1200, "call"), counted(2, "entry", "entries")],
    ["1 call", "0 calls", "1,200 calls", "2 entries"],
  );
});

test("amounts of different precision are aligned at the decimal point", () => {
  const points = dollarColumn(["12.5", "0.000012", "1000"]).map((cell, _, all) =>
    cell.padStart(Math.max(...all.map(width))).indexOf("."),
  );
  assert.equal(new Set(points).size, 1);
  assert.deepEqual(atThePoint(["200 tokens", "$1.0"]), ["200 tokens", "$1.0"]);
});

test("an exact column of amounts is aligned at the decimal point and loses no digits", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(999_999_999_999))), (pairs) => {
      const amounts = pairs.map(([whole, fraction]) =>
        `${whole}.${String(fraction).padStart(12, "0")}`.replace(/\.?0+$/, ""),
      );
      const column = exactDollarColumn(amounts);
      const decimals = new Set(column.map((cell) => cell.split(".")[1]?.length));
      assert.ok(decimals.size <= 1);
      column.forEach((cell, index) =>
        assert.equal(Number(cell.replace(/[$,]/g, "")), Number(amounts[index])),
      );
    }),
  );
});

test("durations use a readable unit", () => {
  assert.deepEqual([0.25, 12.34, 345, 1500, 61_000, 3_600_000].map(duration), [
    "0.25 ms",
    "12.3 ms",
    "345 ms",
    "1.5 s",
    "1 min 1 s",
    "1 h 0 min",
  ]);
  assert.equal(percent(0.1234), "12.3 %");
});

test("a bar never exceeds its cells, and a share above 0 is never empty", () => {
  assert.equal(bar(0.5, 4), "██");
  assert.equal(bar(0.0001, 4), "▏");
  assert.equal(bar(7, 4), "████");
  assert.equal(bar(Number.NaN, 4), "");
  assert.equal(gauge(0.5, 4), "██··");
});

test("columns are aligned by visible width, with colours and wide characters", () => {
  const { red } = paintFor(true, {});
  const text = table(
    [{ title: "name" }, { title: "n", align: "right" }],
    [
      [red("a"), "1"],
      ["東京", "22"],
    ],
    plain,
  );
  const lines = text.trimEnd().split("\n");
  assert.deepEqual(lines.map(width), [8, 8, 8]);
  assert.match(lines[0] ?? "", /^name {3}n$/);
});

const tableColumns = [
  { title: "name" },
  { title: "remark" },
  { title: "share", align: "right" as const, spare: 1 },
  { title: "USD", align: "right" as const },
];
const tableRows = [
  ["claude-sonnet-4-5", "a model of which much is to be said", "12.0 %", "$1.2345"],
  ["gpt-5", "short", "88.0 %", "$12.3456"],
];

test("without a terminal, a table has its full width and all columns", () => {
  const lines = table(tableColumns, tableRows, plain).split("\n");
  assert.match(
    lines[1] ?? "",
    /^claude-sonnet-4-5 {2}a model of which much is to be said {2}12\.0 % {3}\$1\.2345$/,
  );
});

test("without a terminal, tables have the width of COLUMNS, and nothing else is wrapped", () => {
  let text = "";
  const stream = { write: (more: string) => (text += more) };
  const columnsFor = (COLUMNS: string): number =>
    outputOn(stream, { environment: { COLUMNS } }).columns;
  assert.deepEqual(["60", "5", "0", "wide", ""].map(columnsFor), [
    60,
    20,
    Infinity,
    Infinity,
    Infinity,
  ]);
  const long = `${"word ".repeat(40)}\n`;
  outputOn(stream, { environment: { COLUMNS: "60" } }).write(long);
  assert.equal(text, long);
});

test("a table that is too wide wraps text, then leaves out optional columns and names them", () => {
  const wrapped = table(tableColumns, tableRows, { ...plain, room: 60 });
  assert.match(wrapped, /share/);
  assert.ok(wrapped.split("\n").length > 4);
  const spared = table(tableColumns, tableRows, { ...plain, room: 38 });
  assert.match(
    spared,
    /Left out at 38 columns: share\. Use a\nwider terminal or --json to see them\.\n$/,
  );
});

test("if no more columns can be left out, each row becomes a block", () => {
  const text = table(tableColumns, tableRows, { ...plain, room: 28 });
  assert.match(
    text,
    /^name {4}claude-sonnet-4-5\nremark {2}a model of which\n {8}much is to be said\nshare {3}12\.0 %\nUSD {5}\$1\.2345\n\nname/,
  );
});

test("without titles, a row that is too wide becomes a paragraph", () => {
  const untitled = [{ title: "" }, { title: "" }, { title: "" }];
  const text = table(untitled, [["✔", "folder", "/tmp/a-long-name, durability full"]], {
    ...plain,
    room: 26,
  });
  assert.equal(text, "✔ folder /tmp/a-long-name,\ndurability full\n");
});

const word = fc.string({
  unit: fc.constantFrom("a", "é", "東", "-", "/"),
  minLength: 1,
  maxLength: 14,
});

test("no line of a table exceeds its width, and no word that fits is broken", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.array(word), word), { maxLength: 6 }),
      fc.integer({ min: 28, max: 120 }),
      (rows, room) => {
        const cells = rows.map(([words, figure]) => [words.join(" "), figure, "12.0 %"]);
        const columns = [
          { title: "text" },
          { title: "figure", align: "right" as const, spare: 1 },
          { title: "share", align: "right" as const },
        ];
        const text = table(columns, cells, { ...plain, room });
        for (const line of text.split("\n")) assert.ok(width(line) <= room, line);
        const words = new Set(text.split(/\s+/));
        for (const [first] of rows) for (const one of first) assert.ok(words.has(one), one);
      },
    ),
  );
});

test("text wraps between words, aligned with its label, and colours continue", () => {
  assert.equal(
    wrapText("remedy Check the network and the key", 20),
    "remedy Check the\n       network and\n       the key",
  );
  assert.equal(
    wrapText("key   purser_0123456789abc  shown once", 20),
    "key\npurser_0123456789abc\nshown once",
  );
  const { red } = paintFor(true, {});
  assert.deepEqual(wrapWords(red("one two"), 4), [
    "\u{1b}[31mone\u{1b}[0m",
    "\u{1b}[31mtwo\u{1b}[39m",
  ]);
  assert.equal(wrapText("as it is ".repeat(40), Number.POSITIVE_INFINITY), "as it is ".repeat(40));
});

test("only a word wider than the line is broken, after a separator if it has one", () => {
  assert.deepEqual(wrapWords("https://example.test/a/b", 16), ["https://example.", "test/a/b"]);
  assert.deepEqual(wrapWords("abcdefghij", 4), ["abcd", "efgh", "ij"]);
});

test("a command wraps with backslashes, neither inside quotes nor between an option and its value", () => {
  assert.equal(
    wrapCommand("  purser key create --name ci", 26),
    "  purser key create \\\n    --name ci",
  );
  assert.equal(
    wrapCommand("  purser key create --set 'a b' --x", 24),
    "  purser key create \\\n    --set 'a b' --x",
  );
});

test("a live block fits the height of the terminal, and notes lines that do not", () => {
  let drawn = "";
  const output = outputOn(
    { isTTY: true, columns: 40, rows: 6, write: (text) => (drawn += text) },
    { environment: { NO_COLOR: "1" } },
  );
  liveBlock(output).draw(
    `${Array.from({ length: 9 }, (_, index) => `line ${index}`).join("\n")}\nq ends.\n`,
  );
  assert.equal(
    drawn,
    "line 0\nline 1\nline 2\n(6 more lines: enlarge the terminal to see them)\nq ends.\n",
  );
});

test("q and Ctrl-C quit, other keys do not, and the terminal is restored", () => {
  const modes: boolean[] = [];
  const emitter = new EventEmitter();
  const stream = Object.assign(emitter, {
    isTTY: true,
    setRawMode: (on: boolean) => modes.push(on),
    resume: () => undefined,
    pause: () => undefined,
  });
  let ends = 0;
  const keys = onEndKey(stream, () => (ends += 1));
  for (const key of ["x", "\u{1b}[A", "q", "Q", "\u{3}"]) emitter.emit("data", Buffer.from(key));
  keys.release();
  emitter.emit("data", Buffer.from("q"));
  assert.deepEqual([ends, modes, emitter.listenerCount("data")], [3, [true, false], 0]);
});

test("an untrusted name cannot move the cursor or reverse the text", () => {
  assert.equal(printable("a\u{1b}[2Jb\r\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c");
});

test("text from outside has no colours, and output without colours has no control characters", () => {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  outputOn(stream, { environment: {} }).write("a\u{1b}[31mb\tc\u{9b}1m\n");
  assert.deepEqual(written, ["a\u{fffd}[31mb\tc\u{fffd}1m\n"]);
  assert.deepEqual(allWithoutControls({ "x\u{1b}": ["y\u{7f}", 1, null] }), {
    "x\u{fffd}": ["y\u{fffd}", 1, null],
  });
});

test("colours appear only on a terminal without NO_COLOR", () => {
  assert.notEqual(paintFor(true, {}).red("x"), "x");
  assert.equal(paintFor(false, {}).red("x"), "x");
  assert.equal(paintFor(true, { NO_COLOR: "1" }).red("x"), "x");
  assert.equal(paintFor(true, { TERM: "dumb" }).red("x"), "x");
});

test("progress starts after a second: a bar on a terminal, plain lines elsewhere", () => {
  const onTerminal = drawn(true);
  assert.equal(onTerminal.early, "");
  assert.match(onTerminal.late, /\r.*▕█+ *▏ {2}50\.0 %/);
  const elsewhere = drawn(false);
  assert.equal(elsewhere.early, "");
  assert.equal(elsewhere.late, "Work  50.0 %  5 calls  1.5 s left\n");
});

test("no progress is printed with --json without a terminal", () => {
  let text = "";
  const output = outputOn({ write: (more) => (text += more) }, { environment: {}, json: true });
  let now = 0;
  const progress = startProgress(output, { label: "Work", now: () => now });
  now = 60_000;
  progress.update(0.5);
  progress.end();
  assert.equal(text, "");
});

function drawn(tty: boolean): { readonly early: string; readonly late: string } {
  let now = 0;
  let text = "";
  const output = outputOn(
    { isTTY: tty, columns: 100, write: (more) => (text += more) },
    { environment: {} },
  );
  const progress = startProgress(output, { label: "Work", now: () => now });
  now = 900;
  progress.update(0.1);
  const early = text;
  now = 1500;
  progress.update(0.5, "5 calls");
  return { early, late: text };
}

test("results and notes go to separate streams", () => {
  const seen = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr") => ({
    isTTY: false,
    write: (text: string) => (seen[name] += text),
  });
  const screen = screenOn(
    { stdout: stream("stdout"), stderr: stream("stderr") },
    { environment: {} },
  );
  screen.out.write("result");
  screen.notes.write("note");
  assert.deepEqual(seen, { stdout: "result", stderr: "note" });
});
