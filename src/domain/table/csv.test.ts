/** Tests that no cell of a CSV file is run, whatever a spreadsheet takes for its separator. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { csvLine, harmless, isFormula } from "./csv.ts";

const cells: Readonly<Record<string, string>> = {
  "=1+1": "'=1+1",
  "＝1+1": "'＝1+1",
  "＋1": "'＋1",
  "－1": "'－1",
  "＠a": "'＠a",
  ";=cmd|' /C calc'!A0": ";'=cmd|' /C calc'!A0",
  "a\t=1": "a\t'=1",
  "a\n+1": "a\n'+1",
  "\t=1": "'\t'=1",
  "a-b; c=d": "a-b; c=d",
  plain: "plain",
};

for (const [text, written] of Object.entries(cells))
  test(`${JSON.stringify(text)} is written as ${JSON.stringify(written)}`, () => {
    assert.equal(harmless(text), written);
    assert.equal(isFormula(text), written.startsWith("'"));
  });

test("a cell with a separator of any spreadsheet is quoted", () => {
  assert.equal(csvLine(["a;b", "a\tb", "a,b", "a"]), '"a;b","a\tb","a,b",a\r\n');
});
