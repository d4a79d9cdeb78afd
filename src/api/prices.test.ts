/** Tests prices and estimates. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { model, openBench } from "./api-fixture.test.ts";

interface RateRow {
  readonly meter: string;
  readonly usd_per_million: string;
  readonly usd: string;
  readonly per: string;
  readonly stands_in: boolean;
  readonly source: string;
}

test("rates of a model have their source, and mark those borrowed from another meter", async (t) => {
  const bench = await openBench(t);
  const { json } = await bench.call("GET", "/api/v1/prices?provider=openai&model=m1");
  const rates: readonly RateRow[] = json.rates;
  const of = (meter: string): RateRow | undefined => rates.find((rate) => rate.meter === meter);
  assert.deepEqual(
    [
      of("input")?.usd_per_million,
      of("cache_read")?.usd_per_million,
      of("output")?.usd_per_million,
    ],
    ["1", "0.1", "10"],
  );
  assert.deepEqual([of("input")?.usd, of("input")?.per], ["1", "million_tokens"]);
  assert.deepEqual(
    [of("output")?.stands_in, of("cache_write_5m")?.stands_in, of("output")?.source],
    [false, true, "configuration"],
  );
  const list = await bench.call("GET", "/api/v1/prices");
  assert.deepEqual([list.json.overrides, list.json.models], [[], [model]]);
});

test("an added price takes precedence from the moment it is valid", async (t) => {
  const bench = await openBench(t);
  const stated = await bench.call("POST", "/api/v1/prices", {
    ...model,
    input: "3",
    output: "4",
    valid_from: "2026-03-11",
  });
  assert.equal(stated.status, 201);
  const input = async (at: string): Promise<string> =>
    (await bench.call("GET", `/api/v1/prices?provider=openai&model=m1&at=${at}`)).json.rates.find(
      (rate: RateRow) => rate.meter === "input",
    ).usd_per_million;
  assert.equal(await input("2026-03-10"), "1");
  assert.equal(await input("2026-03-11T00:00:00Z"), "3");
  assert.equal((await bench.call("GET", "/api/v1/prices")).json.overrides.length, 1);
});

const whole = {
  ...model,
  model: "m9",
  aliases: ["m9-latest"],
  input: "2",
  output: "10",
  reasoning: "12",
  meters: { images_hd_1024x1792: "0.08" },
  context_tiers: [{ above: 5000, input: "4", output: "15" }],
  service_tiers: { batch: { factor: "0.5" }, priority: { input: "4", output: "20" } },
  regions: { us: { factor: "1.1" } },
  hours: [{ days: ["mon"], from: "01:00", to: "04:00", input: "3" }],
  free: { web_search: { units: 1500, per: "day" } },
  context_window: 10_000,
};

test("a price has the whole language, and is answered in it", async (t) => {
  const bench = await openBench(t);
  const added = await bench.call("POST", "/api/v1/prices", whole);
  assert.equal(added.status, 201);
  assert.deepEqual(added.json.price, whole);
  assert.equal(added.json.usd_per_million["images_hd_1024x1792"], "80000");
  const unit = { meter: "images_hd_1024x1792", usd: "0.08", per: "unit" };
  assert.deepEqual(added.json.rates.at(-1), unit);
  assert.deepEqual(added.json.rates[0], { meter: "input", usd: "2", per: "million_tokens" });
  const list = await bench.call("GET", "/api/v1/prices");
  assert.deepEqual(list.json.overrides[0].price, whole);
  for (const name of ["m9", "m9-latest"]) {
    const { json } = await bench.call("GET", `/api/v1/prices?provider=openai&model=${name}`);
    const image = json.rates.find((rate: RateRow) => rate.meter === unit.meter);
    assert.deepEqual([image.usd, image.per, image.usd_per_million], ["0.08", "unit", "80000"]);
    const rates: readonly (RateRow & {
      readonly service_tier: string;
      readonly above_context_tokens: number | null;
    })[] = json.rates;
    const inputs = rates
      .filter(({ meter }) => meter === "input")
      .map((rate) => [rate.service_tier, rate.above_context_tokens, rate.usd_per_million]);
    assert.deepEqual(inputs, [
      ["standard", null, "2"],
      ["standard", 5000, "4"],
      ["batch", null, "1"],
      ["batch", 5000, "2"],
      ["priority", null, "4"],
    ]);
    assert.equal(rates.find(({ meter }) => meter === "reasoning")?.usd_per_million, "12");
    assert.deepEqual(json.price.context_tiers, whole.context_tiers);
    assert.equal(json.context_window, 10_000);
  }
  const again = await bench.call("POST", "/api/v1/prices", list.json.overrides[0].price);
  assert.deepEqual(again.json.price, whole);
});

test("a mistake deep in a price is refused by its path", async (t) => {
  const bench = await openBench(t);
  for (const [fields, field] of [
    [{ context_tiers: [{ above: 1, input: "-4" }] }, "context_tiers[0].input"],
    [{ service_tiers: { batch: { factor: "half" } } }, "service_tiers.batch.factor"],
    [{ regions: { us: { factor: "1", input: "1" } } }, "regions.us.input"],
    [{ hours: [{ from: "1", to: "2", input: "1" }] }, "hours[0].from"],
    [{ meters: { imges: "0.04" } }, "meters.imges"],
    [{ regions: { us: { meters: { imges_hd: "1" } } } }, "regions.us.meters.imges_hd"],
    [{ hours: [{ from: "01:00", to: "02:00", meters: { page: "1" } }] }, "hours[0].meters.page"],
    [{ free: { imges: { units: 1, per: "day" } } }, "free.imges"],
  ] as const) {
    const { status, json } = await bench.call("POST", "/api/v1/prices", { ...whole, ...fields });
    assert.deepEqual([status, json.field], [400, field]);
    assert.ok(json.remedy);
  }
});

test("a number is refused with the text to write instead", async (t) => {
  const bench = await openBench(t);
  for (const fields of [
    { input: 0.5 },
    { meters: { images: 0.5 } },
    { context_tiers: [{ above: 5000, input: 0.5 }] },
    { service_tiers: { batch: { factor: 0.5 } } },
    { regions: { us: { factor: 0.5 } } },
    { hours: [{ from: "01:00", to: "04:00", input: 0.5 }] },
  ]) {
    const { status, json } = await bench.call("POST", "/api/v1/prices", { ...whole, ...fields });
    assert.equal(status, 400);
    assert.match(json.remedy, /"0\.5"/, JSON.stringify(fields));
  }
});

test("what may be a mistake is accepted with a warning that says so", async (t) => {
  const bench = await openBench(t);
  const warningsOf = async (fields: object): Promise<readonly unknown[]> => {
    const price = { provider: "openai", model: "m2", input: "1", output: "2", ...fields };
    const { status, json } = await bench.call("POST", "/api/v1/prices", price);
    assert.equal(status, 201);
    return json.warnings.map((warning: { field: string; remedy: string }) => [
      warning.field,
      warning.remedy,
    ]);
  };
  assert.deepEqual(await warningsOf({}), []);
  assert.deepEqual(await warningsOf({ provider: "openia" }), [
    ["provider", "Did you mean openai?"],
  ]);
  assert.deepEqual(await warningsOf({ provider: "my-own-lab" }), []);
  assert.deepEqual(await warningsOf({ valid_to: "2026-01-01" }), [
    ["valid_to", "Give a later time, or leave it out."],
  ]);
  assert.deepEqual(
    await warningsOf({
      input: "0.000002",
      service_tiers: { batch: { factor: "50" }, flex: { factor: "0" }, priority: { factor: "2" } },
    }),
    [
      ["input", "If this is per token, multiply it by a million."],
      ...["batch", "flex"].map((tier) => [
        `service_tiers.${tier}.factor`,
        'Give the share of the standard price, such as "0.5" for half of it.',
      ]),
    ],
  );
  assert.deepEqual(await warningsOf({ model: "m1" }), [
    ["model", "To use the price of the file again, send DELETE /api/v1/prices/price_6."],
  ]);
});

test("a price without valid_from begins when it is set, and ends when it is removed", async (t) => {
  const bench = await openBench(t);
  const inputAt = async (at: number): Promise<string> => {
    const query = `provider=openai&model=m1&at=${new Date(at).toISOString()}`;
    const { json } = await bench.call("GET", `/api/v1/prices?${query}`);
    return json.rates.find((rate: RateRow) => rate.meter === "input").usd;
  };
  bench.advance(1000);
  const added = await bench.call("POST", "/api/v1/prices", { ...model, input: "3", output: "4" });
  const { price_id: id, set_at: setAt } = added.json;
  assert.deepEqual([id, Date.parse(setAt)], ["price_1", bench.now()]);
  assert.equal(await inputAt(bench.now() - 1), "1");
  assert.equal(await inputAt(bench.now()), "3");
  bench.advance(1000);
  const removed = await bench.call("DELETE", `/api/v1/prices/${id}`);
  const removedAt = removed.json.removed_at;
  assert.deepEqual(
    [
      removed.status,
      removed.json.repeated,
      Date.parse(removed.json.valid_to),
      Date.parse(removedAt),
    ],
    [200, false, bench.now(), bench.now()],
  );
  assert.equal(await inputAt(bench.now() - 1), "3");
  assert.equal(await inputAt(bench.now()), "1");
  bench.advance(1000);
  const again = await bench.call("DELETE", `/api/v1/prices/${id}`);
  assert.deepEqual([again.json.repeated, again.json.removed_at], [true, removedAt]);
  const list = await bench.call("GET", "/api/v1/prices");
  assert.deepEqual(
    list.json.overrides.map((one: { removed_at: string }) => one.removed_at),
    [removedAt],
  );
  const none = await bench.call("DELETE", "/api/v1/prices/price_2");
  assert.deepEqual([none.status, none.json.field], [404, "price_id"]);
});

test("a call in flight keeps the price of its hold when another is set or removed", async (t) => {
  const bench = await openBench(t);
  const held = async (id: string): Promise<void> => {
    const estimate = { input_tokens: 1_000_000, max_output_tokens: 1 };
    const body = { operation_id: id, ...model, estimate };
    assert.equal((await bench.call("POST", "/api/v1/holds", body)).status, 201);
  };
  const cost = async (id: string): Promise<string> => {
    const body = { usage: { input: 1_000_000 } };
    return (await bench.call("POST", `/api/v1/holds/${id}/settle`, body)).json.cost_usd;
  };
  await held("before");
  bench.advance(1000);
  const price = { ...model, input: "3", output: "4" };
  const { json } = await bench.call("POST", "/api/v1/prices", price);
  await held("under");
  bench.advance(1000);
  await bench.call("DELETE", `/api/v1/prices/${json.price_id}`);
  await held("after");
  assert.deepEqual(
    [await cost("before"), await cost("under"), await cost("after")],
    ["1", "3", "1"],
  );
});

test("a model without a price is not found, and never zero", async (t) => {
  const bench = await openBench(t);
  const unknown = await bench.call("GET", "/api/v1/prices?provider=openai&model=none");
  assert.deepEqual([unknown.status, unknown.json.field], [404, "model"]);
  const nobody = await bench.call("GET", "/api/v1/prices?provider=nope&model=none");
  assert.deepEqual([nobody.status, nobody.json.field], [404, "provider"]);
  await bench.call("POST", "/api/v1/prices", {
    ...model,
    model: "typed-right",
    input: "1",
    output: "1",
  });
  const { json } = await bench.call(
    "GET",
    `/api/v1/prices?provider=${model.provider}&model=typed-rihgt`,
  );
  assert.match(String(json.remedy), /^Did you mean [^ ]+\/typed-right\? Or add/);
  assert.equal((await bench.call("GET", "/api/v1/prices?model=m1")).json.field, "provider");
  const bad = await bench.call("POST", "/api/v1/prices", { ...model, input: "-1", output: "1" });
  assert.deepEqual([bad.status, bad.json.field], [400, "input"]);
});

test("an estimate is low, expected and high, and its high is what a hold takes", async (t) => {
  const bench = await openBench(t);
  const body = {
    ...model,
    input_tokens: 1000,
    cached_tokens: 400,
    max_output_tokens: 100,
    expected_output_tokens: 30,
    attribution: { project: "p1" },
  };
  const { json } = await bench.call("POST", "/api/v1/estimate", body);
  assert.deepEqual(
    [json.low_usd, json.expected_usd, json.high_usd],
    ["0.00101", "0.00094", "0.002"],
  );
  assert.deepEqual([json.allowed, json.budgets], [true, []]);
  const estimate = { input_tokens: 1000, max_output_tokens: 100 };
  const held = await bench.call("POST", "/api/v1/holds", { operation_id: "h", ...model, estimate });
  assert.equal(held.json.held_usd, json.high_usd);
});

test("an estimate has the prices of units of a model that is not billed by tokens", async (t) => {
  const bench = await openBench(t);
  const unitPrices = async (model: string, rates: object): Promise<unknown> => {
    const name = { provider: "openai", model };
    const added = await bench.call("POST", "/api/v1/prices", { ...name, ...rates });
    assert.equal(added.status, 201);
    const body = { ...name, input_tokens: 1000, max_output_tokens: 100 };
    return (await bench.call("POST", "/api/v1/estimate", body)).json["unit_prices"];
  };
  const meters = { pages: "0.004", images_hd: "0.08" };
  assert.deepEqual(await unitPrices("by-unit", { input: "0", output: "0", meters }), meters);
  assert.deepEqual(await unitPrices("by-token", { input: "1", output: "0", meters }), {});
  assert.deepEqual(await unitPrices("free", { input: "0", output: "0" }), {});
});

test("a model without output is estimated without a ceiling", async (t) => {
  const bench = await openBench(t);
  const body = { provider: "openai", model: "my-embedding", input: "1", output: "2" };
  assert.equal((await bench.call("POST", "/api/v1/prices", body)).status, 201);
  const call = { provider: "openai", model: "my-embedding", input_tokens: 1000 };
  const { json } = await bench.call("POST", "/api/v1/estimate", call);
  assert.deepEqual([json["max_output_tokens"], json.expected_usd], [0, "0.001"]);
  const chat = { ...call, model: "my-chat" };
  assert.equal((await bench.call("POST", "/api/v1/estimate", chat)).status, 400);
});

test("half of the ceiling is expected by default, and the low cost is of the fewest tokens of a text", async (t) => {
  const bench = await openBench(t);
  const estimate = async (body: object): Promise<Readonly<Record<string, unknown>>> =>
    (await bench.call("POST", "/api/v1/estimate", { ...model, ...body })).json;
  const half = await estimate({ input_tokens: 1000, max_output_tokens: 101 });
  assert.deepEqual([half["expected_output_tokens"], half["expected_usd"]], [51, "0.00151"]);
  const text = "tiktoken is great! ".repeat(100);
  const price = { provider: "anthropic", model: "claude-x", input: "1", output: "10" };
  assert.equal((await bench.call("POST", "/api/v1/prices", price)).status, 201);
  const counted = await estimate({
    ...price,
    input: undefined,
    output: undefined,
    text,
    max_output_tokens: 1,
  });
  const low = Number(counted["low_usd"]) * 1_000_000 - 10;
  assert.ok(low > 0 && low < Number(counted["input_tokens"]), `${low} tokens at least`);
});

test("an estimate names the budgets that would refuse even a shorter answer", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    budget_id: "small",
    budget_type: "project",
    resource_id: "p1",
    amount: "0.0015",
  });
  await bench.call("POST", "/api/v1/budgets", {
    budget_id: "other",
    budget_type: "project",
    resource_id: "p2",
    amount: "0",
  });
  const body = {
    ...model,
    input_tokens: 1000,
    max_output_tokens: 100,
    attribution: { project: "p1" },
  };
  const { json } = await bench.call("POST", "/api/v1/estimate", body);
  assert.equal(json.allowed, false);
  assert.deepEqual(json.budgets, [
    {
      budget_id: "small",
      allowed: false,
      reason: "budget_exhausted",
      needed: "0.002",
      available: "0.0015",
      currency: "USD",
    },
  ]);
  const unpriced = await bench.call("POST", "/api/v1/estimate", { ...body, model: "none" });
  assert.deepEqual(
    [unpriced.json.priced, unpriced.json.high_usd, unpriced.json.budgets[0].reason],
    [false, null, "unpriced"],
  );
});

test("a call that the gateway would serve with a shorter answer is allowed, with the fitted ceiling", async (t) => {
  const bench = await openBench(t);
  const budget = { budget_type: "project", resource_id: "p1", period: "day" };
  await bench.call("POST", "/api/v1/budgets", { ...budget, budget_id: "wide", amount: "0.0090" });
  await bench.call("POST", "/api/v1/budgets", { ...budget, budget_id: "tight", amount: "0.0065" });
  const body = {
    ...model,
    input_tokens: 1000,
    max_output_tokens: 1000,
    attribution: { project: "p1" },
  };
  const fitted = async (changes: object): Promise<unknown> => {
    const { json } = await bench.call("POST", "/api/v1/estimate", { ...body, ...changes });
    return [
      json.allowed,
      json.fitted_max_output_tokens,
      json.budgets.map((one: { allowed: boolean }) => one.allowed),
    ];
  };
  // 0.001 for the input leaves 0.0055 in the tighter budget: 550 tokens. A quarter of the ceiling
  // is needed.
  assert.deepEqual(await fitted({}), [true, 550, [true, true]]);
  assert.deepEqual(await fitted({ max_output_tokens: 550 }), [true, null, [true, true]]);
  assert.deepEqual(await fitted({ max_output_tokens: 2200 }), [true, 550, [true, true]]);
  assert.deepEqual(await fitted({ max_output_tokens: 2204 }), [false, null, [false, true]]);
  assert.deepEqual(await fitted({ fit: false }), [false, null, [false, false]]);
  assert.deepEqual(await fitted({ input_tokens: 7000 }), [false, null, [false, false]]);
  await bench.call("POST", "/api/v1/budgets", {
    ...budget,
    budget_id: "counted",
    amount: "1300",
    currency: "tokens",
  });
  assert.deepEqual(await fitted({}), [true, 300, [true, true, true]]);
});

test("an estimate of a refused call has the output with which it would be admitted", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    budget_id: "b",
    budget_type: "project",
    resource_id: "p1",
    amount: "0.0065",
  });
  const body = {
    ...model,
    input_tokens: 1000,
    max_output_tokens: 2204,
    attribution: { project: "p1" },
  };
  const passing = async (changes: object): Promise<readonly unknown[]> => {
    const { json } = await bench.call("POST", "/api/v1/estimate", { ...body, ...changes });
    return [json.allowed, json.passing_max_output_tokens];
  };
  assert.deepEqual(await passing({}), [false, 550]);
  assert.deepEqual(await passing({ max_output_tokens: 550 }), [true, null]);
  assert.deepEqual(await passing({ max_output_tokens: 551, fit: false }), [false, 550]);
  assert.deepEqual(await passing({ max_output_tokens: 2200 }), [true, null], "it is fitted");
  assert.deepEqual(
    await passing({ input_tokens: 6500 }),
    [false, null],
    "no answer can be paid for",
  );
  assert.deepEqual(await passing({ input_tokens: 6490 }), [false, 1]);
});

test("the fields of an estimate are validated", async (t) => {
  const bench = await openBench(t);
  const cases: readonly (readonly [object, string])[] = [
    [{ ...model, max_output_tokens: 1 }, "input_tokens"],
    [{ ...model, input_tokens: 1, text: "a", max_output_tokens: 1 }, "input_tokens"],
    [{ ...model, input_tokens: 1 }, "max_output_tokens"],
    [{ ...model, text: "", max_output_tokens: 1 }, "text"],
    [{ model: "m1", input_tokens: 1 }, "provider"],
  ];
  for (const [body, field] of cases) {
    const answer = await bench.call("POST", "/api/v1/estimate", body);
    assert.deepEqual([answer.status, answer.json.field], [400, field]);
  }
});

test("text is counted with OpenAI's tokenizer and the factor of the model's family", async (t) => {
  const bench = await openBench(t);
  const count = async (
    provider: string,
    name: string,
    text: string,
  ): Promise<readonly unknown[]> => {
    const body = { provider, model: name, text, max_output_tokens: 1 };
    const { json } = await bench.call("POST", "/api/v1/estimate", body);
    return [json.input_tokens, json.tokenizer_factor, json.input_tokens_from];
  };
  assert.deepEqual(await count("openai", "gpt-5", "tiktoken is great!"), [6, 1, "text"]);
  assert.deepEqual(await count("anthropic", "claude-x", "tiktoken is great!"), [8, 1.25, "text"]);
  assert.deepEqual(await count("google", "gemini-x", "tiktoken is great!"), [7, 1.1, "text"]);
  assert.deepEqual(await count("openrouter", "deepseek/chat", "tiktoken is great!"), [
    7,
    1.05,
    "text",
  ]);
});

test("text is counted literally: quotes, line feeds, and text that looks like a special token", async (t) => {
  const bench = await openBench(t);
  const count = async (text: string): Promise<number> =>
    (
      await bench.call("POST", "/api/v1/estimate", {
        provider: "openai",
        model: "gpt-5",
        text,
        max_output_tokens: 1,
      })
    ).json.input_tokens;
  assert.equal(await count('"\n"'), 2);
  assert.ok((await count("<|endoftext|>")) > 1);
});

test("updates of the prices are listed in pages, the newest first", async (t) => {
  const bench = await openBench(t);
  const path = "/api/v1/prices/updates";
  for (const input of ["1", "2", "3"]) {
    const text = JSON.stringify([{ provider: "own", model: "m9", input, output: "2" }]);
    const { json } = await bench.call("POST", path, {
      text,
      name: `${input}.json`,
      accept: ["vanished"],
    });
    assert.equal(json.state, "applied", JSON.stringify(json));
  }
  const first = await bench.call("GET", `${path}?limit=2`);
  const names = (data: readonly { from: string }[]) => data.map(({ from }) => from);
  assert.deepEqual(names(first.json.data), ["3.json", "2.json"]);
  const second = await bench.call("GET", `${path}?limit=2&cursor=${first.json.next_cursor}`);
  assert.deepEqual([names(second.json.data), second.json.next_cursor], [["1.json"], null]);
  assert.equal((await bench.call("GET", `${path}?cursor=x`)).status, 400);
});

test("errors about price updates name the values that are possible", async (t) => {
  const bench = await openBench(t);
  const path = "/api/v1/prices/updates";
  const { json } = await bench.call("POST", `${path}?check=yes`, { from: "litellm" });
  assert.equal(json.detail, 'check must be true or false, not "yes"');
  const unknown = await bench.call("POST", `${path}/none/revert`);
  assert.match(unknown.json.remedy, /GET \/api\/v1\/prices\/updates/);
});
