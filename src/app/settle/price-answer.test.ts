/** Tests what a call costs: which figure is charged, and what is not billed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatUsd, pico } from "../../domain/money/money.ts";
import type { UsageFlag } from "../../domain/usage/usage.ts";
import { unresolvedOutcome } from "./unresolved-outcome.ts";
import {
  chat,
  counts,
  created,
  gemini,
  messages,
  ours,
  responses,
  settle,
  usd,
  type Scene,
} from "./price-answer.test-kit.ts";

test("a cost that the provider documents as billed is the charge; ours is kept too, and a difference is flagged", () => {
  const outcome = settle(chat({ ...counts, cost: 0.02021 }), { reportsBilledCost: true });
  assert.deepEqual(
    [usd(outcome), formatUsd(outcome.computedCost ?? assert.fail()), outcome.status, outcome.flags],
    ["0.02021", ours, "settled", ["cost_differs"]],
  );
  assert.deepEqual(outcome.charges, [
    { model: "m", meter: "reported_cost", quantity: 1, cost: outcome.reportedCost },
  ]);
  assert.deepEqual(outcome.usage, { input: 1000, output: 100 });
});

test("a billed cost equal to ours except for a float's last digits is not flagged", () => {
  for (const cost of ["0.002", "0.0020000000000000004", "0.002000000001"]) {
    const outcome = settle(chat({ ...counts, cost: Number(cost) }), { reportsBilledCost: true });
    assert.deepEqual(outcome.flags, [], cost);
  }
});

test("with the caller's own provider key, the upstream's bill is part of the spend; a fee alone is not the charge", () => {
  const own = { ...counts, cost: 0.0001, is_byok: true };
  assert.equal(
    usd(
      settle(chat({ ...own, cost_details: { upstream_inference_cost: 0.003 } }), {
        reportsBilledCost: true,
      }),
    ),
    "0.0031",
  );
  const feeOnly = settle(chat({ ...own, cost_details: { upstream_inference_cost: null } }), {
    reportsBilledCost: true,
  });
  assert.deepEqual([usd(feeOnly), feeOnly.flags], [ours, []]);
});

test("a model that charges for each image given is charged for those of the request", () => {
  const image = { type: "image_url", image_url: { url: "https://a.example/1.png" } };
  const request = { messages: [{ role: "user", content: [image, image] }] };
  const price = { input: "1", output: "10", meters: { input_images: "0.01" } };
  const outcome = settle(chat(counts), { request, price });
  assert.deepEqual([usd(outcome), outcome.status, outcome.flags], ["0.022", "settled", []]);
  assert.deepEqual(outcome.usage, { input: 1000, output: 100, input_images: 2 });
  assert.equal(usd(settle(chat(counts), { request })), ours, "no price for an image");
  const batch = { meters: { input_images: "0.01" } };
  const standard = settle(chat(counts), {
    request,
    price: { input: "1", output: "10", service_tiers: { batch } },
  });
  assert.deepEqual([usd(standard), standard.flags], [ours, []], "a price of batches only");
});

test("any other reported cost is recorded next to ours", () => {
  const outcome = settle(chat({ ...counts, cost: 0.02021 }));
  assert.deepEqual([usd(outcome), outcome.computedCost, outcome.flags], [ours, undefined, []]);
  assert.equal(formatUsd(outcome.reportedCost ?? assert.fail()), "0.02021");
});

test("without a price, the billed cost takes precedence over a budget's rates, and those over any other reported cost", () => {
  const fallback = { input: pico(1_000_000n), output: pico(1_000_000n) };
  const reported = chat({ ...counts, cost: 0.5 });
  const charged = (scene: Scene, answer = reported): readonly unknown[] => {
    const { cost, flags, charges } = settle(answer, { price: null, ...scene });
    return [formatUsd(cost.usd), flags, charges.map(({ meter }) => meter)];
  };
  assert.deepEqual(charged({ reportsBilledCost: true, fallback }), [
    "0.5",
    ["unpriced"],
    ["reported_cost"],
  ]);
  assert.deepEqual(charged({ reportsBilledCost: true }), ["0.5", ["unpriced"], ["reported_cost"]]);
  assert.deepEqual(charged({ fallback }), ["0.0011", ["unpriced"], ["input", "output"]]);
  assert.deepEqual(charged({}), ["0.5", ["unpriced"], ["reported_cost"]]);
  assert.deepEqual(charged({}, chat(counts)), ["0", ["unpriced"], []]);
});

test("a billed cost is charged even if the answer has no token counts", () => {
  const outcome = settle(chat({ cost: 0.0123 }), { reportsBilledCost: true });
  assert.deepEqual([usd(outcome), outcome.status], ["0.0123", "settled"]);
});

test("the cost in a running total is not that of a stream that broke off later", () => {
  const delta = (content: string, usage?: object): object => ({
    model: "m",
    choices: [{ index: 0, delta: { content } }],
    ...(usage && { usage }),
  });
  const outcome = settle(
    [
      delta("a", { prompt_tokens: 1000, completion_tokens: 1, cost: 0.0000001 }),
      delta("x".repeat(300)),
    ],
    {
      reportsBilledCost: true,
    },
  );
  assert.deepEqual(
    [usd(outcome), outcome.status],
    [formatUsd(pico(1000n * 1_000_000n + 101n * 10_000_000n)), "estimated"],
  );
});

test("an impossibly high billed cost is not believed", () => {
  const outcome = settle(chat({ ...counts, cost: 10_000 }), { reportsBilledCost: true });
  assert.deepEqual(
    [usd(outcome), outcome.status, outcome.flags],
    [ours, "estimated", ["usage_implausible", "cost_differs"]],
  );
});

const failure = { error: { message: "x".repeat(3000), type: "server_error", code: 500 } };
const anthropicFailure = {
  type: "error",
  error: { type: "overloaded_error", message: "x".repeat(3000) },
};
const opened = { model: "m", choices: [{ index: 0, delta: { role: "assistant", content: "" } }] };

test("an error with status 200 is not billed, in any format, streamed or not", () => {
  const answers: readonly (readonly [object | readonly object[], Scene])[] = [
    [failure, {}],
    [[failure], {}],
    [[opened, failure], {}],
    [[failure, failure], {}],
    [failure, { path: "/completions", request: { prompt: "p" } }],
    [failure, { path: "/embeddings", request: { input: "p" } }],
    [{ id: "r", model: "m", status: "failed", output: [], usage: null, ...failure }, responses],
    [[created, { type: "error", code: "server_error", message: "no" }], responses],
    [
      [
        created,
        {
          type: "response.failed",
          response: { ...created.response, status: "failed", ...failure },
        },
      ],
      responses,
    ],
    [{ object: "error", message: "no", type: "InternalServerError", code: 500 }, {}],
    [{ code: "InternalError", message: "no", request_id: "r" }, {}],
    [{ success: false, errors: [{ code: 1, message: "no" }], result: null }, {}],
    [{ id: "c", choices: null, base_resp: { status_code: 1002, status_msg: "no" } }, {}],
    [{ detail: "no" }, {}],
    [[{ object: "error", message: "no", code: 500 }], {}],
    [[opened, { code: 500, message: "no" }], {}],
    [
      {
        choices: [
          {
            index: 0,
            message: { content: "" },
            finish_reason: "error",
            error: { code: 502, message: "no" },
          },
        ],
      },
      {},
    ],
    [[failure], messages],
    [{ code: 500, message: "no" }, messages],
    [{ code: 500, message: "no" }, gemini],
    [anthropicFailure, messages],
    [[anthropicFailure], messages],
    [failure, gemini],
    [[failure], { ...gemini, path: "/v1beta/models/m:streamGenerateContent" }],
  ];
  for (const [answer, scene] of answers) {
    const { cost, charges, status, flags } = settle(answer, scene);
    const others = flags.filter((flag) => flag !== "unbilled" && flag !== "provider_error");
    assert.deepEqual(
      [cost, charges, status, others],
      [{ usd: 0n, tokens: 0n, requests: 0n }, [], "settled", []],
      JSON.stringify(answer),
    );
    assert.ok(
      flags.includes("unbilled") && flags.includes("provider_error"),
      JSON.stringify(answer),
    );
  }
});

test("an answer in the shape of an error is an error only if it has no output", () => {
  const answered = settle({
    ...chat(counts),
    base_resp: { status_code: 0, status_msg: "" },
    message: "ok",
    error: "",
  });
  assert.deepEqual([usd(answered), answered.flags], [ours, []]);
  const streamed = settle([
    { model: "m", message: { role: "assistant", content: "x".repeat(300) } },
  ]);
  assert.deepEqual(
    [streamed.usage.output, streamed.flags.includes("provider_error")],
    [100, false],
  );
});

test("a refusal that OpenRouter bills is charged", () => {
  const usage = { input_tokens: 5000, output_tokens: 0, cost: 0.025 };
  const answer = { type: "message", model: "m", content: [], stop_reason: "refusal", usage };
  const billed = settle(answer, { ...messages, reportsBilledCost: true });
  assert.deepEqual([usd(billed), billed.status], ["0.025", "settled"]);
  const free = settle(
    { ...answer, usage: { ...usage, cost: 0 } },
    { ...messages, reportsBilledCost: true },
  );
  assert.deepEqual([usd(free), free.flags], ["0", ["unbilled"]]);
});

test("a model that declined is the requested one if its pass does not name it", () => {
  const iterations = [
    { type: "message", input_tokens: 100, output_tokens: 50 },
    { type: "fallback_message", model: "served", input_tokens: 100, output_tokens: 90 },
  ];
  const usage = { input_tokens: 100, output_tokens: 90, iterations };
  const start = {
    type: "message_start",
    message: { id: "i", model: "served", usage: { input_tokens: 100, output_tokens: 1 } },
  };
  const end = [
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage },
    { type: "message_stop" },
  ];
  for (const answer of [
    { type: "message", model: "served", content: [], usage },
    [start, ...end],
  ]) {
    const outcome = settle(answer, messages);
    assert.deepEqual(
      [outcome.model, outcome.usage, outcome.parts],
      ["served", { input: 100, output: 90 }, [{ model: "m", usage: { input: 100, output: 50 } }]],
    );
  }
});

test("an error after text is charged for what passed, and flagged", () => {
  const outcome = settle([
    opened,
    { model: "m", choices: [{ index: 0, delta: { content: "x".repeat(300) } }] },
    failure,
  ]);
  assert.deepEqual(
    [usd(outcome), outcome.status],
    [formatUsd(pico(40n * 1_000_000n + 100n * 10_000_000n)), "estimated"],
  );
  assert.deepEqual(outcome.flags, ["usage_missing", "provider_error"]);
});

test("an answer that ends in an error is charged as its provider bills it: nothing, or what it counts", () => {
  const ended = {
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: "" }, finish_reason: "error" }],
  };
  const usage = { prompt_tokens: 5000, completion_tokens: 0, total_tokens: 5000, cost: 0 };
  const free = settle({ ...ended, usage }, { reportsBilledCost: true });
  assert.deepEqual(
    [usd(free), free.status, free.flags],
    ["0", "settled", ["provider_error", "cost_differs"]],
  );
  assert.equal(usd(settle({ ...ended, usage })), "0.005");
});

test("a billed cost is also found in Anthropic's format", () => {
  const usage = { input_tokens: 1000, output_tokens: 100, cost: 0.0123, is_byok: false };
  const whole = settle(
    { type: "message", model: "m", content: [{ type: "text", text: "word" }], usage },
    { ...messages, reportsBilledCost: true },
  );
  assert.deepEqual([usd(whole), formatUsd(whole.computedCost ?? assert.fail())], ["0.0123", ours]);
  const streamed = settle(
    [
      {
        type: "message_start",
        message: { id: "i", model: "m", usage: { input_tokens: 1000, output_tokens: 1 } },
      },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "word" } },
      {
        type: "message_delta",
        delta: { stop_reason: "end_turn" },
        usage: { output_tokens: 100, cost: 0.0123 },
      },
      { type: "message_stop" },
    ],
    { ...messages, reportsBilledCost: true },
  );
  assert.deepEqual([usd(streamed), streamed.flags], ["0.0123", ["cost_differs"]]);
});

test("a ledger entry has the main answer's usage; another model's part is in the charges and in the token totals", () => {
  const tool_usage = { image_gen: { input_tokens: 30, output_tokens: 40, total_tokens: 70 } };
  const usage = { input_tokens: 20, output_tokens: 4, total_tokens: 24 };
  const output = [{ type: "message", content: [{ type: "output_text", text: "word" }] }];
  const outcome = settle(
    {
      model: "m",
      output,
      usage,
      tool_usage,
      tools: [{ type: "image_generation", model: "image" }],
    },
    responses,
  );
  assert.deepEqual([outcome.usage, outcome.cost.tokens], [{ input: 20, output: 4 }, 94n]);
  assert.deepEqual(
    outcome.charges.map(({ model, quantity }) => [model, quantity]),
    [
      ["m", 20],
      ["m", 4],
      ["image", 30],
      ["image", 40],
    ],
  );
  assert.deepEqual(outcome.flags, []);
});

test("whatever the usage, the lines add up to the charge, and no plausible bound is exceeded", () => {
  const count = fc.oneof(
    fc.integer({ min: 0, max: 2000 }),
    fc.integer({ min: -5, max: 2_000_000_000 }),
    fc.constant(null),
  );
  const usages = fc.record(
    {
      prompt_tokens: count,
      completion_tokens: count,
      total_tokens: count,
      reasoning_tokens: count,
      cache_read_input_tokens: count,
      num_search_queries: count,
      cost: fc.double({ min: 0, max: 1e9, noNaN: true }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(usages, fc.boolean(), (usage, reportsBilledCost) => {
      const { cost, charges } = settle(chat(usage), { reportsBilledCost });
      assert.equal(
        charges.reduce((sum, line) => sum + line.cost, 0n),
        cost.usd,
      );
      // Two million in, a thousand out; ten times that plus ten dollars for a reported cost.
      assert.ok(cost.usd <= 10n * 2_010_000_000_000n + 10_000_000_000_000n);
    }),
  );
});

test("an input exceeds the context window if it is larger, not if it fills it", () => {
  for (const [window, flags] of [
    [1000, []],
    [999, ["over_context"]],
    [null, []],
  ] as const) {
    const outcome = settle(chat(counts), { window });
    assert.deepEqual([outcome.flags, usd(outcome)], [flags, ours], String(window));
  }
});

test("an output exceeds its ceiling if it is larger, not if it reaches it", () => {
  assert.deepEqual(settle(chat(counts), { ceiling: 100 }).flags, []);
  assert.deepEqual(settle(chat(counts), { ceiling: 99 }).flags, ["over_ceiling"]);
});

test("a stream that broke off is charged for reported counts plus received text, and for estimated input if none was reported", () => {
  const text = (content: string) => ({ model: "m", choices: [{ index: 0, delta: { content } }] });
  const withUsage = (usage: object) => ({ model: "m", choices: [], usage });
  for (const [events, input, output] of [
    [[text("x".repeat(300))], 40, 100],
    [[], 40, 0],
  ] as const) {
    const outcome = settle([opened, ...events]);
    assert.deepEqual(
      [outcome.usage, outcome.status],
      [{ input, output }, "estimated"],
      JSON.stringify(events),
    );
    assert.ok(outcome.flags.includes("usage_missing"));
  }
  assert.deepEqual(
    settle([
      opened,
      text("x"),
      withUsage({ prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 }),
    ]).usage,
    {
      input: 7,
      output: 9,
    },
  );
});

test("Anthropic's counts at the start are kept when its stream breaks off, and no output is invented", () => {
  const start = (usage: object) => ({
    type: "message_start",
    message: { id: "i", model: "m", usage },
  });
  const delta = {
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: "x".repeat(300) },
  };
  const cut = settle(
    [start({ input_tokens: 500, cache_read_input_tokens: 20, output_tokens: 1 }), delta],
    messages,
  );
  assert.deepEqual(
    [cut.usage, cut.status],
    [{ input: 500, cache_read: 20, output: 100 }, "estimated"],
  );
  const cached = settle(
    [start({ input_tokens: 0, cache_read_input_tokens: 20, output_tokens: 1 }), delta],
    messages,
  );
  assert.deepEqual(
    [cached.usage.input ?? 0, cached.usage.cache_read],
    [0, 20],
    "a fully cached input counts as reported",
  );
  const nothing = settle([start({}), delta], messages);
  assert.deepEqual([nothing.usage.input, nothing.usage.output], [40, 100]);
  const silent = settle([start({ input_tokens: 500 })], messages);
  assert.deepEqual(
    [silent.usage.input, silent.usage.output ?? 0],
    [500, 0],
    "no text received and no output reported",
  );
});

test("each flag appears once, however often it was raised", () => {
  const flags: readonly UsageFlag[] = ["aborted", "aborted"];
  assert.deepEqual(settle(chat(counts), { flags }).flags, ["aborted"]);
  const refused = settle(failure, { flags: ["provider_error", "aborted"] }).flags;
  assert.deepEqual([...refused].toSorted(), ["aborted", "provider_error", "unbilled"]);
});

test("a call without any answer is charged the amount held, in each unit, and flagged", () => {
  const held = { usd: pico(70n), tokens: 5n, requests: 1n };
  const outcome = unresolvedOutcome("v", { model: "m", held, latencyMs: 9, flags: ["aborted"] });
  assert.deepEqual(
    [outcome.status, outcome.cost, outcome.flags, outcome.latencyMs],
    ["unresolved", held, ["aborted", "usage_missing"], 9],
  );
  assert.deepEqual(outcome.charges, [{ model: "m", meter: "hold", quantity: 1, cost: 70n }]);
  assert.deepEqual([outcome.usage, outcome.reportedCost, outcome.rawUsage], [{}, null, null]);
});

test("a billed cost counts for a complete answer, not for one that we cut", () => {
  const answer = chat({ cost: 0.5 });
  assert.equal(usd(settle(answer, { reportsBilledCost: true })), "0.5");
  const cut = settle(answer, { reportsBilledCost: true, flags: ["cut"] });
  assert.deepEqual(
    [cut.status, cut.charges.some(({ meter }) => meter === "reported_cost")],
    ["estimated", false],
  );
});

test("an entry names the model that answered, or the requested one if none is reported", () => {
  assert.equal(settle({ ...chat(counts), model: "m-2026-01" }).model, "m-2026-01");
  assert.equal(settle({ ...chat(counts), model: undefined }).model, "m");
  assert.equal(settle({ ...failure, model: "m-2026-01" }).model, "m-2026-01");
  assert.equal(settle(failure).model, "m");
});

test("an error that its provider bills is charged; one billed at nothing is not", () => {
  for (const [cost, charged] of [
    [0, "0"],
    [0.02, "0.02"],
  ] as const) {
    const outcome = settle({ ...failure, usage: { cost } }, { reportsBilledCost: true });
    assert.deepEqual(
      [usd(outcome), outcome.flags.includes("unbilled")],
      [charged, cost === 0],
      String(cost),
    );
  }
});

test("a refusal before any output costs nothing, whatever usage it reports", () => {
  const usage = { input_tokens: 5000, output_tokens: 0 };
  const delta = { type: "message_delta", delta: { stop_reason: "refusal" }, usage };
  const started = { type: "message_start", message: { id: "i", model: "m", usage } };
  for (const answer of [
    { type: "message", model: "m", content: [], stop_reason: "refusal", usage },
    [started, delta, { type: "message_stop" }],
  ]) {
    const { cost, flags, usage: counted } = settle(answer, messages);
    assert.deepEqual([cost.usd, cost.tokens, flags, counted], [0n, 0n, ["unbilled"], {}]);
  }
});

test("a service tier without a price is charged at the usual rates and flagged; a billed cost is not", () => {
  const answer = { ...chat(counts), service_tier: "priority" };
  const outcome = settle(answer);
  assert.deepEqual([usd(outcome), outcome.flags], [ours, ["unpriced_modifier"]]);
  assert.deepEqual(settle({ ...answer, service_tier: "default" }).flags, []);
  assert.deepEqual(
    settle({ ...answer, usage: { ...counts, cost: 0.002 } }, { reportsBilledCost: true }).flags,
    [],
  );
  assert.deepEqual(
    settle(answer, { price: null }).flags,
    ["unpriced"],
    "of no price no part is unknown",
  );
});
