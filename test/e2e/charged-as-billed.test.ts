/** Real provider answers through a gateway: each call costs what its provider bills. */

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { before, test } from "node:test";
import type { Entry } from "./figures.ts";
import { startGateway, type GatewayProcess } from "./process.ts";
import { startRecorder, type Recorded } from "./recording.ts";
import { always } from "./settings.ts";

let gateway: GatewayProcess;
let key: string;
/** The provider's next answer, by the `user` of the request. */
const answers = new Map<string, Answer>();

/** A whole body, or the events of a stream. */
type Answer = object | readonly (object | string)[];

function answer({ body }: Recorded, response: ServerResponse): void {
  const [, id = ""] = /"user":"([^"]+)"/.exec(body) ?? [];
  const script = answers.get(id) ?? assert.fail(`nothing to answer ${body}`);
  const stream = Array.isArray(script);
  response.writeHead(200, { "content-type": stream ? "text/event-stream" : "application/json" });
  const events = stream
    ? script.map(
        (event: unknown) =>
          `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`,
      )
    : [JSON.stringify(script)];
  response.end(events.join(""));
}

const { url } = await startRecorder(answer);

before(async () => {
  const at = (more: object = {}): { base_url: string; api_key: string } => ({
    base_url: `${url}/v1`,
    api_key: "sk-of-the-provider",
    ...more,
  });
  const local = at({ wire: "openai" });
  const providers = {
    openai: at(),
    xai: at(),
    openrouter: at(),
    local,
    mirror: { ...local, prices: "google" },
  };
  const trusted = { ...local, reported_cost: "charge" } as const;
  const distrusted = { ...local, prices: "openrouter", reported_cost: "beside" } as const;
  gateway = await startGateway({ providers: { ...providers, trusted, distrusted } });
  const rates = {
    provider: "local",
    input: "3",
    cache_read: "0.3",
    cache_write_5m: "3.75",
    output: "15",
  };
  for (const row of [{ model: "m" }, { model: "liar" }, { provider: "trusted", model: "m" }]) {
    assert.equal(
      (await gateway.api("POST", "/api/v1/prices", { body: { ...rates, ...row } })).status,
      201,
    );
  }
  await gateway.makeBudget({
    budget_id: "all",
    budget_type: "platform",
    resource_id: "main",
    amount: "1000",
    ...always,
  });
  ({ key } = await gateway.makeKey());
});

interface Call {
  readonly path: string;
  readonly model: string;
  readonly more?: object;
  readonly answer: Answer;
}

let made = 0;

