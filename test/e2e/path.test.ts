/** Paths: which are served, and the errors for mistyped or ambiguous ones. */

import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, test } from "node:test";
import { ask, formatOf } from "./ask.ts";
import { startGateway, startSimulatorProcess } from "./process.ts";
import { startRecorder } from "./recording.ts";

const simulator = await startSimulatorProcess();
const gateway = await startGateway({ simulatorUrl: simulator.url });
const { key } = await gateway.makeKey();

describe("a mistyped path", () => {
  const mistyped: readonly (readonly [line: string, meant: string, format: string])[] = [
    ["POST /anthropic/v1/v1/messages", "/anthropic/v1/messages", "anthropic"],
    ["POST /anthropic/messages", "/anthropic/v1/messages", "anthropic"],
    ["POST /anthropic/v1/message", "/anthropic/v1/messages", "anthropic"],
    ["POST /anthropic/v1/chat/completions", "/anthropic/v1/messages", "anthropic"],
    [
      "POST /anthropic/v1/v1/messages/count_tokens",
      "/anthropic/v1/messages/count_tokens",
      "anthropic",
    ],
    ["GET /anthropic/v1/messages", "POST /anthropic/v1/messages", "anthropic"],
    ["POST /openai/v1/v1/chat/completions", "/openai/v1/chat/completions", "openai"],
    ["POST /openai/v1/v1/embeddings", "/openai/v1/embeddings", "openai"],
    ["POST /openai/api/v1/responses", "/openai/v1/responses", "openai"],
    ["POST /openai/v1/chat/completion", "/openai/v1/chat/completions", "openai"],
    ["POST /openai/v1/messages", "/openai/v1/chat/completions", "openai"],
    ["POST /xai/v1/v1/responses", "/xai/v1/responses", "openai"],
    [
      "POST /gemini/models/sim-small:generateContent",
      "/gemini/v1beta/models/sim-small:generateContent",
      "gemini",
    ],
    [
      "POST /gemini/v1beta/v1beta/models/sim-small:generateContent",
      "/gemini/v1beta/models/sim-small:generateContent",
      "gemini",
    ],
    [
      "POST /gemini/v1beta/sim-small:generateContent",
      "/gemini/v1beta/models/sim-small:generateContent",
      "gemini",
    ],
    [
      "POST /gemini/v1beta/models/sim-small:generatecontents",
      "/gemini/v1beta/models/sim-small:generateContent",
      "gemini",
    ],
    [
      "POST /gemini/v1beta/openai/chat/completions",
      "/gemini/v1beta/models/{model}:generateContent",
      "gemini",
    ],
    ["POST /v1/v1/messages", "/v1/messages", "anthropic"],
    ["POST /v1/v1/chat/completions", "/v1/chat/completions", "openai"],
    ["POST /v1/chat/completion", "/v1/chat/completions", "openai"],
    ["GET /v1/messages", "POST /v1/messages", "anthropic"],
    ["POST /chat/completions", "/v1/chat/completions", "openai"],
    ["GET /models", "/v1/models", "openai"],
    ["POST /messages", "/v1/messages", "anthropic"],
    [
      "POST /models/sim-small:generateContent",
      "/v1beta/models/sim-small:generateContent",
      "gemini",
    ],
    ["POST /antropic/v1/messages", "/anthropic/v1/messages", "anthropic"],
  ];
  for (const [line, meant, format] of mistyped) {
    test(`${line}: 404 with ${meant}`, async () => {
      const answer = await ask(line, { gateway, key });
      assert.equal(answer.status, 404, JSON.stringify(answer.body));
      assert.ok(answer.message.includes(`Did you mean ${meant}?`), answer.message);
      assert.ok(!answer.message.includes("unmetered"), answer.message);
      assert.equal(formatOf(answer), format);
    });
  }

  test("returns 401 first if the key is unknown", async () => {
    assert.equal(
      (await ask("POST /anthropic/v1/v1/messages", { gateway, key: "purser_unknown" })).status,
      401,
    );
  });

  test("under a provider that is not configured names those that are", async () => {
    const answer = await ask("POST /mistral/v1/chat/completions", { gateway, key });
    assert.equal(answer.status, 404);
    assert.match(answer.message, /no provider is named "mistral".*openai, anthropic/);
  });
});

