import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bar, gauge } from "./bar.ts";
import { paintFor } from "./color.ts";
import { dollarColumn, dollars, duration, grouped, percent } from "./number.ts";
import { startProgress } from "./progress.ts";
import { type Output, screenOn } from "./screen.ts";
import { printable, table, width } from "./table.ts";

const plain = { heading: (text: string) => text };

test("thousands are set apart and decimals are not", () => {
  assert.equal(grouped(1234567), "1,234,567");
  assert.equal(grouped("1234.56789"), "1,234.56789");
  assert.equal(grouped(999), "999");
});

test("dollars keep every decimal of an exact amount", () => {
  assert.equal(dollars("1234.000000000001"), "$1,234.000000000001");
  assert.equal(dollars("-0.5"), "-$0.50");
  assert.equal(dollars("3"), "$3.00");
});

test("a column of amounts has its points under each other and loses nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(999_999_999_999))), (pairs) => {
      const amounts = pairs.map(([whole, fraction]) => `${whole}.${String(fraction).padStart(12, "0")}`.replace(/\.?0+$/, ""));
      const column = dollarColumn(amounts);
      const decimals = new Set(column.map((cell) => cell.split(".")[1]?.length));
      assert.ok(decimals.size <= 1);
      column.forEach((cell, index) => assert.equal(Number(cell.replace(/[$,]/g, "")), Number(amounts[index])));
    }),
  );
});

test("durations are given in the unit that reads best", () => {
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

test("a bar never exceeds its cells, and something is never shown as nothing", () => {
  assert.equal(bar(0.5, 4), "██");
  assert.equal(bar(0.0001, 4), "▏");
  assert.equal(bar(7, 4), "████");
  assert.equal(bar(Number.NaN, 4), "");
  assert.equal(gauge(0.5, 4), "██··");
});

test("columns are aligned by what is seen, colours and wide characters included", () => {
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

test("a cell over its column's width is cut", () => {
  assert.equal(table([{ title: "", maxWidth: 4 }], [["abcdefgh"]], plain), "abc…\n");
});

test("a name from outside cannot move the cursor or turn the text around", () => {
  assert.equal(printable("a\u{1b}[2Jb\r\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c");
});

test("colours stand only on a terminal without NO_COLOR", () => {
  assert.notEqual(paintFor(true, {}).red("x"), "x");
  assert.equal(paintFor(false, {}).red("x"), "x");
  assert.equal(paintFor(true, { NO_COLOR: "1" }).red("x"), "x");
  assert.equal(paintFor(true, { TERM: "dumb" }).red("x"), "x");
});

test("progress is silent for the first second, a bar on a terminal and plain lines elsewhere", () => {
  const onTerminal = drawn(true);
  assert.equal(onTerminal.early, "");
  assert.match(onTerminal.late, /\r.*▕█+ *▏ {2}50\.0 %/);
  const elsewhere = drawn(false);
  assert.equal(elsewhere.early, "");
  assert.equal(elsewhere.late, "Work  50.0 %  5 calls  1.5 s left\n");
});

function drawn(tty: boolean): { readonly early: string; readonly late: string } {
  let now = 0;
  let text = "";
  const output: Output = { tty, columns: 100, paint: paintFor(false, {}), write: (more) => (text += more) };
  const progress = startProgress(output, { label: "Work", now: () => now });
  now = 900;
  progress.update(0.1);
  const early = text;
  now = 1500;
  progress.update(0.5, "5 calls");
  return { early, late: text };
}

test("results and notes go to streams of their own", () => {
  const seen = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr") => ({ isTTY: false, write: (text: string) => (seen[name] += text) });
  const screen = screenOn({ stdout: stream("stdout"), stderr: stream("stderr") }, {});
  screen.out.write("result");
  screen.notes.write("note");
  assert.deepEqual(seen, { stdout: "result", stderr: "note" });
});
