import assert from "node:assert/strict";
import { test } from "node:test";
import { Books } from "./books.ts";
import { noHistory } from "./past.ts";

test("a counter that was forgotten is one again, by whichever key it is asked for", () => {
  const books = new Books(noHistory);
  const key = { budgetId: "all", value: "main", windowStart: 0, windowEnd: 10, currency: "USD" } as const;
  books.counter(key);
  books.forgetIdleCounters(10);
  assert.deepEqual([...books.counters()], []);
  assert.equal(books.counter({ ...key }), books.counter(key));
});
