/** New names get one id, and are forgotten once they are in the table. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { digestOf, nameKinds } from "../../journal/name.ts";
import { NameWriter } from "./name-writer.ts";

function emptyFile(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE name (name_id INTEGER PRIMARY KEY, seq, kind, digest, text)");
  return database;
}

/**
 * Adds enough names to evict the cached ones: after that, a name is known only from the unwritten
 * set or the file.
 */
function pushOut(names: NameWriter): void {
  for (let n = 0; n < 100_001; n++) names.text(`other ${n}`);
}

test("restored names are known until they are in the table; after that, the table is queried", () => {
  const names = new NameWriter(emptyFile());
  const handedOver = [
    7,
    1,
    nameKinds.text,
    digestOf("a"),
    "a",
    8,
    1,
    nameKinds.text,
    digestOf("b"),
    "b",
  ];
  names.restore(handedOver);
  assert.equal(names.text("a"), 7);
  names.settleNames(handedOver);
  assert.equal(names.text("b"), 9, "neither the file nor memory has it: it is new");
});

test("a new name keeps one id until its batch is booked, and takes no memory afterwards", () => {
  const names = new NameWriter(emptyFile());
  names.beginEntry(1);
  const id = names.text("mine");
  const defined = names.takeDefined(1);
  assert.equal(names.text("mine"), id);
  pushOut(names);
  assert.equal(names.text("mine"), id, "not yet booked");
  names.settleNames(defined);
  pushOut(names);
  assert.notEqual(names.text("mine"), id, "the file, which has no names, was queried");
});
