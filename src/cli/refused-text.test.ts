import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connection } from "./connection.ts";
import { readRefused, type RefusedCall, refusedText } from "./refused-text.ts";
import { outputOn } from "./terminal/screen.ts";

const output = outputOn({ write: () => {} }, { environment: {} });

const call = (index: number): RefusedCall => ({
  operation_id: `op-${index}`,
  started_at: index === 0 ? "2026-11-01T10:00:00Z" : "2026-11-01T10:00:00.25Z",
  provider: "openai",
  requested_model: "m",
  attribution: {},
  refusal: { reason: "exhausted", budget_id: "b" },
});

/** A control plane with so many refused calls, which gives pages as large as they are asked for. */
function withRefused(count: number): Connection {
  const request = async (_: string, path: string) => {
    const query = new URL(path, "http://127.0.0.1").searchParams;
    const from = Number(query.get("cursor") ?? 0);
    const to = Math.min(count, from + Number(query.get("limit")));
    const data = Array.from({ length: to - from }, (_one, index) => call(from + index));
    return { status: 200, json: { data, next_cursor: to < count ? String(to) : null }, text: "" };
  };
  return { mode: "server", where: "here", request, close: async () => {} };
}

test("as many refused calls are read as were asked for, over several pages, and that there are more is said", async () => {
  for (const [count, top, read] of [
    [36, 20, 20],
    [20, 20, 20],
    [1300, 1200, 1200],
    [1300, 2000, 1300],
    [0, 20, 0],
  ] as const) {
    const refused = await readRefused(withRefused(count), { top });
    assert.deepEqual([refused.calls.length, refused.hasMore], [read, count > read]);
    const text = refusedText(refused, { output, isRanged: false });
    assert.equal(/Older ones are left out: --top \d+ shows more/.test(text), count > read);
  }
});

test("a range is named where one was asked for only, and times have their zeros", () => {
  assert.equal(
    refusedText({ calls: [], hasMore: false }, { output, isRanged: false }),
    "No call was refused.\n",
  );
  assert.equal(
    refusedText({ calls: [], hasMore: false }, { output, isRanged: true }),
    "No call was refused in this range.\n",
  );
  const text = refusedText(
    { calls: [call(0), call(1)], hasMore: false },
    { output, isRanged: false },
  );
  assert.match(text, /10:00:00\.000Z [^]*10:00:00\.250Z /);
});
