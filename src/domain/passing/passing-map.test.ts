/** `PassingMap` compared with `Map`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PassingMap } from "./passing-map.ts";

const steps = fc.array(
  fc.record({ key: fc.nat(9), value: fc.nat(), action: fc.constantFrom("set", "delete", "get") }),
  { maxLength: 60 },
);

test("it behaves like a Map under any operations", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const passing = new PassingMap<number, number>();
      const plain = new Map<number, number>();
      for (const { key, value, action } of all) {
        if (action === "set") {
          passing.set(key, value);
          plain.set(key, value);
        } else if (action === "delete") assert.equal(passing.delete(key), plain.delete(key));
        else
          assert.deepEqual([passing.get(key), passing.has(key)], [plain.get(key), plain.has(key)]);
        assert.equal(passing.size, plain.size);
      }
      assert.deepEqual([...passing.keys()], [...plain.keys()]);
      assert.deepEqual([...passing.values()], [...plain.values()]);
    }),
  );
});
