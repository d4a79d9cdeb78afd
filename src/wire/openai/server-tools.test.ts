/** Tests which calls of the provider's own tools are billed, in bodies, streams and cut streams. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chatMeter,
  closing,
  created,
  data,
  delta,
  events,
  meterOf,
  responsesUsage,
  run,
  text,
  usage,
  usageChunk,
} from "./stream.test-kit.ts";

const search = (id: string, type?: string): object => ({
  type: "web_search_call",
  id,
  status: "completed",
  ...(type !== undefined && { action: { type } }),
});
const code = (id: string, container_id: string): object => ({
  type: "code_interpreter_call",
  id,
  status: "completed",
  container_id,
});

const toolCalls = [
  search("w1", "search"),
  search("w2", "open_page"),
  search("w3", "find_in_page"),
  search("w4", "search"),
  search("w5"),
  { ...search("w6", "search"), status: "failed" },
  { type: "file_search_call", id: "f1", status: "completed", queries: ["a", "b"] },
  { type: "file_search_call", id: "f2", status: "completed", queries: ["c"] },
  code("i1", "cntr_1"),
  code("i2", "cntr_1"),
  code("i3", "cntr_2"),
  {
    type: "shell_call",
    id: "s1",
    status: "completed",
    environment: { type: "container_reference", container_id: "cntr_2" },
  },
  { type: "shell_call", id: "s2", status: "completed", environment: { type: "local" } },
  { type: "message", content: [] },
];
const billed = { web_search: 3, file_search: 2, code_execution: 2 };

test("only the searches of web search and the containers of code are billed, each once, in bodies and streams", () => {
  const counted = { input: 15, cache_read: 5, output: 4, ...billed };
  const output = [...toolCalls, search("w1", "search")];
  assert.deepEqual(
    run(
      meterOf("/responses"),
      events(created, closing("completed", { output, usage: responsesUsage })),
    ).reading.parts[0]?.usage,
    counted,
  );
  const whole = JSON.stringify({ ...created.response, output, usage: responsesUsage });
  assert.deepEqual(run(meterOf("/responses", {}, false), whole).reading.parts[0]?.usage, counted);
});

test("a cut stream is billed for the searches that have ended; a closing list replaces them", () => {
  const passed = toolCalls.flatMap((item) => {
    const { type, id } = item as { readonly type: string; readonly id?: string };
    const ended = { type: `response.${type}.completed`, item_id: id, output_index: 0 };
    return [
      ...(type === "web_search_call" ? [ended] : []),
      { type: "response.output_item.done", output_index: 0, item },
    ];
  });
  const cut = run(meterOf("/responses"), events(created, ...passed, delta)).reading;
  assert.deepEqual([cut.parts, cut.partial], [[{ model: "served", usage: billed }], true]);
  const unlisted = { type: "response.web_search_call.completed", item_id: "w9", output_index: 0 };
  assert.deepEqual(run(meterOf("/responses"), events(created, unlisted)).reading.parts[0]?.usage, {
    web_search: 1,
  });
  const end = closing("completed", { output: [search("w1", "search")], usage: responsesUsage });
  assert.equal(
    run(meterOf("/responses"), events(created, ...passed, end)).reading.parts[0]?.usage.web_search,
    1,
  );
});

test("opening or searching a page is not a search, wherever the action is reported", () => {
  for (const action of ["open_page", "find_in_page"]) {
    const item = search("w1", action);
    const ended = { type: "response.web_search_call.completed", item_id: "w1", output_index: 0 };
    const done = { type: "response.output_item.done", output_index: 0, item };
    const end = closing("completed", { output: [item], usage: responsesUsage });
    for (const passed of [
      [ended, done, end],
      [ended, end],
      [done, end],
      [ended, done, closing("completed", { usage: responsesUsage })],
    ]) {
      const { reading } = run(meterOf("/responses"), events(created, ...passed));
      assert.deepEqual(
        reading.parts[0]?.usage,
        { input: 15, cache_read: 5, output: 4 },
        `${action} ${JSON.stringify(passed)}`,
      );
    }
    assert.deepEqual(
      run(meterOf("/responses"), events(created, ended, done, delta)).reading.parts,
      [],
      "cut",
    );
  }
});

test("xAI's own count of its tools takes precedence over the answer's items", () => {
  const output = [search("w1"), search("w2"), search("w3")];
  const counted = {
    ...responsesUsage,
    server_side_tool_usage_details: { web_search_calls: 0, x_search_calls: 2 },
  };
  const { reading } = run(
    meterOf("/responses"),
    events(created, closing("completed", { output, usage: counted })),
  );
  assert.deepEqual(reading.parts[0]?.usage, { input: 15, cache_read: 5, output: 4, web_search: 2 });
});

test("chat models that search in every call have one unreported search each", () => {
  for (const model of [
    "gpt-4o-mini-search-preview",
    "openai/gpt-4o-search-preview-2025-03-11",
    "gpt-5-search-api",
  ]) {
    const body = JSON.stringify({
      model: "served",
      choices: [{ message: { content: "x" } }],
      usage,
    });
    const whole = run(meterOf("/chat/completions", { model }, false), body).reading;
    assert.deepEqual(whole.parts[0]?.usage, { input: 10, output: 3, web_search: 1 }, model);
    const streamed = run(chatMeter(true, { model }), data(...text, usageChunk, "[DONE]")).reading;
    assert.deepEqual(streamed.parts[0]?.usage, { input: 10, output: 3, web_search: 1 }, model);
    const cut = run(chatMeter(true, { model }), data(...text)).reading;
    assert.deepEqual([cut.parts[0]?.usage, cut.partial], [{ web_search: 1 }, true], model);
  }
});
