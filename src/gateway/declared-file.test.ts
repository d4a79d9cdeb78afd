/** Tests the file that remembers what the last configuration declared. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { PurserError } from "../domain/error.ts";
import { declaredFile } from "./declared-file.ts";

const directory = mkdtempSync(join(tmpdir(), "purser-declared-"));
after(() => rmSync(directory, { recursive: true }));
const memory = declaredFile(directory);
const written = (text: string): void => writeFileSync(join(directory, "declared.json"), text);

test("declared names are remembered, and there are none before the first start", async () => {
  assert.equal(await memory.read(), null);
  const names = { budgets: ["a"], keys: ["ci"], prices: { "openai/m": '{"input":"1"}' } };
  await memory.write(names);
  assert.deepEqual(await memory.read(), names);
});

test("an incomplete file is ignored, as are unknown and null fields", async () => {
  for (const text of ["", '{"budgets":["a"', "x"]) {
    written(text);
    assert.equal(await memory.read(), null, text);
  }
  written('{"budgets":null,"newer":5}');
  assert.deepEqual(await memory.read(), { budgets: [], keys: [], prices: {} });
});

for (const [text, field] of [
  ["null", "declared.json"],
  ["[]", "declared.json"],
  ['"a"', "declared.json"],
  ['{"budgets":[null]}', "budgets[0]"],
  ['{"keys":"ci"}', "keys"],
  ['{"prices":[]}', "prices"],
  ['{"prices":{"openai/m":5}}', "prices.openai/m"],
  ['{"prices":{"openai/m":"5"}}', "prices.openai/m"],
  ['{"prices":{"openai/m":"null"}}', "prices.openai/m"],
  ['{"prices":{"openai/m":"{"}}', "prices.openai/m"],
] as const) {
  test(`${text} is refused with its field, and with what to do`, async () => {
    written(text);
    await assert.rejects(memory.read(), (error) => {
      assert.ok(error instanceof PurserError && error.code === "store_unavailable", String(error));
      assert.equal(error.detail.field, field);
      assert.ok(error.message.startsWith(join(directory, "declared.json")));
      assert.match(error.detail.remedy ?? "", /^Remove the file/);
      return true;
    });
  });
}
