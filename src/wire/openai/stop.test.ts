/** Tests that the end of a cut stream closes everything open at the caller, and nothing else. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { plainCut } from "../answer/feed.test-kit.ts";
import type { Cut } from "../wire.ts";
import { openaiWire } from "./wire.ts";

const wire = openaiWire();

/** Of an event, the fields that are looked at: each has some of them. */
interface Event {
  readonly type: string;
  readonly sequence_number?: number;
  readonly choices?: readonly {
    readonly index: number;
    readonly finish_reason: string;
    readonly delta: object;
  }[];
  readonly usage?: Readonly<Record<string, number>>;
  readonly error?: { readonly message: string; readonly code: string };
  readonly message?: string;
  readonly text?: string;
  readonly item?: object;
  readonly response?: {
    readonly output: readonly Item[];
    readonly usage?: { readonly input_tokens: number; readonly output_tokens: number };
    readonly incomplete_details?: object;
  };
}

interface Item {
  readonly status?: string;
  readonly content?: readonly { readonly text: string }[];
}

interface CutStream {
  readonly path: string;
  readonly body?: object;
  readonly passed: readonly object[];
  /** Read from the provider, and not passed on any more. */
  readonly withheld?: readonly object[];
  readonly cut?: Partial<Cut>;
}

/** The events that end the stream. */
function ending({ path, body = {}, passed, withheld = [], cut = {} }: CutStream): readonly Event[] {
  const endpoint = wire.endpoint("POST", path);
  const { facts } = wire.read(
    endpoint,
    Buffer.from(JSON.stringify({ model: "m", stream: true, ...body })),
  );
  const meter = wire.meter(endpoint, { stream: true, facts });
  const push = (events: readonly object[]): void => {
    for (const event of events) meter.push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`));
  };
  push(passed);
  meter.passed();
  push(withheld);
  const text = Buffer.from(meter.stop({ ...plainCut, ...cut })).toString();
  assert.doesNotMatch(text, /^:/m, "there is no comment");
  return [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json = ""]) => JSON.parse(json) as Event);
}

describe("a cut chat stream", () => {
  const delta = (index: number, fields: object, reason: string | null = null) => ({
    id: "c",
    choices: [{ index, delta: fields, finish_reason: reason }],
  });
  const reasonsOf = (events: readonly Event[]): unknown =>
    events[0]?.choices?.map(({ index, finish_reason: reason }) => [index, reason]);

  test("ends each open choice, with its role if it has not begun", () => {
    const events = ending({
      path: "/chat/completions",
      body: { n: 3 },
      passed: [
        delta(0, { role: "assistant", content: "a" }),
        delta(1, { role: "assistant", content: "b" }),
        delta(1, {}, "stop"),
      ],
    });
    assert.deepEqual(reasonsOf(events), [
      [0, "length"],
      [2, "length"],
    ]);
    const choices = events[0]?.choices as readonly { delta: object }[];
    assert.deepEqual(
      choices.map(({ delta }) => delta),
      [{}, { role: "assistant", content: "" }],
    );
  });

  test("ends an open tool call, and nothing that the provider has ended", () => {
    const call = {
      tool_calls: [
        { index: 0, id: "t", function: { name: "f", arguments: '{"finish_reason":"no' } },
      ],
    };
    assert.deepEqual(reasonsOf(ending({ path: "/chat/completions", passed: [delta(0, call)] })), [
      [0, "length"],
    ]);
    const ended = ending({
      path: "/chat/completions",
      passed: [delta(0, call), delta(0, {}, "tool_calls")],
    });
    assert.deepEqual(
      ended.map((event) => Object.keys(event)),
      [["error", "purser"]],
    );
  });

  test("ends a choice whose end was read but not passed on", () => {
    const begun = delta(0, { role: "assistant", content: "a" });
    assert.deepEqual(
      reasonsOf(
        ending({ path: "/chat/completions", passed: [begun], withheld: [delta(0, {}, "stop")] }),
      ),
      [[0, "length"]],
    );
  });

  test("reports the usage charged, then the reason as an error", () => {
    const body = { stream_options: { include_usage: true } };
    const events = ending({
      path: "/chat/completions",
      body,
      passed: [delta(0, { content: "a" })],
    });
    const [, { usage } = {}, { error } = {}] = events as readonly Partial<Event>[];
    assert.deepEqual(
      [usage?.["prompt_tokens"], usage?.["completion_tokens"], usage?.["total_tokens"]],
      [12, 7, 19],
    );
    assert.deepEqual([error?.message, error?.code], ["no more", "budget_exhausted"]);
  });
});

describe("a cut Responses stream", () => {
  const response = { id: "r", object: "response", model: "m", status: "in_progress", output: [] };
  const created = { type: "response.created", sequence_number: 0, response };
  const added = (index: number, item: object) => ({
    type: "response.output_item.added",
    output_index: index,
    item,
  });
  const message = {
    id: "msg",
    type: "message",
    role: "assistant",
    status: "in_progress",
    content: [],
  };
  const at = { item_id: "msg", output_index: 0, content_index: 0 };
  const textOf = (delta: string) => ({ type: "response.output_text.delta", ...at, delta });
  const begun = [
    created,
    added(0, message),
    { type: "response.content_part.added", ...at, part: { type: "output_text", text: "" } },
  ];
  const outputOf = (events: readonly Event[]) => events.at(-1)?.response?.output ?? [];

  /** What comes before the error, by type. */
  function closers(events: readonly Event[]): readonly string[] {
    assert.deepEqual(
      events.slice(-2).map(({ type }) => type),
      ["error", "response.incomplete"],
    );
    return events.slice(0, -2).map(({ type }) => type);
  }

  test("closes its text, part and item as incomplete, with the text passed on", () => {
    const passed = [...begun, textOf('a "quoted" \n'), textOf("é漢")];
    const events = ending({ path: "/responses", passed, withheld: [textOf(" never seen")] });
    assert.deepEqual(closers(events), [
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
    ]);
    assert.equal(events[0]?.text, 'a "quoted" \né漢');
    const [item] = outputOf(events);
    assert.equal(item?.status, "incomplete");
    assert.equal(item?.content?.[0]?.text, 'a "quoted" \né漢');
    assert.deepEqual(events[2]?.item, item);
  });

  test("keeps an open function call, with its arguments so far", () => {
    const call = {
      id: "fc",
      type: "function_call",
      call_id: "c",
      name: "f",
      arguments: "",
      status: "in_progress",
    };
    const piece = {
      type: "response.function_call_arguments.delta",
      item_id: "fc",
      output_index: 0,
      delta: '{"city":"Be',
    };
    const events = ending({ path: "/responses", passed: [created, added(0, call), piece] });
    assert.deepEqual(closers(events), [
      "response.function_call_arguments.done",
      "response.output_item.done",
    ]);
    assert.deepEqual(outputOf(events), [
      { ...call, arguments: '{"city":"Be', status: "incomplete" },
    ]);
  });

  test("closes reasoning and its summary, several items at once, and only their open parts", () => {
    const reasoning = { id: "rs", type: "reasoning", summary: [] };
    const where = { item_id: "rs", output_index: 0, summary_index: 0 };
    const search = { id: "ws", type: "web_search_call", status: "in_progress" };
    const passed = [
      created,
      added(0, reasoning),
      {
        type: "response.reasoning_summary_part.added",
        ...where,
        part: { type: "summary_text", text: "" },
      },
      { type: "response.reasoning_summary_text.delta", ...where, delta: "thinks" },
      { type: "response.reasoning_summary_text.done", ...where, text: "thinks" },
      added(1, search),
    ];
    const events = ending({ path: "/responses", passed });
    assert.deepEqual(closers(events), [
      "response.reasoning_summary_part.done",
      "response.output_item.done",
      "response.output_item.done",
    ]);
    assert.deepEqual(outputOf(events), [
      { ...reasoning, summary: [{ type: "summary_text", text: "thinks" }], status: "incomplete" },
      { ...search, status: "incomplete" },
    ]);
  });

  test("leaves ended items unchanged, and closes custom tools, code and refusals too", () => {
    const done = {
      type: "response.output_item.done",
      output_index: 0,
      item: { ...message, status: "completed" },
    };
    const strands = [
      [
        "custom_tool_call_input",
        { id: "x", type: "custom_tool_call", name: "f", input: "" },
        "input",
      ],
      ["code_interpreter_call_code", { id: "x", type: "code_interpreter_call", code: "" }, "code"],
      ["mcp_call_arguments", { id: "x", type: "mcp_call", arguments: "" }, "arguments"],
    ] as const;
    for (const [name, item, field] of strands) {
      const piece = {
        type: `response.${name}.delta`,
        item_id: "x",
        output_index: 1,
        delta: "so far",
      };
      const events = ending({
        path: "/responses",
        passed: [...begun, textOf("t"), done, added(1, item), piece],
      });
      assert.deepEqual(closers(events), [`response.${name}.done`, "response.output_item.done"]);
      assert.deepEqual(outputOf(events), [
        done.item,
        { ...item, [field]: "so far", status: "incomplete" },
      ]);
    }
    const refusal = { type: "response.refusal.delta", ...at, delta: "I can" };
    const events = ending({ path: "/responses", passed: [created, added(0, message), refusal] });
    assert.deepEqual(closers(events), ["response.refusal.done", "response.output_item.done"]);
  });

  test("continues the event numbers, and reports the usage charged and the reason to each kind of client", () => {
    const events = ending({ path: "/responses", passed: [...begun, textOf("t")] });
    assert.deepEqual(
      events.map((event) => event.sequence_number),
      [4, 5, 6, 7, 8],
    );
    const last = events.at(-1)?.response;
    assert.deepEqual([last?.usage?.input_tokens, last?.usage?.output_tokens], [12, 7]);
    assert.deepEqual(last?.incomplete_details, { reason: "max_output_tokens" });
    const error = events.at(-2);
    assert.deepEqual([error?.message, error?.error?.message], ["no more", "no more"]);
    const shown = ending({ path: "/responses", passed: begun, cut: { showsOnlyReason: true } });
    assert.deepEqual(shown.at(-1)?.response?.incomplete_details, { reason: "no more" });
  });

  test("is not closed after it has ended", () => {
    const completed = {
      type: "response.completed",
      response: { ...response, status: "completed", usage: null },
    };
    assert.deepEqual(ending({ path: "/responses", passed: [created, completed] }), []);
  });
});
