/** Tests reading and printing the calls that budgets refused. */

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

/** A control plane with the given number of refused calls, which honours `limit`. */
function withRefused(count: number): Connection {
  const request = async (_: string, path: string) => {
    const query = new URL(path, "http://127.0.0.1").searchParams;
    const from = Number(query.get("cursor") ?? 0);
    const to = Math.min(count, from + Number(query.get("limit")));
    const data = Array.from({ length: to - from }, (_one, index) => call(from + index));
    return { status: 200, json: { data, next_cursor: to < count ? String(to) : null }, text: "" };
  };
  return {
    mode: "server",
    where: "here",
    request,
    download: () => Promise.reject(new Error("unused")),
    close: async () => {},
  };
}

test("the requested number of refused calls is read over several pages, and a note says if there are more", async () => {
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
    assert.equal(/Older calls are left out: --top \d+ shows more/.test(text), count > read);
  }
});

test("an empty list mentions a range only if there was one, and times have milliseconds", () => {
  assert.equal(
    refusedText({ calls: [], hasMore: false }, { output, isRanged: false }),
    "No calls were refused.\n",
  );
  assert.equal(
    refusedText({ calls: [], hasMore: false }, { output, isRanged: true }),
    "No calls were refused in this range.\n",
  );
  const text = refusedText(
    { calls: [call(0), call(1)], hasMore: false },
    { output, isRanged: false },
  );
  assert.match(text, /10:00:00\.000Z [^]*10:00:00\.250Z /);
});