async function charged({ path, model, more, answer: script }: Call): Promise<Entry> {
  const id = `call-${(made += 1)}`;
  answers.set(id, script);
  const content = path.endsWith("/responses")
    ? { input: "How are you?" }
    : { messages: [{ role: "user", content: "How are you?" }] };
  const response = await fetch(gateway.url + path, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "x-purser-operation-id": id,
    },
    body: JSON.stringify({
      model,
      user: id,
      stream: Array.isArray(script),
      max_tokens: 1000,
      ...content,
      ...more,
    }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  const [entry] = await gateway.entries(`operation_id=${id}`);
  return entry ?? assert.fail(`${id} has no entry`);
}

function chat(usage: object, more: object = {}): object {
  return {
    id: "c",
    model: "served",
    choices: [
      { index: 0, message: { role: "assistant", content: "Well." }, finish_reason: "stop" },
    ],
    usage,
    ...more,
  };
}

function chatStream(usage: object): readonly (object | string)[] {
  const chunk = (delta: object, more: object = {}): object => ({
    id: "c",
    choices: [{ index: 0, delta, finish_reason: null }],
    ...more,
  });
  return [
    chunk({ role: "assistant", content: "" }),
    chunk({ content: "Well." }),
    { id: "c", choices: [], usage },
    "[DONE]",
  ];
}

const message = {
  type: "message",
  id: "m1",
  status: "completed",
  content: [{ type: "output_text", text: "Well.", annotations: [] }],
};

function response(model: string, fields: object): object {
  return {
    id: "r",
    object: "response",
    model,
    status: "completed",
    error: null,
    output: [message],
    ...fields,
  };
}

function responseStream(body: object): readonly object[] {
  const begun = { ...body, status: "in_progress", output: [], usage: null };
  const delta = {
    type: "response.output_text.delta",
    item_id: "m1",
    output_index: 0,
    content_index: 0,
    delta: "Well.",
  };
  return [
    { type: "response.created", response: begun },
    delta,
    { type: "response.completed", response: body },
  ];
}

test("only the search of a web search is billed, in a body and in a stream", async () => {
  const call = (id: string, type: string): object => ({
    type: "web_search_call",
    id,
    status: "completed",
    action: { type },
  });
  const output = [
    call("w1", "search"),
    call("w2", "open_page"),
    call("w3", "find_in_page"),
    message,
  ];
  const usage = {
    input_tokens: 7609,
    input_tokens_details: { cached_tokens: 2899 },
    output_tokens: 285,
    total_tokens: 7894,
  };
  const body = response("gpt-5", { output, usage });
  for (const script of [body, responseStream(body)]) {
    const entry = await charged({
      path: "/openai/v1/responses",
      model: "gpt-5",
      more: { tools: [{ type: "web_search" }] },
      answer: script,
    });
    const fees = entry.charges.filter(({ meter }) => meter === "web_search");
    assert.deepEqual(
      [fees.map(({ quantity }) => quantity), entry.status, entry.flags],
      [[1], "settled", []],
    );
    // 4,710 × 1.25 + 2,899 × 0.125 + 285 × 10 USD per million, and one search.
    assert.equal(entry.cost_usd, "0.019099875");
  }
});

test("xAI's ticks are the charge, and the tool cost at our rates is the computed cost", async () => {
  const tools = { web_search_calls: 0, x_search_calls: 2 };
  const usage = {
    input_tokens: 3834,
    output_tokens: 467,
    total_tokens: 4301,
    cost_in_usd_ticks: 159_600_000,
    server_side_tool_usage_details: tools,
  };
  const body = response("grok-4", { usage });
  for (const script of [body, responseStream(body)]) {
    const entry = await charged({ path: "/xai/v1/responses", model: "grok-4", answer: script });
    assert.deepEqual(
      [entry.cost_usd, entry.reported_cost_usd, entry.computed_cost_usd],
      ["0.01596", "0.01596", "0.01596"],
    );
    assert.deepEqual([entry.difference_usd, entry.flags, entry.usage.web_search], ["0", [], 2]);
  }
});

test("OpenRouter's cost is the charge, its plugins and the upstream's bill included", async () => {
  const counts = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
  const model = "openai/gpt-4o-mini";
  const usage = { ...counts, cost: 0.02021, is_byok: false };
  for (const script of [chat(usage), chatStream(usage)]) {
    const entry = await charged({
      path: "/openrouter/v1/chat/completions",
      model,
      more: { plugins: [{ id: "web" }] },
      answer: script,
    });
    assert.deepEqual(
      [entry.cost_usd, entry.computed_cost_usd, entry.difference_usd],
      ["0.02021", "0.00021", "0.02"],
    );
    assert.deepEqual([entry.status, entry.flags], ["settled", ["cost_differs"]]);
  }
  const own = {
    ...counts,
    cost: 0.0000105,
    is_byok: true,
    cost_details: { upstream_inference_cost: 0.00021 },
  };
  const entry = await charged({
    path: "/openrouter/v1/chat/completions",
    model,
    answer: chat(own),
  });
  assert.equal(entry.cost_usd, "0.0002205");
});

test("a cost reported by a server is recorded next to ours, unless the configuration makes it the bill", async () => {
  const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100, cost: 0.5 };
  const path = (provider: string): string => `/${provider}/chat/completions`;
  const local = await charged({ path: path("local"), model: "m", answer: chat(usage) });
  assert.deepEqual([local.cost_usd, local.reported_cost_usd, local.flags], ["0.0045", "0.5", []]);
  const trusted = await charged({ path: path("trusted"), model: "m", answer: chat(usage) });
  assert.deepEqual(
    [trusted.cost_usd, trusted.computed_cost_usd, trusted.flags],
    ["0.5", "0.0045", ["cost_differs"]],
  );
  const model = "openai/gpt-4o-mini";
  const distrusted = await charged({ path: path("distrusted"), model, answer: chat(usage) });
  assert.deepEqual([distrusted.cost_usd, distrusted.reported_cost_usd], ["0.00021", "0.5"]);
});

