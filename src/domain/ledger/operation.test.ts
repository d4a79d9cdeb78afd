/** Operation ids of several keys. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { idOfOperation, operationOf, operationsWithId } from "./operation.ts";

const id = fc.stringMatching(/^[!-~]{1,20}$/);

test("an id is a different operation for each key, and reads as sent", () => {
  fc.assert(
    fc.property(id, fc.option(id), fc.option(id), (sent, one, other) => {
      assert.equal(idOfOperation(operationOf(sent, one)), sent);
      assert.equal(operationOf(sent, one) === operationOf(sent, other), one === other);
    }),
  );
});

test("the operations of an id are those of every key, and not of other ids", () => {
  fc.assert(
    fc.property(id, id, id, (sent, other, owner) => {
      const { first, end } = operationsWithId(sent);
      const isWithin = (operation: string): boolean => operation >= first && operation < end;
      assert.ok(isWithin(operationOf(sent, owner)));
      assert.equal(isWithin(operationOf(other, owner)), other === sent);
    }),
  );
});
