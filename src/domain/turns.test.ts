/** Tests that long work leaves turns of the event loop to others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { mapInTurns, sortInTurns, Turns } from "./turns.ts";

test("a turn ends after a millisecond of its clock, not after a number of steps", async () => {
  let now = 0;
  const turns = new Turns(() => now);
  let taken = 0;
  for (let step = 0; step < 12; step++) {
    if (turns.isOver) {
      await turns.next();
      taken += 1;
    }
    now += step < 8 ? 0.25 : 1;
  }
  // Eight steps of a quarter take two turns; each of the four others takes one.
  assert.equal(taken, 6);
});

test("of all that wait, only one continues in a turn of the event loop, in order", async () => {
  const turns = new Turns(() => 0);
  let loops = 0;
  let isOver = false;
  const count = (): void => {
    loops += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const seen: (readonly [string, number])[] = [];
  const wait = async (name: string): Promise<void> => {
    await turns.next();
    seen.push([name, loops]);
  };
  await Promise.all([wait("a"), wait("b"), wait("c")]);
  isOver = true;
  assert.deepEqual(seen, [
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ]);
});

test("mapping and sorting in turns have the results of doing it at once", async () => {
  const items = fc.array(fc.tuple(fc.nat(40), fc.nat()), { maxLength: 2000, size: "max" });
  const compare = ([left]: readonly number[], [right]: readonly number[]): number =>
    (left ?? 0) - (right ?? 0);
  await fc.assert(
    fc.asyncProperty(items, async (all) => {
      assert.deepEqual(await sortInTurns(all, compare), all.toSorted(compare));
      assert.deepEqual(
        await mapInTurns(all, ([item], index) => item - index),
        all.map(([item], index) => item - index),
      );
    }),
    { numRuns: 40 },
  );
});