test("a chat model that searches in every call costs its tokens and one search", async () => {
  const usage = { prompt_tokens: 9, completion_tokens: 363, total_tokens: 372 };
  const model = "gpt-4o-mini-search-preview";
  for (const script of [chat(usage, { model }), chatStream(usage)]) {
    const entry = await charged({
      path: "/openai/v1/chat/completions",
      model,
      more: { web_search_options: {} },
      answer: script,
    });
    assert.deepEqual([entry.cost_usd, entry.usage.web_search], ["0.02521915", 1]);
  }
});

const shapes = [
  {
    title: "a total beyond prompt and completion is thoughts, which are output",
    path: "/mirror/chat/completions",
    model: "gemini-2.5-flash",
    usage: { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 },
    cost: "0.0015135",
  },
  {
    title: "a cache read reported only under Anthropic's field name is a cache read",
    path: "/local/chat/completions",
    model: "m",
    usage: {
      prompt_tokens: 30946,
      completion_tokens: 102,
      total_tokens: 31048,
      prompt_tokens_details: { cached_tokens: 0 },
      cache_read_input_tokens: 30940,
    },
    cost: "0.01083",
  },
  {
    title: "a cache write in the details of the prompt is a cache write",
    path: "/local/chat/completions",
    model: "m",
    usage: {
      prompt_tokens: 2000,
      completion_tokens: 10,
      total_tokens: 2010,
      prompt_tokens_details: {
        cache_creation_input_tokens: 1889,
        cache_type: "ephemeral",
        cached_tokens: 0,
      },
    },
    cost: "0.00756675",
  },
] as const;

for (const { title, path, model, usage, cost } of shapes) {
  test(title, async () => {
    for (const script of [chat(usage, { model }), chatStream(usage)]) {
      const entry = await charged({ path, model, answer: script });
      assert.deepEqual([entry.cost_usd, entry.status, entry.flags], [cost, "settled", []]);
    }
  });
}

test("an error inside a 200 costs nothing, whole, as the first event and as the only one", async () => {
  const error = { error: { message: "x".repeat(3000), type: "server_error", code: 500 } };
  const opened = { id: "c", choices: [{ index: 0, delta: { role: "assistant", content: "" } }] };
  for (const script of [error, [error], [opened, error]]) {
    const entry = await charged({ path: "/local/chat/completions", model: "m", answer: script });
    assert.deepEqual([entry.cost_usd, entry.charges, entry.status], ["0", [], "settled"]);
    assert.deepEqual(entry.flags.toSorted(), ["provider_error", "unbilled"]);
  }
  const failed = response("gpt-5", { status: "failed", output: [], usage: null, ...error });
  for (const script of [failed, [{ type: "response.failed", response: failed }]]) {
    const entry = await charged({ path: "/openai/v1/responses", model: "gpt-5", answer: script });
    assert.deepEqual(
      [entry.cost_usd, entry.flags.toSorted()],
      ["0", ["provider_error", "unbilled"]],
    );
  }
  const { held } = await gateway.budget("all");
  assert.equal(held, "0");
});

test("an answer that OpenRouter ended in an error and did not bill costs nothing", async () => {
  const choices = [
    {
      index: 0,
      message: { role: "assistant", content: "" },
      finish_reason: "error",
      error: { code: 502, message: "no" },
    },
  ];
  const usage = { prompt_tokens: 5000, completion_tokens: 0, total_tokens: 5000, cost: 0 };
  const entry = await charged({
    path: "/openrouter/v1/chat/completions",
    model: "openai/gpt-4o-mini",
    answer: { model: "m", choices, usage },
  });
  assert.deepEqual(
    [entry.cost_usd, entry.computed_cost_usd, entry.flags],
    ["0", "0.00075", ["provider_error", "cost_differs"]],
  );
});

test("an impossible usage never spends a budget, and is never silently zero", async () => {
  const absurd = {
    prompt_tokens: 20,
    completion_tokens: 1_000_000_000,
    total_tokens: 1_000_000_020,
  };
  const nothing = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  for (const usage of [absurd, nothing]) {
    for (const script of [chat(usage), chatStream(usage)]) {
      const entry = await charged({
        path: "/local/chat/completions",
        model: "liar",
        answer: script,
      });
      assert.ok(Number(entry.cost_usd) > 0 && Number(entry.cost_usd) <= 0.0152, entry.cost_usd);
      assert.equal(entry.status, "estimated");
      assert.ok(entry.flags.includes("usage_implausible"), entry.flags.join());
    }
  }
});
