/** Tests `/api/v1/holds`: holding, topping up, settling and releasing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { model, openBench, spend } from "./api-fixture.test.ts";

const hold = {
  operation_id: "h-1",
  attribution: { project: "p1" },
  ...model,
  estimate: { input_tokens: 100, max_output_tokens: 50 },
};
const budget = {
  budget_id: "b1",
  budget_type: "project",
  resource_id: "p1",
  amount: "0.001",
  period: "day",
};

test("a hold is priced, settled at its real cost, and releases the rest", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", budget);
  const held = await bench.call("POST", "/api/v1/holds", hold);
  assert.equal(held.status, 201);
  assert.deepEqual(held.json, {
    operation_id: "h-1",
    attempt: 1,
    admitted: true,
    repeated: false,
    held: { usd: "0.0006", tokens: "150", requests: "1" },
    held_usd: "0.0006",
    expires_at: "2026-03-10T12:10:00Z",
    budget_remaining_usd: "0.0004",
  });
  assert.equal((await bench.call("GET", "/api/v1/holds/h-1")).json.status, "held");
  const settled = await bench.call("POST", "/api/v1/holds/h-1/settle", {
    usage: { input: 60, cache_read: 40, output: 10 },
  });
  assert.deepEqual(
    [settled.status, settled.json.cost_usd, settled.json.repeated],
    [200, "0.000164", false],
  );
  const ended = await bench.call("GET", "/api/v1/holds/h-1");
  assert.deepEqual(
    [ended.json.status, ended.json.cost_usd, ended.json.held],
    ["settled", "0.000164", null],
  );
  const { json } = await bench.call("GET", "/api/v1/budgets/b1");
  assert.deepEqual([json.spent, json.held], ["0.000164", "0"]);
});

test("a repeated request returns the same answer and holds once; another body is a conflict", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", budget);
  await bench.call("POST", "/api/v1/holds", hold);
  const reordered = {
    estimate: { max_output_tokens: 50, input_tokens: 100 },
    model: "m1",
    provider: "openai",
    attribution: { project: "p1" },
    operation_id: "h-1",
  };
  const again = await bench.call("POST", "/api/v1/holds", reordered);
  assert.deepEqual(
    [again.status, again.json.repeated, again.json.held_usd, again.json.expires_at],
    [201, true, "0.0006", "2026-03-10T12:10:00Z"],
  );
  assert.equal(
    (await bench.call("POST", "/api/v1/holds", { ...hold, ttl_seconds: 5 })).status,
    409,
  );
  assert.equal((await bench.call("GET", "/api/v1/budgets/b1")).json.held, "0.0006");

  const bill = { usage: { input: 100, output: 20 } };
  const first = await bench.call("POST", "/api/v1/holds/h-1/settle", bill);
  bench.advance(5000);
  const second = await bench.call("POST", "/api/v1/holds/h-1/settle", bill);
  assert.deepEqual(
    [second.status, second.json.cost_usd, second.json.repeated],
    [200, first.json.cost_usd, true],
  );
  assert.equal(
    (await bench.call("POST", "/api/v1/holds/h-1/settle", { usage: { input: 100, output: 21 } }))
      .status,
    409,
  );
  assert.equal((await bench.call("POST", "/api/v1/holds/h-1/release")).status, 409);
  const late = await bench.call("POST", "/api/v1/holds", hold);
  assert.deepEqual(
    [late.status, late.json.repeated, late.json.expires_at],
    [201, true, "2026-03-10T12:10:00Z"],
  );
  assert.equal((await bench.call("GET", "/api/v1/budgets/b1")).json.spent, "0.0003");
});

test("a refusal is 402 and has the budget, the reason, and what was left", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", budget);
  await bench.call("POST", "/api/v1/holds", hold);
  const held = await bench.call("POST", "/api/v1/holds", { ...hold, operation_id: "h-2" });
  assert.deepEqual([held.status, held.json.code], [402, "budget_held"]);
  await bench.call("POST", "/api/v1/holds/h-1/settle", { amount: "0.0009" });
  const refused = await bench.call("POST", "/api/v1/holds", { ...hold, operation_id: "h-2" });
  assert.equal(refused.headers.get("content-type"), "application/problem+json");
  const { remedy, ...purser } = refused.json.purser;
  assert.ok(remedy.length > 10);
  assert.deepEqual(purser, {
    reason: "budget_exhausted",
    budget_id: "b1",
    currency: "USD",
    value: "p1",
    limit: "0.001",
    spent: "0.0009",
    held: "0",
    available: "0.0001",
    needed: "0.0006",
    resets_at: "2026-03-11T00:00:00Z",
  });
});

test("a hold for tokens of a model that is priced by unit says what has a price", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", budget);
  await bench.call("POST", "/api/v1/prices", {
    provider: hold.provider,
    model: "painter",
    input: "0",
    output: "0",
    meters: { images: "0.04" },
  });
  const refused = await bench.call("POST", "/api/v1/holds", { ...hold, model: "painter" });
  assert.deepEqual([refused.status, refused.json.code], [402, "unpriced"]);
  assert.match(refused.json.detail, /painter has no price for tokens, only for images$/);
});

test("a model without a price is refused by a hard budget, and never free", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", budget);
  const refused = await bench.call("POST", "/api/v1/holds", { ...hold, model: "unheard-of" });
  assert.deepEqual([refused.status, refused.json.code], [402, "unpriced"]);

  await bench.call("PATCH", "/api/v1/budgets/b1", {
    unpriced: { policy: "allow", input: "2", output: "4" },
  });
  const held = await bench.call("POST", "/api/v1/holds", { ...hold, model: "unheard-of" });
  assert.deepEqual([held.status, held.json.held_usd], [201, "0.0004"]);
  const settled = await bench.call("POST", "/api/v1/holds/h-1/settle", {
    usage: { input: 100, output: 10 },
  });
  assert.equal(settled.json.cost_usd, "0.00024");
  const [entry] = (await bench.call("GET", "/api/v1/entries")).json.data;
  assert.deepEqual([entry.flags, entry.charges[0].rate], [["unpriced"], null]);
});

test("a hold expires after its time, and a late settlement is still charged, once", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", budget);
  await bench.call("POST", "/api/v1/holds", { ...hold, ttl_seconds: 60 });
  bench.advance(60_000);
  await bench.ledger.commit({ kind: "expire", at: bench.now() });
  assert.equal((await bench.call("GET", "/api/v1/budgets/b1")).json.held, "0");
  assert.equal((await bench.call("GET", "/api/v1/holds/h-1")).json.status, "released");
  const settled = await bench.call("POST", "/api/v1/holds/h-1/settle", {
    usage: { input: 100, output: 20 },
  });
  assert.deepEqual([settled.status, settled.json.cost_usd], [200, "0.0003"]);
  const again = await bench.call("POST", "/api/v1/holds/h-1/settle", {
    usage: { input: 100, output: 20 },
  });
  assert.deepEqual([again.json.cost_usd, again.json.repeated], ["0.0003", true]);
  assert.equal((await bench.call("GET", "/api/v1/budgets/b1")).json.spent, "0.0003");
});

test("a call is charged at the prices of its hold, even if prices have changed", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/holds", hold);
  bench.advance(1000);
  await bench.call("POST", "/api/v1/prices", {
    ...model,
    input: "100",
    output: "100",
    valid_from: "2026-03-10T12:00:01Z",
  });
  const settled = await bench.call("POST", "/api/v1/holds/h-1/settle", {
    usage: { input: 100, output: 20 },
  });
  assert.equal(settled.json.cost_usd, "0.0003");
  bench.advance(1000);
  const dearer = await spend(bench, "h-2", {});
  assert.equal(dearer.json.cost_usd, "0.012");
  const again = await bench.call("POST", "/api/v1/holds/h-1/settle", {
    usage: { input: 100, output: 20 },
  });
  assert.deepEqual([again.json.cost_usd, again.json.repeated], ["0.0003", true]);
});

test("a hold grows by an amount or by output tokens, within the budget", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", budget);
  await bench.call("POST", "/api/v1/holds", hold);
  const more = await bench.call("POST", "/api/v1/holds/h-1/top-up", { output_tokens: 10 });
  assert.deepEqual(
    [more.status, more.json.held.usd, more.json.held.tokens],
    [200, "0.0007", "160"],
  );
  assert.equal(
    (await bench.call("POST", "/api/v1/holds/h-1/top-up", { amount: "0.0003" })).json.held.usd,
    "0.001",
  );
  const refused = await bench.call("POST", "/api/v1/holds/h-1/top-up", { amount: "0.000001" });
  assert.deepEqual([refused.status, refused.json.purser.needed], [402, "0.000001"]);
  assert.equal(
    (await bench.call("POST", "/api/v1/holds/none/top-up", { amount: "1" })).status,
    404,
  );
  await bench.call("POST", "/api/v1/holds/h-1/release", {});
  const late = await bench.call("POST", "/api/v1/holds/h-1/top-up", { amount: "0.0001" });
  assert.deepEqual([late.status, late.json.field], [409, "operation_id"]);
});

test("a released hold releases everything once, and cannot be settled", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", budget);
  await bench.call("POST", "/api/v1/holds", hold);
  assert.deepEqual(
    (await bench.call("POST", "/api/v1/holds/h-1/release", { reason: "not needed" })).json.repeated,
    false,
  );
  assert.deepEqual((await bench.call("POST", "/api/v1/holds/h-1/release")).json.repeated, true);
  assert.equal((await bench.call("POST", "/api/v1/holds/h-1/settle", { amount: "1" })).status, 409);
  assert.equal((await bench.call("GET", "/api/v1/budgets/b1")).json.available, "0.001");
});

test("of 200 concurrent holds, exactly as many as fit are admitted", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", { ...budget, amount: "0.0042" });
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      bench.call("POST", "/api/v1/holds", { ...hold, operation_id: `h-${index}` }),
    ),
  );
  assert.equal(answers.filter(({ status }) => status === 201).length, 7);
  assert.equal(answers.filter(({ status }) => status === 402).length, 193);
  assert.equal((await bench.call("GET", "/api/v1/budgets/b1")).json.available, "0");
});

test("a caller holds only for itself, and does not see another key's holds", async (t) => {
  const bench = await openBench(t);
  const mine = await bench.key({
    attribution: { project: "p1", tags: { plan: "pro" } },
    may_refine: ["task", "tags"],
    models: ["m*"],
  });
  const other = await bench.key({ attribution: { project: "p1" } });
  const attribution = { task: "t1", tags: { note: "a,b" } };
  assert.equal(
    (await bench.call("POST", "/api/v1/holds", { ...hold, attribution }, mine)).status,
    201,
  );
  const seen = await bench.call("GET", "/api/v1/holds/h-1", undefined, mine);
  assert.deepEqual(seen.json.attribution, {
    project: "p1",
    task: "t1",
    tags: { plan: "pro", note: "a,b" },
  });

  for (const [method, path, body] of [
    ["GET", "/api/v1/holds/h-1", undefined],
    ["POST", "/api/v1/holds/h-1/settle", { amount: "0" }],
    ["POST", "/api/v1/holds/h-1/release", {}],
    ["POST", "/api/v1/holds/h-1/top-up", { amount: "1" }],
  ] as const)
    assert.equal((await bench.call(method, path, body, other)).status, 404);

  const denied = async (fields: object, field: string): Promise<void> => {
    const answer = await bench.call(
      "POST",
      "/api/v1/holds",
      { ...hold, operation_id: "h-9", attribution: {}, ...fields },
      mine,
    );
    assert.deepEqual([answer.status, answer.json.field], [403, field]);
  };
  await denied({ attribution: { project: "p2" } }, "attribution.project");
  await denied({ attribution: { user: "u" } }, "attribution.user");
  await denied({ attribution: { tags: { plan: "free" } } }, "attribution.tags.plan");
  await denied({ model: "gpt" }, "model");
});

test("the same id of another key is another hold, from the first request to the last", async (t) => {
  const bench = await openBench(t);
  const [mine, other] = [await bench.key({}), await bench.key({})];
  const ask = (secret: string) =>
    bench.call("POST", "/api/v1/holds", { ...hold, attribution: {} }, secret);
  const settle = (secret: string, amount: string) =>
    bench.call("POST", "/api/v1/holds/h-1/settle", { amount }, secret);
  const [first, second] = [await ask(mine), await ask(other)];
  assert.deepEqual([first.status, second.status], [201, 201]);
  assert.deepEqual(
    [second.json.operation_id, second.json.attempt, second.json.repeated],
    ["h-1", 1, false],
  );
  assert.equal((await settle(mine, "0.0001")).json.cost_usd, "0.0001");
  assert.equal(
    (await bench.call("GET", "/api/v1/holds/h-1", undefined, other)).json.status,
    "held",
  );
  assert.equal((await settle(other, "0.0002")).json.cost_usd, "0.0002");
  assert.equal((await settle(mine, "0.0001")).json.repeated, true);
  const { data } = (await bench.call("GET", "/api/v1/entries?operation_id=h-1")).json;
  assert.deepEqual(
    data.map((entry: { operation_id: string; attempt: number; cost_usd: string }) => [
      entry.operation_id,
      entry.attempt,
      entry.cost_usd,
    ]),
    [
      ["h-1", 1, "0.0002"],
      ["h-1", 1, "0.0001"],
    ],
  );
});

test("an administrator finds its own hold first, then the only one with the id; otherwise it must name the key", async (t) => {
  const bench = await openBench(t);
  const [mine, other] = [await bench.key({}), await bench.key({})];
  await bench.call("POST", "/api/v1/holds", { ...hold, attribution: {} }, mine);
  assert.equal((await bench.call("GET", "/api/v1/holds/h-1")).status, 200);
  await bench.call("POST", "/api/v1/holds", { ...hold, attribution: {} }, other);
  const unclear = await bench.call("GET", "/api/v1/holds/h-1");
  assert.deepEqual([unclear.status, unclear.json.field], [409, "key_id"]);
  const [keyId] = (await bench.call("GET", "/api/v1/keys")).json.data.map(
    (key: { key_id: string }) => key.key_id,
  );
  assert.equal((await bench.call("GET", `/api/v1/holds/h-1?key_id=${keyId}`)).status, 200);
  assert.equal(
    (await bench.call("GET", `/api/v1/holds/h-1?key_id=${keyId}`, undefined, other)).status,
    403,
  );
  await bench.call("POST", "/api/v1/holds", { ...hold, attribution: {} });
  assert.equal((await bench.call("POST", "/api/v1/holds/h-1/release")).status, 200);
  assert.equal((await bench.call("GET", "/api/v1/holds/h-1", undefined, mine)).json.status, "held");
});

test("an amount that a caller reports is bounded by its hold and by what is left; an administrator's is not", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    budget_id: "all",
    budget_type: "platform",
    amount: "1000",
    period: "day",
  });
  const caller = await bench.key({ attribution: { project: "p1" } });
  const spent = async (): Promise<string> =>
    (await bench.call("GET", "/api/v1/budgets/all")).json.spent;
  for (const id of ["h-1", "h-2"])
    await bench.call("POST", "/api/v1/holds", { operation_id: id, amount: "0.000001" }, caller);
  for (const bill of [{ amount: "5000000" }, { amount: "1000.000001" }]) {
    const refused = await bench.call("POST", "/api/v1/holds/h-1/settle", bill, caller);
    assert.deepEqual(
      [refused.status, refused.json.code, refused.json.field],
      [403, "forbidden", "amount"],
    );
  }
  assert.equal(await spent(), "0");
  assert.equal(
    (await bench.call("POST", "/api/v1/holds/h-1/settle", { amount: "1" }, caller)).status,
    200,
  );
  assert.equal(
    (await bench.call("POST", "/api/v1/holds/h-2/settle", { amount: "5000" })).status,
    200,
  );
  assert.equal(await spent(), "5001");
});

test("usage that a caller reports is bounded in the same way", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", { ...budget, amount: "1" });
  const caller = await bench.key({ attribution: { project: "p1" } });
  await bench.call("POST", "/api/v1/holds", hold, caller);
  const refused = await bench.call(
    "POST",
    "/api/v1/holds/h-1/settle",
    { usage: { input: 1_000_000_000 } },
    caller,
  );
  assert.deepEqual(
    [refused.status, (await bench.call("GET", "/api/v1/budgets/b1")).json.spent],
    [403, "0"],
  );
});

test("a caller's hold has a limited life and a limited share of shared budgets", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    budget_id: "all",
    budget_type: "platform",
    amount: "1000",
    period: "day",
  });
  const caller = await bench.key({ attribution: { project: "p1" } });
  const ask = (fields: object, secret = caller) =>
    bench.call("POST", "/api/v1/holds", { operation_id: "h", amount: "1", ...fields }, secret);
  const long = await ask({ ttl_seconds: 3601 });
  assert.deepEqual([long.status, long.json.field], [400, "ttl_seconds"]);
  assert.equal((await ask({ operation_id: "most", amount: "999" })).status, 403);
  assert.equal((await ask({ operation_id: "half", amount: "500" })).status, 201);
  assert.equal((await ask({ operation_id: "more" })).status, 403);
  assert.equal(
    (await bench.call("POST", "/api/v1/holds/half/top-up", { amount: "1" }, caller)).status,
    403,
  );
  assert.equal(
    (
      await bench.call("POST", "/api/v1/holds", {
        operation_id: "ours",
        amount: "500",
        ttl_seconds: 86_400,
      })
    ).status,
    201,
  );
});

test("a caller key has a limited number of open holds, and the error has a remedy", async (t) => {
  const bench = await openBench(t);
  const [one, other] = [await bench.key({}), await bench.key({})];
  const ask = (id: string, secret?: string) =>
    bench.call("POST", "/api/v1/holds", { operation_id: id, amount: "0" }, secret);
  for (let n = 0; n < 1000; n++) await ask(`h-${n}`, one);
  const refused = await ask("more", one);
  assert.deepEqual(
    [refused.status, refused.json.code, refused.json.field],
    [403, "forbidden", "operation_id"],
  );
  assert.match(refused.json.remedy, /Settle or release.*limits\.open_holds_per_key/);
  assert.deepEqual([(await ask("more", other)).status, (await ask("more")).status], [201, 201]);
  assert.equal((await bench.call("POST", "/api/v1/holds/h-1/release", undefined, one)).status, 200);
  assert.equal((await ask("more", one)).status, 201);
});

test("the fields of a hold, a settlement and a top-up are validated", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/holds", hold);
  const manyTools = Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`tool:t${n}`, 1]));
  const cases: readonly (readonly [string, object | string, string])[] = [
    ["", { ...hold, operation_id: undefined }, "operation_id"],
    ["", { ...hold, operation_id: "a b" }, "operation_id"],
    ["", { ...hold, amount: "1" }, "estimate"],
    ["", { ...hold, estimate: undefined }, "estimate"],
    ["", { ...hold, model: undefined }, "model"],
    [
      "",
      { ...hold, estimate: { input_tokens: -1, max_output_tokens: 1 } },
      "estimate.input_tokens",
    ],
    [
      "",
      { ...hold, estimate: { input_tokens: 1.5, max_output_tokens: 1 } },
      "estimate.input_tokens",
    ],
    ["", { ...hold, estimate: { input_tokens: 1 } }, "estimate.max_output_tokens"],
    ["", { operation_id: "x", amount: "-1" }, "amount"],
    ["", { operation_id: "x", amount: "1e3" }, "amount"],
    ["", { operation_id: "x", amount: "0.0000000000001" }, "amount"],
    ["", { ...hold, ttl_seconds: 86_401 }, "ttl_seconds"],
    ["", { ...hold, attribution: { projct: "p" } }, "attribution.projct"],
    ["/h-1/settle", {}, "usage"],
    ["/h-1/settle", { usage: { input: 1 }, amount: "1" }, "usage"],
    ["/h-1/settle", { usage: { inputs: 1 } }, "usage.inputs"],
    ["/h-1/settle", { usage: { input: -1 } }, "usage.input"],
    ["/h-1/settle", { usage: { input_tokens: 5 } }, "usage.input_tokens"],
    ["/h-1/settle", { usage: { "tool:a b": 1 } }, "usage.tool:a b"],
    ["/h-1/settle", { usage: { pages: -1 } }, "usage.pages"],
    ["/h-1/settle", { usage: { pages: 1.5 } }, "usage.pages"],
    ["/h-1/settle", { usage: { pages: 1_000_000_001 } }, "usage.pages"],
    ["/h-1/settle", { usage: { constructor: 1 } }, "usage.constructor"],
    ["/h-1/settle", { usage: manyTools }, "usage"],
    ["/h-1/top-up", {}, "amount"],
  ];
  for (const [path, body, field] of cases) {
    const answer = await bench.call("POST", `/api/v1/holds${path}`, body);
    assert.deepEqual(
      [path, JSON.stringify(body), answer.status, answer.json.field],
      [path, JSON.stringify(body), 400, field],
    );
  }
});

test("a provider with another name in the configuration has its usual prices", async (t) => {
  const bench = await openBench(t);
  const held = await bench.call("POST", "/api/v1/holds", { ...hold, provider: "renamed" });
  assert.equal(held.json.held_usd, "0.0006");
  assert.equal(
    (await bench.call("POST", "/api/v1/holds/h-1/settle", { usage: { input: 1 } })).json.cost_usd,
    "0.000001",
  );
});

test("a model without a price or a fallback rate is charged at the provider's figure", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/holds", { ...hold, model: "unheard-of" });
  const settled = await bench.call("POST", "/api/v1/holds/h-1/settle", {
    usage: { input: 100, output: 10 },
    reported_cost_usd: "0.0007",
  });
  assert.equal(settled.json.cost_usd, "0.0007");
});

test("charges take the same order as at the gateway: the billed amount, the price book, a budget's rates, any other figure", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    ...budget,
    unpriced: { policy: "allow", input: "2", output: "4" },
  });
  await bench.call("POST", "/api/v1/prices", {
    provider: "openrouter",
    model: "m1",
    input: "1",
    output: "10",
  });
  const settle = async (id: string, provider: string, asked: string): Promise<object> => {
    await bench.call("POST", "/api/v1/holds", {
      ...hold,
      operation_id: id,
      provider,
      model: asked,
    });
    await bench.call("POST", `/api/v1/holds/${id}/settle`, {
      usage: { input: 100, output: 10 },
      reported_cost_usd: "0.00007",
    });
    const [entry] = (await bench.call("GET", `/api/v1/entries?operation_id=${id}`)).json.data;
    return [entry.cost_usd, entry.computed_cost_usd, entry.difference_usd, entry.flags];
  };
  assert.deepEqual(await settle("a", "openrouter", "m1"), [
    "0.00007",
    "0.0002",
    "-0.00013",
    ["cost_differs"],
  ]);
  assert.deepEqual(await settle("b", "openrouter", "unheard-of"), [
    "0.00007",
    null,
    "0",
    ["unpriced"],
  ]);
  assert.deepEqual(await settle("c", "openai", "m1"), ["0.0002", null, "-0.00013", []]);
  assert.deepEqual(await settle("d", "openai", "unheard-of"), [
    "0.00024",
    null,
    "-0.00017",
    ["unpriced"],
  ]);
});