test("a doubled slash, a slash at the end and OpenAI's path without its version are unambiguous, and are served", async () => {
  const chat = JSON.stringify({
    model: "sim-small",
    messages: [{ role: "user", content: "Hello" }],
  });
  const message = JSON.stringify({
    model: "sim-small",
    max_tokens: 9,
    messages: [{ role: "user", content: "Hello" }],
  });
  const content = JSON.stringify({ contents: [{ role: "user", parts: [{ text: "Hello" }] }] });
  for (const [line, body] of [
    ["POST /openai//v1/chat/completions", chat],
    ["POST //openai/v1/chat/completions/", chat],
    ["POST /openai/chat/completions", chat],
    ["POST /anthropic//v1//messages/", message],
    ["POST /gemini//v1beta/models/sim-small:generateContent/", content],
    [
      "POST //v1//messages?beta=true",
      JSON.stringify({ ...JSON.parse(message), model: "anthropic/sim-small" }),
    ],
    ["POST /x-ai/v1/chat/completions", chat],
    ["POST /google/v1beta/models/sim-small:generateContent", content],
    ["POST /v1/chat/completions", JSON.stringify({ ...JSON.parse(chat), model: "x-ai/sim-small" })],
  ] as const) {
    const answer = await ask(line, { gateway, key, body });
    assert.equal(answer.status, 200, `${line}: ${JSON.stringify(answer.body)}`);
  }
  assert.deepEqual(
    [...new Set((await gateway.entries()).slice(0, 3).map(({ provider }) => provider))].sort(),
    ["gemini", "xai"],
  );
});

describe("a model of another format", () => {
  const chat = (model: string): string =>
    JSON.stringify({ model, messages: [{ role: "user", content: "a" }], max_tokens: 5 });
  const content = JSON.stringify({ contents: [{ role: "user", parts: [{ text: "a" }] }] });
  const pairs: readonly (readonly [
    line: string,
    body: string,
    paths: readonly string[],
    format: string,
  ])[] = [
    [
      "POST /v1/chat/completions",
      chat("claude-sonnet-4-5"),
      ["/v1/messages", "/anthropic/v1/messages"],
      "openai",
    ],
    [
      "POST /v1/responses",
      JSON.stringify({ model: "claude-sonnet-4-5", input: "a" }),
      ["/v1/messages", "/anthropic/v1/messages"],
      "openai",
    ],
    [
      "POST /v1/chat/completions",
      chat("anthropic/sim-large"),
      ["/v1/messages", "/anthropic/v1/messages"],
      "openai",
    ],
    [
      "POST /v1/chat/completions",
      chat("gemini-2.5-flash"),
      [
        "/v1beta/models/gemini-2.5-flash:generateContent",
        "/gemini/v1beta/models/gemini-2.5-flash:generateContent",
      ],
      "openai",
    ],
    [
      "POST /v1/embeddings",
      JSON.stringify({ model: "gemini-embedding-001", input: "a" }),
      ["/v1beta/models/gemini-embedding-001:embedContent"],
      "openai",
    ],
    [
      "POST /v1/messages",
      chat("gpt-4o-mini"),
      ["/v1/chat/completions", "/openai/v1/chat/completions"],
      "anthropic",
    ],
    [
      "POST /v1/messages",
      chat("gemini/sim-small"),
      ["/gemini/v1beta/models/sim-small:generateContent"],
      "anthropic",
    ],
    [
      "POST /v1/messages/count_tokens",
      chat("gpt-4o-mini"),
      ["/openai/v1/chat/completions"],
      "anthropic",
    ],
    [
      "POST /v1beta/models/gpt-4o-mini:generateContent",
      content,
      ["/v1/chat/completions", "/openai/v1/chat/completions"],
      "gemini",
    ],
    [
      "POST /v1beta/models/claude-sonnet-4-5:streamGenerateContent",
      content,
      ["/v1/messages", "/anthropic/v1/messages"],
      "gemini",
    ],
    [
      "POST /v1beta/models/openai%2Fsim-small:generateContent",
      content,
      ["/openai/v1/chat/completions"],
      "gemini",
    ],
    [
      "POST /v1beta/models/text-embedding-3-small:embedContent",
      JSON.stringify({ content: { parts: [{ text: "a" }] } }),
      ["/v1/embeddings", "/openai/v1/embeddings"],
      "gemini",
    ],
  ];
  for (const [line, body, paths, format] of pairs) {
    test(`${line} with ${/"model":"([^"]+)/.exec(body)?.[1] ?? "the model in the path"}: 400 with the path that works`, async () => {
      const answer = await ask(line, { gateway, key, body });
      assert.equal(answer.status, 400, JSON.stringify(answer.body));
      assert.equal(formatOf(answer), format);
      for (const path of paths) assert.ok(answer.message.includes(path), answer.message);
    });
  }
});

