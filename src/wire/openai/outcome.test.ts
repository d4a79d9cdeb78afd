/** Tests failed or partial answers with status 200: errors, beginnings, zeros. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chatMeter,
  chunk,
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

const anError = {
  error: { message: "no more of this ".repeat(20), type: "server_error", code: 500 },
};

test("an answer with only an error has no text, whatever its message", () => {
  for (const body of [
    anError,
    [anError],
    { error: "no such model" },
    { ...anError, choices: [] },
  ]) {
    const { reading } = run(meterOf("/chat/completions", {}, false), JSON.stringify(body));
    assert.deepEqual([reading.parts, reading.passedBytes], [[], 0], JSON.stringify(body));
    assert.deepEqual(
      reading.flags.toSorted(),
      ["provider_error", "usage_missing"],
      JSON.stringify(body),
    );
  }
  const failed = { ...created.response, status: "failed", ...anError, output: [], usage: null };
  const { reading } = run(meterOf("/responses", {}, false), JSON.stringify(failed));
  assert.deepEqual(
    [reading.passedBytes, reading.flags.toSorted()],
    [0, ["provider_error", "usage_missing"]],
  );
});

test("an error in a stream is recognised as its only event, as its first, and after text", () => {
  const role = chunk({ role: "assistant", content: "" });
  const ended = chunk(
    { content: "" },
    { choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }] },
  );
  for (const list of [
    [anError],
    [anError, "[DONE]"],
    [role, anError],
    [role, ended, "[DONE]"],
    [role, { ...ended, ...anError }],
  ]) {
    const { reading } = run(chatMeter(), data(...list));
    assert.deepEqual(
      [reading.passedBytes, reading.flags.toSorted()],
      [0, ["provider_error", "usage_missing"]],
      JSON.stringify(list),
    );
  }
  assert.ok(run(chatMeter(), data([anError])).reading.flags.includes("provider_error"));
  const behind = run(chatMeter(), data(...text, anError)).reading;
  assert.deepEqual(
    [behind.passedBytes > 0, behind.flags.toSorted()],
    [true, ["provider_error", "usage_missing"]],
  );

  const typed = { type: "error", code: "server_error", message: "no", sequence_number: 1 };
  const failed = closing("failed", { usage: null, ...anError });
  for (const list of [
    [created, typed],
    [typed],
    [created, failed],
    [created, { type: "response.x", ...anError }],
  ]) {
    const { reading } = run(meterOf("/responses"), events(...(list as readonly object[])));
    assert.deepEqual(
      [reading.passedBytes, reading.flags.toSorted()],
      [0, ["provider_error", "usage_missing"]],
      JSON.stringify(list),
    );
  }
});

test("an error outside an event is recognised too: bare, on several lines, after its own field", () => {
  for (const stray of [JSON.stringify(anError), JSON.stringify(anError, null, 2)]) {
    for (const meter of [chatMeter(), meterOf("/responses")]) {
      const { passed, reading } = run(meter, stray);
      assert.deepEqual(
        [passed, reading.flags.toSorted()],
        [stray, ["provider_error", "usage_missing"]],
        stray,
      );
    }
  }
  for (const stray of [JSON.stringify([anError]), `error: ${JSON.stringify(anError.error)}\n\n`]) {
    const { passed, reading } = run(chatMeter(), stray);
    assert.deepEqual(
      [passed, reading.flags.toSorted()],
      [stray, ["provider_error", "usage_missing"]],
      stray,
    );
  }
  const groq = chunk({}, { x_groq: { id: "r", error: "over capacity" } });
  assert.ok(run(chatMeter(), data(groq)).reading.flags.includes("provider_error"));
});

test("an error without an `error` field is recognised in every stream, as its only event and after others", () => {
  const errors: readonly object[] = [
    { detail: "overloaded" },
    { detail: "a" },
    { code: 500, message: "overloaded" },
    { success: false, errors: [{ code: 1, message: "no" }], result: null },
    { base_resp: { status_code: 1002, status_msg: "no" } },
    { object: "error", message: "no", type: "InternalServerError", code: 500 },
  ];
  const role = chunk({ role: "assistant", content: "" });
  for (const error of errors) {
    const streams = [
      run(chatMeter(), data(error)),
      run(chatMeter(), data(role, error)),
      run(meterOf("/responses"), data(error)),
      run(meterOf("/responses"), data(created, error)),
      run(meterOf("/responses"), JSON.stringify(error)),
    ];
    for (const { reading } of streams)
      assert.deepEqual(
        reading.flags.toSorted(),
        ["provider_error", "usage_missing"],
        JSON.stringify(error),
      );
  }
  assert.ok(run(meterOf("/responses"), data([anError])).reading.flags.includes("provider_error"));
});

test("an event of a Responses stream with a message is not an error", () => {
  const item = {
    type: "message",
    id: "m1",
    status: "completed",
    role: "assistant",
    content: [{ type: "output_text", text: "Hi" }],
  };
  const done = {
    type: "response.output_item.done",
    output_index: 0,
    item,
    message: "of no known event",
    sequence_number: 4,
  };
  for (const event of [
    done,
    { message: "of no known event", type: done.type, item },
    { type: "keepalive", sequence_number: 4 },
  ]) {
    const { flags } = run(
      meterOf("/responses"),
      data(created, event, closing("completed", { usage: responsesUsage })),
    ).reading;
    assert.deepEqual(flags, [], JSON.stringify(event));
  }
});

test("text about an error is not an error", () => {
  const quoted = chunk({ content: '{"error": {"type": "error"}}' });
  assert.deepEqual(run(chatMeter(), data(...text, quoted, usageChunk, "[DONE]")).reading.flags, []);
  const said = { ...delta, delta: '"error"' };
  assert.deepEqual(
    run(
      meterOf("/responses"),
      events(created, said, closing("completed", { usage: responsesUsage, error: null })),
    ).reading.flags,
    [],
  );
  const body = JSON.stringify({
    model: "m",
    choices: [{ message: { content: '"error":{' }, finish_reason: "stop" }],
    usage,
  });
  assert.deepEqual(run(meterOf("/chat/completions", {}, false), body).reading.flags, []);
});

test("a running total does not cover the output after it if the stream breaks off", () => {
  const running = chunk(
    { content: "a" },
    { usage: { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 } },
  );
  const broken = run(chatMeter(), data(running, chunk({ content: "much more text" }))).reading;
  assert.deepEqual([broken.parts[0]?.usage, broken.partial], [{ input: 10, output: 1 }, true]);
  const ended = run(chatMeter(), data(running, chunk({ content: "b" }, { usage }))).reading;
  assert.deepEqual([ended.parts[0]?.usage, ended.partial], [{ input: 10, output: 3 }, undefined]);
});

test("a whole answer without counted output reports the size of its text, and an empty one reports none", () => {
  const zero = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const bytesOf = (path: string, body: object): number =>
    run(meterOf(path, {}, false), JSON.stringify({ model: "m", usage: zero, ...body })).reading
      .passedBytes;
  const call = { id: "c", type: "function", function: { name: "find", arguments: '{"a":1}' } };
  assert.equal(
    bytesOf("/chat/completions", {
      choices: [{ message: { role: "assistant", content: "word" } }],
    }),
    4,
  );
  assert.ok(
    bytesOf("/chat/completions", {
      choices: [{ message: { role: "assistant", content: null, tool_calls: [call] } }],
    }) > 0,
  );
  assert.equal(
    bytesOf("/chat/completions", {
      choices: [{ message: { role: "assistant", content: "" }, finish_reason: "stop" }],
    }),
    0,
  );
  assert.equal(bytesOf("/completions", { choices: [{ text: "word" }] }), 4);
  const message = {
    type: "message",
    id: "m1",
    status: "completed",
    content: [{ type: "output_text", text: "word", annotations: [] }],
  };
  assert.equal(bytesOf("/responses", { output: [message] }), 4);
  assert.ok(
    bytesOf("/responses", {
      output: [{ type: "function_call", id: "f", status: "completed", arguments: '{"a":1}' }],
    }) > 0,
  );
  assert.equal(bytesOf("/responses", { output: [] }), 0);
  assert.equal(bytesOf("/embeddings", { data: [{ embedding: [1, 2] }] }), 0);
});
