/** Model lists on the unified paths, through the official SDKs and in each format. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, formatOf } from "./ask.ts";
import { anthropicAt, geminiAt, openaiAt } from "./client.ts";
import { startGateway, startSimulatorProcess } from "./process.ts";

const simulator = await startSimulatorProcess();
const gateway = await startGateway({
  simulatorUrl: simulator.url,
  config: "aliases: { quick: anthropic/sim-small, cheap: openai/sim-small }",
});
const { key: open } = await gateway.makeKey();
const { key: narrow } = await gateway.makeKey(
  {},
  { models: ["sim-small"], providers: ["openai", "anthropic", "gemini"] },
);

test("every SDK lists the models callable in its format, and can retrieve each one", async () => {
  const openai = [];
  for await (const model of openaiAt(gateway, { key: open, path: "" }).models.list())
    openai.push(model.id);
  assert.ok(
    openai.includes("openai/sim-small") &&
      openai.includes("cheap") &&
      openai.includes("xai/sim-small"),
  );
  assert.ok(!openai.includes("quick") && !openai.includes("anthropic/sim-small"));

  const anthropic = [];
  for await (const model of anthropicAt(gateway, { key: open, path: "" }).models.list({ limit: 7 }))
    anthropic.push(model.id);
  assert.ok(
    anthropic.length > 14 &&
      anthropic.includes("anthropic/sim-small") &&
      anthropic.includes("quick"),
  );
  assert.equal(new Set(anthropic).size, anthropic.length);

  const gemini = [];
  const pager = await geminiAt(gateway, { key: open, path: "" }).models.list({
    config: { pageSize: 5 },
  });
  for await (const model of pager) gemini.push(model.name);
  assert.ok(gemini.length > 10 && gemini.includes("models/gemini/sim-small"));
  assert.equal(new Set(gemini).size, gemini.length);

  assert.equal(
    (await openaiAt(gateway, { key: open, path: "" }).models.retrieve("openai/sim-small")).id,
    "openai/sim-small",
  );
  assert.equal(
    (await anthropicAt(gateway, { key: open, path: "" }).models.retrieve("anthropic/sim-small")).id,
    "anthropic/sim-small",
  );
  assert.equal(
    (await geminiAt(gateway, { key: open, path: "" }).models.get({ model: "gemini/sim-small" }))
      .name,
    "models/gemini/sim-small",
  );
});

test("a key sees the models that it may call, and no others, in every shape", async () => {
  const idsOf = async (
    path: string,
    headers: Record<string, string> = {},
  ): Promise<readonly string[]> => {
    const { status, body } = await ask(`GET ${path}`, { gateway, key: narrow, headers });
    assert.equal(status, 200, path);
    const rows = (body["data"] ?? body["models"]) as readonly {
      readonly id?: string;
      readonly name?: string;
    }[];
    return rows.map(({ id, name }) => id ?? name ?? "");
  };
  assert.deepEqual(await idsOf("/v1/models"), ["cheap", "openai/sim-small"]);
  assert.deepEqual(await idsOf("/v1/models", { "anthropic-version": "2023-06-01" }), [
    "quick",
    "anthropic/sim-small",
  ]);
  assert.deepEqual(await idsOf("/v1beta/models"), ["models/gemini/sim-small"]);
  for (const path of [
    "/v1/models/xai/sim-small",
    "/v1/models/openai%2Fsim-large",
    "/v1beta/models/gemini/sim-large",
  ]) {
    assert.equal((await ask(`GET ${path}`, { gateway, key: narrow })).status, 404, path);
  }
});

test("a misspelt model is answered with the names that the key may call", async () => {
  const remedyOf = async (key: string, path: string, body?: object): Promise<string> => {
    const options = { gateway, key, ...(body && { body: JSON.stringify(body) }) };
    const answer = await ask(`${body ? "POST" : "GET"} ${path}`, options);
    assert.equal(answer.status, 404, path);
    return JSON.stringify(answer.body);
  };
  const call = { model: "sim-smal", messages: [{ role: "user", content: "Hi" }] };
  const chat = "/v1/chat/completions";
  assert.match(await remedyOf(open, chat, call), /Did you mean sim-small\?/);
  assert.match(await remedyOf(narrow, chat, call), /Did you mean sim-small\?/);
  assert.match(await remedyOf(open, chat, { ...call, model: "cheep" }), /Did you mean cheap\?/);
  const large = { ...call, model: "sim-larg" };
  assert.match(await remedyOf(open, chat, large), /Did you mean sim-large/);
  assert.doesNotMatch(await remedyOf(narrow, chat, large), /sim-large/);
  assert.match(
    await remedyOf(narrow, "/v1/models/openai/sim-smal"),
    /Did you mean openai\/sim-small\?/,
  );
});

test("a query, an encoded slash, a model's own name and an alias are read", async () => {
  const { body } = await ask("GET /v1/models?limit=5", { gateway, key: open });
  assert.deepEqual(
    [(body["data"] as unknown[]).length, body["object"], body["has_more"]],
    [5, "list", true],
  );
  for (const [path, id] of [
    ["/v1/models/openai/sim-small", "openai/sim-small"],
    ["/v1/models/openai%2Fsim-small", "openai/sim-small"],
    ["/v1/models/sim-small", "sim-small"],
    ["/v1/models/cheap?x=1", "cheap"],
    ["/v1/models/gpt-4o-mini/", "gpt-4o-mini"],
  ] as const) {
    assert.deepEqual(
      [(await ask(`GET ${path}`, { gateway, key: open })).body["id"], path],
      [id, path],
    );
  }
});

test("Anthropic's pagination works in both directions and ends", async () => {
  const headers = { "anthropic-version": "2023-06-01" };
  const page = async (query: string) =>
    (await ask(`GET /v1/models${query}`, { gateway, key: open, headers })).body;
  const first = await page("?limit=3");
  assert.deepEqual([(first["data"] as unknown[]).length, first["has_more"]], [3, true]);
  const second = await page(`?limit=3&after_id=${encodeURIComponent(String(first["last_id"]))}`);
  const back = await page(`?limit=3&before_id=${encodeURIComponent(String(second["first_id"]))}`);
  assert.deepEqual(back["data"], first["data"]);
  assert.equal(back["has_more"], false);
  assert.equal(((await page(""))["data"] as unknown[]).length, 20);
  for (const query of ["?limit=0", "?limit=x", "?after_id=nothing"]) {
    const answer = await ask(`GET /v1/models${query}`, { gateway, key: open, headers });
    assert.deepEqual([answer.status, answer.body["type"]], [400, "error"], query);
  }
});

test("no key: 401 in the shape of the format", async () => {
  for (const [path, headers, format] of [
    ["/v1/models", {}, "openai"],
    ["/v1/models", { "anthropic-version": "2023-06-01" }, "anthropic"],
    ["/v1beta/models", {}, "gemini"],
  ] as const) {
    const answer = await ask(`GET ${path}`, {
      gateway,
      key: "purser_unknown",
      headers: { ...headers },
    });
    assert.deepEqual([answer.status, formatOf(answer)], [401, format]);
  }
});