describe("a unified path that names no model", () => {
  const lines = [
    "GET /v1/responses/resp_1",
    "DELETE /v1/responses/resp_1",
    "GET /v1/responses/resp_1/input_items?limit=3",
    "POST /v1/responses/resp_1/cancel",
    "GET /v1/chat/completions/chatcmpl_1",
    "GET /v1/files",
    "GET /v1/batches/batch_1",
  ];
  test("names the paths of each possible provider", async () => {
    for (const line of lines) {
      const answer = await ask(line, { gateway, key });
      const [, path = ""] = line.split(" ");
      assert.equal(answer.status, 400, line);
      assert.ok(answer.message.includes(`/openai${path.split("?", 1)[0]}`), answer.message);
      assert.ok(answer.message.includes(`/xai${path.split("?", 1)[0]}`), answer.message);
      assert.equal(formatOf(answer), "openai");
    }
  });

  test("goes to the only provider of its format, if there is just one", async () => {
    const recorder = await startRecorder((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end('{"ok":true}');
    });
    const provider = { base_url: recorder.url, api_key: "k", unmetered: "allow" } as const;
    const own = await startGateway({
      providers: {
        openai: { ...provider, base_url: `${recorder.url}/v1` },
        anthropic: provider,
        gemini: provider,
      },
      config: "allow_anonymous: true",
    });
    const made = await own.makeKey({}, { role: "admin" });
    const mistakenFor400: string[] = [];
    for (const line of [...lines, "GET /v1/messages/batches", "POST /v1/messages/batches"]) {
      const answer = await ask(line, { gateway: own, key: made.key });
      if (answer.status === 400) mistakenFor400.push(line);
    }
    assert.deepEqual(mistakenFor400, []);
    const sent = recorder.requests.map(({ method, url }) => `${method} ${url}`);
    assert.ok(sent.includes("GET /v1/responses/resp_1"), sent.join());
    await own.stop();
  });
});

test("a WebSocket upgrade returns 426 at once on every provider path and is not forwarded", async () => {
  const recorder = await startRecorder();
  const own = await startGateway({
    providers: { openai: { base_url: `${recorder.url}/v1`, api_key: "k", unmetered: "allow" } },
  });
  for (const path of ["/openai/v1/responses", "/v1/responses", "/openai/v1/realtime?model=x"]) {
    for (const authorization of [`Bearer ${(await own.makeKey()).key}`, "Bearer purser_unknown"]) {
      const { status, text } = await upgrade(own.url + path, authorization);
      assert.equal(status, 426, path);
      assert.match(text, /"code":"websocket_unsupported"/);
      assert.match(text, /HTTP POST/);
    }
  }
  assert.equal(recorder.requests.length, 0);
  await own.stop();
});

function upgrade(
  url: string,
  authorization: string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    const call = request(url, { headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    call.on("error", reject);
    call.end();
  });
}
