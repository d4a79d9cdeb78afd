/** Tests how the output of a stream is bounded by its text and by reports. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { PassedOutput } from "./passed-output.ts";

function passed(...texts: readonly string[]): PassedOutput {
  const output = new PassedOutput();
  for (const text of texts) add(output, text);
  return output;
}

function add(output: PassedOutput, text: string): void {
  const written = Buffer.from(JSON.stringify(text));
  output.addText(written, 1, written.length - 1);
}

function textOf(output: PassedOutput, from = 0): string {
  return Buffer.from(output.text(from)).toString();
}

test("the text is kept as written, and each of its bytes is at most a token", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (texts) => {
      const output = passed(...texts);
      const text = texts.join("");
      assert.ok(output.mostTokens >= Buffer.byteLength(text));
      assert.equal(JSON.parse(`"${textOf(output)}"`), text);
    }),
  );
});

test("a report is exact, and the text before it no longer counts", () => {
  const output = passed("ten tokens");
  output.addTokens(2000);
  output.report(7);
  assert.deepEqual(
    [output.mostTokens, output.reportedTokens, output.hasReport, output.grewSinceReport],
    [7, 7, true, false],
  );
  add(output, "more");
  assert.deepEqual([output.mostTokens, textOf(output), output.grewSinceReport], [11, "more", true]);
});

test("a report of zero, or of less than before, changes nothing", () => {
  const output = passed("abc");
  output.report(0);
  assert.deepEqual([output.mostTokens, output.hasReport], [3, false]);
  output.report(9);
  output.report(4);
  assert.equal(output.mostTokens, 9);
});

test("a repeated report does not cover the text since", () => {
  const output = passed("abc");
  output.report(9);
  output.report(9);
  assert.deepEqual([output.mostTokens, output.grewSinceReport], [9, false]);
  add(output, "more");
  output.addTokens(100);
  output.report(9);
  assert.deepEqual(
    [output.mostTokens, textOf(output), output.grewSinceReport],
    [113, "more", true],
  );
});

test("text too long to keep counts as one token per byte", () => {
  const output = passed("a".repeat(1024 * 1024), "b".repeat(500));
  assert.deepEqual(
    [output.mostTokens, output.tokensOutsideText, output.textBytes],
    [1024 * 1024 + 500, 500, 1024 * 1024],
  );
  assert.equal(textOf(output, 1024 * 1024 - 2), "aa");
});
