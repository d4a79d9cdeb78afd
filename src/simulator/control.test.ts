/** The `/sim/` API: books and faults, and the simulator as a process. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, test } from "node:test";
import * as fc from "fast-check";
import { Books, countNames, noCounts, type BookKind } from "./books.ts";
import { startSimulator } from "./simulator.ts";

const simulator = await startSimulator({ faults: [{ fault: "503", share: 1 }] });
after(() => simulator.close());

async function ask(
  method: string,
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly json: Record<string, unknown> }> {
  const answer = await fetch(simulator.url + path, {
    method,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

const chat = (content: string) =>
  ask("POST", "/v1/chat/completions", { model: "m", messages: [{ role: "user", content }] });

test("faults set at start apply until they are removed, and a directive overrides them", async () => {
  assert.equal((await chat("hi")).status, 503);
  assert.equal((await chat("[[sim fault=none]]")).status, 200);
  assert.equal(
    (await ask("POST", "/sim/faults", { faults: [{ fault: "429:1", share: 1 }], seed: 3 })).status,
    200,
  );
  assert.equal((await chat("hi")).status, 429);
  await ask("DELETE", "/sim/faults");
  assert.equal((await chat("hi")).status, 200);
});

test("invalid faults are refused and change nothing", async () => {
  for (const faults of [
    [{ fault: "nothing", share: 1 }],
    [{ fault: "429", share: 2 }],
    [{ fault: "429" }],
    "429",
  ]) {
    assert.equal((await ask("POST", "/sim/faults", { faults })).status, 400);
  }
  assert.equal((await chat("hi")).status, 200);
});

test("the books can be paged, searched by tag, summed by model and cleared", async () => {
  await ask("DELETE", "/sim/books");
  for (const tag of ["a", "b", "b"]) await chat(`[[sim input=2 cached=3 output=4 tag=${tag}]]`);
  await ask("POST", "/anthropic/v1/messages", {
    model: "m",
    max_tokens: 9,
    messages: [],
    sim: { input: 7, output: 1 },
    metadata: { user_id: "u1" },
  });
  await chat("[[sim fault=500]]");

  const first = await ask("GET", "/sim/books?limit=2");
  assert.equal((first.json["data"] as unknown[]).length, 2);
  assert.equal(first.json["next_cursor"], "2");
  const rest = await ask("GET", "/sim/books?limit=9&after=2");
  assert.equal((rest.json["data"] as unknown[]).length, 3);
  assert.equal(rest.json["next_cursor"], null);
  assert.equal(((await ask("GET", "/sim/books?tag=b")).json["data"] as unknown[]).length, 2);
  assert.equal(((await ask("GET", "/sim/books?tag=u1")).json["data"] as unknown[]).length, 1);
  assert.equal((await ask("GET", "/sim/books?limit=x")).status, 400);

  const { json } = await ask("GET", "/sim/books/summary");
  assert.deepEqual([json["calls"], json["billed"], json["not_billed"]], [5, 4, 1]);
  const [openai, anthropic] = json["models"] as Record<string, unknown>[];
  assert.deepEqual(
    [openai?.["calls"], openai?.["input"], openai?.["cache_read"], openai?.["output"]],
    [4, 6, 9, 12],
  );
  assert.deepEqual(
    [anthropic?.["provider"], anthropic?.["input"], anthropic?.["output"]],
    ["anthropic", 7, 1],
  );

  await ask("DELETE", "/sim/books");
  assert.equal(simulator.books.size, 0);
});

test("a call is found by metadata.purser_call, then by user", async () => {
  const body = { model: "m", messages: [], user: "u" };
  await ask("POST", "/v1/chat/completions", body);
  await ask("POST", "/v1/chat/completions", { ...body, metadata: { purser_call: "p" } });
  assert.deepEqual(
    simulator.books.rows().map((row) => row.tag),
    ["u", "p"],
  );
});

test("unknown paths and methods and invalid bodies are refused in the format of the path", async () => {
  assert.equal((await ask("POST", "/openai/v1/nothing", {})).status, 404);
  assert.equal((await ask("GET", "/sim/nothing")).status, 404);
  assert.equal((await ask("POST", "/anthropic/v1/nothing", {})).json["type"], "error");
  assert.equal((await ask("GET", "/v1/chat/completions")).status, 404);
  const broken = await fetch(`${simulator.url}/v1/messages`, { method: "POST", body: "{" });
  assert.equal(broken.status, 400);
  assert.equal(((await broken.json()) as { type: string }).type, "error");
});

test("a body over the limit is refused with 413", async () => {
  const small = await startSimulator({ maxBodyBytes: 10 });
  const answer = await fetch(`${small.url}/v1/messages`, { method: "POST", body: "x".repeat(11) });
  assert.equal(answer.status, 413);
  await small.close();
});

test("an option out of range is refused by name", async () => {
  await assert.rejects(startSimulator({ latencyMs: -1 }), /latencyMs/);
  await assert.rejects(startSimulator({ tokensPerChunk: 0 }), /tokensPerChunk/);
  await assert.rejects(startSimulator({ faults: [{ fault: "429", share: 7 }] }), /share/);
});

const kinds: readonly BookKind[] = [
  { wire: "openai", provider: "openai", endpoint: "chat", model: "a", idPrefix: "chatcmpl-sim-" },
  { wire: "openai", provider: "openai", endpoint: "chat", model: "b", idPrefix: "chatcmpl-sim-" },
  {
    wire: "anthropic",
    provider: "anthropic",
    endpoint: "messages",
    model: "a",
    idPrefix: "msg_sim_",
  },
];

test("rows are returned as written, and the summary is their sum", () => {
  const count = fc.integer({ min: 0, max: 20_000_000 });
  const entry = fc.record({
    number: fc.integer({ min: 1, max: 2_000_000_000 }),
    kind: fc.constantFrom(...kinds),
    at: fc.integer({ min: 1, max: 2_000_000_000_000 }),
    status: fc.constantFrom(0, 200, 429),
    counts: fc.record({
      input: count,
      cache_read: count,
      cache_write_5m: count,
      cache_write_1h: count,
      output: count,
      reasoning: count,
      web_search: count,
    }),
    billed: fc.boolean(),
    finished: fc.boolean(),
    cutAt: fc.option(count),
    tag: fc.option(fc.string()),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
      const books = new Books();
      for (const one of entries) books.append(one);
      const rows = books.rows();
      assert.equal(rows.length, entries.length);
      rows.forEach((row, index) => {
        const one = entries[index];
        assert.ok(one);
        const { idPrefix, ...kind } = one.kind;
        const { number, counts, cutAt, kind: _, ...rest } = one;
        assert.deepEqual(row, {
          id: `${idPrefix}${number}`,
          request_id: `req_sim_${number}`,
          ...kind,
          ...counts,
          ...rest,
          cut_at: cutAt,
        });
      });
      const summary = books.summary();
      assert.equal(summary.calls, entries.length);
      for (const name of countNames) {
        const sum = summary.models.reduce((total, model) => total + model[name], 0);
        assert.equal(
          sum,
          rows.reduce((total, row) => total + row[name], 0),
        );
      }
    }),
    { numRuns: 50 },
  );
});

test("books keep many blocks of rows in order", () => {
  const books = new Books();
  const [kind] = kinds;
  assert.ok(kind);
  const entry = {
    kind,
    at: 1,
    status: 200,
    counts: noCounts,
    billed: true,
    finished: true,
    cutAt: null,
    tag: null,
  };
  for (let number = 1; number <= 10_000; number++) books.append({ ...entry, number });
  assert.deepEqual(
    books.rows(4095, 2).map((row) => row.id),
    ["chatcmpl-sim-4096", "chatcmpl-sim-4097"],
  );
  assert.equal(books.rows(9_999, 10).length, 1);
});

test("the process prints its URL, serves, and exits with code 0 on SIGTERM", async () => {
  const main = new URL("main.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [main, "--output-tokens", "3", "--fault", "429@0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }] });
  const answer = (await (
    await fetch(`${url}/v1/chat/completions`, { method: "POST", body })
  ).json()) as {
    usage: { completion_tokens: number };
  };
  assert.equal(answer.usage.completion_tokens, 3);
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
});

test("the process exits with code 2 on invalid usage", async () => {
  const main = new URL("main.ts", import.meta.url).pathname;
  for (const wrong of [["--nothing"], ["--port", "x"], ["--fault", "nothing"]]) {
    const child = spawn(process.execPath, [main, ...wrong], { stdio: "ignore" });
    assert.deepEqual(await once(child, "exit"), [2, null], wrong.join(" "));
  }
});
