import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { digestOf, nameKinds } from "./name.ts";
import { NameWriter } from "./name-writer.ts";

function emptyFile(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE name (name_id INTEGER PRIMARY KEY, seq, kind, digest, text)");
  return database;
}

/** Enough names to push out those that are remembered: from then on only what is kept for the writer, and the file, know one. */
function pushOut(names: NameWriter): void {
  for (let n = 0; n < 100_001; n++) names.text(`other ${n}`);
}

test("names that another handed over are known until they are in the table, and then the table is asked", () => {
  const names = new NameWriter(emptyFile());
  const handedOver = [7, 1, nameKinds.text, digestOf("a"), "a", 8, 1, nameKinds.text, digestOf("b"), "b"];
  names.restore(handedOver);
  assert.equal(names.text("a"), 7);
  names.settleNames(handedOver);
  assert.equal(names.text("b"), 9, "the file does not have it, and memory no longer does: it is new");
});

test("a new name is one id until its batch is booked, and takes no memory after", () => {
  const names = new NameWriter(emptyFile());
  names.beginEntry(1);
  const id = names.text("mine");
  const defined = names.takeDefined(1);
  assert.equal(names.text("mine"), id);
  pushOut(names);
  assert.equal(names.text("mine"), id, "not yet booked");
  names.settleNames(defined);
  pushOut(names);
  assert.notEqual(names.text("mine"), id, "the file, which has none, was asked");
});
