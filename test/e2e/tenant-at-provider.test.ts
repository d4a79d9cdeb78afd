/**
 * Which endpoints each role can reach at a provider, in every format, and who owns stored objects.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import OpenAI from "openai";
import { startAccount } from "./account.ts";
import { openaiAt } from "./client.ts";
import { makeFolder, startGateway, type GatewayProcess, type MadeKey } from "./process.ts";

/** Closed at the end of the file, not by the hook that opens it. */
const account = await startAccount();
let gateway: GatewayProcess;
let keys: Readonly<Record<Role, string | null>>;

type Role = "none" | "revoked" | "reader" | "one" | "other" | "admin";
const roles: readonly Role[] = ["none", "revoked", "reader", "one", "other", "admin"];

before(async () => {
  gateway = await startGateway({ providers: account.providers });
  const make = async (project: string, role: string): Promise<MadeKey> =>
    gateway.makeKey({ project }, { role });
  const revoked = await make("alpha", "caller");
  assert.equal((await gateway.api("DELETE", `/api/v1/keys/${revoked.key_id}`)).status, 200);
  keys = {
    none: null,
    revoked: revoked.key,
    reader: (await make("alpha", "reader")).key,
    one: (await make("alpha", "caller")).key,
    other: (await make("beta", "caller")).key,
    admin: (await gateway.makeKey({}, { role: "admin" })).key,
  };
});

interface Ask {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly key: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(
  { method, path, body, key, headers }: Ask,
  at: Pick<GatewayProcess, "url"> = gateway,
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(at.url + path, {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      "content-type": "application/json",
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

const chat = { model: "sim-small", max_tokens: 5, messages: [{ role: "user", content: "a" }] };
const contents = { contents: [{ parts: [{ text: "a" }] }] };
const respond = { model: "sim-small", max_output_tokens: 16, input: "a" };

/** Open to every caller. */
const open: readonly (readonly [method: string, path: string, body?: object])[] = [
  ["POST", "/openai/v1/chat/completions", chat],
  ["POST", "/v1/chat/completions", { ...chat, model: "openai/sim-small" }],
  ["POST", "/openai/v1/responses", respond],
  ["POST", "/openai/v1/embeddings", { model: "sim-embed", input: "a" }],
  ["POST", "/openai/v1/responses/input_tokens", respond],
  ["POST", "/openai/v1/moderations", { input: "a" }],
  ["GET", "/openai/v1/models"],
  ["GET", "/openai/v1/models/sim-small"],
  ["POST", "/anthropic/v1/messages", chat],
  ["POST", "/anthropic/v1/messages/count_tokens", chat],
  ["GET", "/anthropic/v1/models"],
  ["POST", "/gemini/v1beta/models/sim-small:generateContent", contents],
  ["POST", "/gemini/v1beta/models/sim-small:countTokens", contents],
  ["GET", "/gemini/v1beta/models"],
];

/**
 * Account-wide endpoints, closed to every caller. Free ones are open to an administrator; billed
 * ones are unmetered.
 */
const closed: readonly (readonly [method: string, path: string, forAdmin: number])[] = [
  ["GET", "/openai/v1/files", 200],
  ["GET", "/openai/v1/files/file-1", 200],
  ["GET", "/openai/v1/files/file-1/content", 200],
  ["DELETE", "/openai/v1/files/file-1", 200],
  ["POST", "/openai/v1/files", 403],
  ["GET", "/openai/v1/vector_stores", 200],
  ["DELETE", "/openai/v1/vector_stores/vs_1", 200],
  ["POST", "/openai/v1/vector_stores/vs_1/search", 403],
  ["GET", "/openai/v1/batches", 200],
  ["POST", "/openai/v1/batches", 403],
  ["GET", "/openai/v1/fine_tuning/jobs", 200],
  ["POST", "/openai/v1/fine_tuning/jobs", 403],
  ["DELETE", "/openai/v1/models/ft:sim-small:org::1", 200],
  ["GET", "/openai/v1/responses/resp_elsewhere", 200],
  ["DELETE", "/openai/v1/responses/resp_elsewhere", 200],
  ["GET", "/openai/v1/responses/resp_elsewhere/input_items", 200],
  ["POST", "/openai/v1/responses/resp_elsewhere/cancel", 200],
  ["GET", "/openai/v1/chat/completions", 200],
  ["GET", "/openai/v1/chat/completions/chatcmpl-elsewhere", 200],
  ["POST", "/openai/v1/chat/completions/chatcmpl-elsewhere", 200],
  ["DELETE", "/openai/v1/chat/completions/chatcmpl-elsewhere", 200],
  ["POST", "/openai/v1/conversations", 200],
  ["GET", "/openai/v1/conversations/conv_1/items", 200],
  ["DELETE", "/openai/v1/conversations/conv_1", 200],
  ["GET", "/openai/v1/containers/cntr_1/files", 200],
  ["GET", "/openai/v1/evals", 200],
  ["GET", "/openai/v1/key", 200],
  ["GET", "/openai/v1/credits", 200],
  ["GET", "/openai/v1/generation?id=gen-1", 200],
  ["GET", "/openai/v1/api-key", 200],
  ["GET", "/openai/v1/user/balance", 200],
  ["GET", "/openai/v1/organization/costs", 403],
  ["GET", "/openai/v1/organization/admin_api_keys", 403],
  ["POST", "/openai/v1/assistants", 403],
  ["DELETE", "/openai/v1/threads/thread_1", 403],
  ["GET", "/openai/v1/anything", 403],
  ["POST", "/openai/v1/audio/voices", 403],
  ["DELETE", "/openai/v1/audio/voices/voice_1", 403],
  ["GET", "/openai/v1/audio/voice_consents", 403],
  ["POST", "/openai/v1/realtime/client_secrets", 403],
  ["GET", "/openai/v1/videos", 200],
  ["GET", "/openai/v1/videos/video_1/content", 200],
  ["GET", "/openai/v1/videos/characters/char_1", 200],
  ["POST", "/openai/v1/videos/characters", 403],
  ["POST", "/openai/v1/videos/edits", 403],
  ["POST", "/openai/v1/videos/extensions", 403],
  ["GET", "/openai/v1/skills", 403],
  ["GET", "/openai/v1/agents", 403],
  ["GET", "/openai/v1/webhooks", 403],
  ["GET", "/openai/v1/fine_tuning/jobs/ftjob-1/checkpoints", 200],
  ["GET", "/openai/v1/fine_tuning/checkpoints/ft:sim-small:org::1/permissions", 200],
  ["GET", "/anthropic/v1/files", 403],
  ["DELETE", "/anthropic/v1/files/file_1", 403],
  ["POST", "/anthropic/v1/messages/batches", 403],
  ["GET", "/anthropic/v1/messages/batches/msgbatch_1/results", 403],
  ["GET", "/anthropic/v1/skills", 403],
  ["GET", "/anthropic/v1/organizations/api_keys", 403],
  ["GET", "/anthropic/v1/models/..%2ffiles", 200],
  ["GET", "/anthropic/v1/sessions", 403],
  ["POST", "/anthropic/v1/agents", 403],
  ["GET", "/anthropic/v1/memory_stores", 403],
  ["GET", "/anthropic/v1/vaults", 403],
  ["GET", "/gemini/v1beta/files", 403],
  ["DELETE", "/gemini/v1beta/files/abc", 403],
  ["POST", "/gemini/upload/v1beta/files", 403],
  ["GET", "/gemini/v1beta/cachedContents", 403],
  ["PATCH", "/gemini/v1beta/cachedContents/c1", 403],
  ["GET", "/gemini/v1beta/tunedModels", 403],
  ["DELETE", "/gemini/v1beta/tunedModels/t1", 403],
  ["GET", "/gemini/v1beta/models/..%2Ffiles", 200],
  ["POST", "/gemini/v1beta/interactions", 403],
  ["GET", "/gemini/v1beta/interactions/i1", 403],
  ["GET", "/gemini/v1beta/fileSearchStores", 403],
  ["POST", "/gemini/v1beta/models/sim-small:predictLongRunning", 403],
  ["GET", "/gemini/v1beta/models/veo/operations/op1", 200],
  ["GET", "/gemini/v1beta/files/f1:download", 200],
];

/** Endpoints whose cost no answer reports, regardless of the caller. */
const unmetered: readonly (readonly [method: string, path: string])[] = [
  ["POST", "/openai/v1/images/generations"],
  ["POST", "/openai/v1/audio/speech"],
  ["POST", "/anthropic/v1/complete"],
  ["POST", "/gemini/v1beta/models/sim-small:predict"],
];

/** @returns Whether the request reached the provider. */
async function expect(asked: Ask, status: number): Promise<boolean> {
  const before = account.requests.length;
  const answer = await ask(asked);
  assert.equal(answer.status, status, `${asked.method} ${asked.path}: ${answer.text}`);
  if (status === 403)
    assert.ok(/"error"/.test(answer.text) && /remedy/.test(answer.text), answer.text);
  return account.requests.length > before;
}

const noKey: Readonly<Record<Role, number | null>> = {
  none: 401,
  revoked: 401,
  reader: 403,
  one: null,
  other: null,
  admin: null,
};

test("open endpoints are open to callers and administrators, and to no one else", async () => {
  for (const [method, path, body] of open) {
    for (const role of roles) {
      const status = noKey[role] ?? 200;
      const wasAsked = await expect(
        { method, path, key: keys[role], ...(body && { body }) },
        status,
      );
      assert.equal(wasAsked, status === 200, `${method} ${path} as ${role}`);
    }
  }
});

test("account-wide endpoints are closed to every caller and never requested", async () => {
  for (const [method, path, forAdmin] of closed) {
    for (const role of roles) {
      const status = role === "admin" ? forAdmin : (noKey[role] ?? 403);
      const body = method === "POST" || method === "PUT" || method === "PATCH" ? { body: {} } : {};
      const wasAsked = await expect({ method, path, key: keys[role], ...body }, status);
      assert.equal(wasAsked, status === 200, `${method} ${path} as ${role}`);
    }
  }
});

test("endpoints whose cost no answer reports are refused for every role", async () => {
  for (const [method, path] of unmetered)
    for (const role of roles)
      assert.equal(
        await expect({ method, path, key: keys[role], body: {} }, noKey[role] ?? 403),
        false,
      );
});

/** @returns The id of a response that the key made. */
async function makeResponse(
  key: string | null,
  more: object = {},
  at?: GatewayProcess,
): Promise<string> {
  const { text } = await ask(
    { method: "POST", path: "/openai/v1/responses", body: { ...respond, ...more }, key },
    at,
  );
  const id = /"id":"(resp_\d+)"/.exec(text)?.[1];
  assert.ok(id !== undefined, text);
  return id;
}

const byId: readonly (readonly [method: string, suffix: string])[] = [
  ["GET", ""],
  ["GET", "/input_items"],
  ["POST", "/cancel"],
  ["DELETE", ""],
];

test("only the key that created a response can reach it, whole or streamed, even after a restart", async () => {
  const directory = await makeFolder();
  let own = await startGateway({ providers: account.providers, directory });
  const [one, other] = [
    await own.makeKey({ project: "alpha" }),
    await own.makeKey({ project: "beta" }),
  ];
  const made = [
    await makeResponse(one.key, {}, own),
    await makeResponse(one.key, { stream: true }, own),
  ];
  const unkept = await makeResponse(one.key, { store: false }, own);
  for (const round of ["before", "after"]) {
    for (const id of made) {
      for (const [method, suffix] of byId) {
        const path = `/openai/v1/responses/${id}${suffix}`;
        const asked = { method, path, ...(method === "POST" && { body: {} }) };
        assert.equal(
          (await ask({ ...asked, key: other.key }, own)).status,
          403,
          `${round}: ${method} ${path}`,
        );
        assert.equal(
          (await ask({ ...asked, key: one.key }, own)).status,
          200,
          `${round}: ${method} ${path}`,
        );
      }
    }
    assert.equal(
      (await ask({ method: "GET", path: `/openai/v1/responses/${unkept}`, key: one.key }, own))
        .status,
      403,
    );
    if (round === "before") {
      await own.stop();
      own = await startGateway({ providers: account.providers, directory });
    }
  }
  await own.stop();
});

test("a request that names another key's objects is refused before anything is held or forwarded", async () => {
  const id = await makeResponse(keys.one);
  const message = id.replace("resp", "msg");
  const entries = (await gateway.entries()).length;
  const before = account.requests.length;
  const bodies: readonly object[] = [
    { ...respond, previous_response_id: id },
    { ...respond, previous_response_id: "resp_unknown" },
    { ...respond, conversation: "conv_1" },
    { ...respond, conversation: { id: "conv_1" } },
    { ...respond, prompt: { id: "pmpt_1" } },
    { ...respond, input: [{ type: "item_reference", id: message }] },
    { ...respond, input: [{ id: message }] },
    { ...respond, input: [{ type: "image_generation_call", id: message }] },
    { ...respond, input: [{ type: "reasoning", id: message, summary: [] }] },
    { ...respond, prompt_cache_options: { comparison_response_id: id } },
    { ...respond, tools: [{ type: "mcp", server_label: "s", tunnel_id: "tunnel_1" }] },
    { ...respond, input: [{ role: "user", content: [{ type: "input_file", file_id: "file-1" }] }] },
    { ...respond, tools: [{ type: "file_search", vector_store_ids: ["vs_1"] }] },
    { ...respond, tools: [{ type: "code_interpreter", container: "cntr_1" }] },
    {
      ...respond,
      tools: [{ type: "code_interpreter", container: { type: "auto", file_ids: ["file-1"] } }],
    },
  ];
  for (const body of bodies)
    for (const path of ["/openai/v1/responses", "/openai/v1/responses/input_tokens"])
      assert.equal(
        await expect({ method: "POST", path, body, key: keys.other }, 403),
        false,
        JSON.stringify(body),
      );
  const others: readonly (readonly [path: string, body: object])[] = [
    [
      "/openai/v1/chat/completions",
      {
        ...chat,
        messages: [{ role: "user", content: [{ type: "file", file: { file_id: "file-1" } }] }],
      },
    ],
    [
      "/openai/v1/chat/completions",
      { ...chat, audio: { format: "wav", voice: { id: "voice_1" } } },
    ],
    [
      "/openai/v1/chat/completions",
      { ...chat, data_sources: [{ type: "azure_search", parameters: { index_name: "all" } }] },
    ],
    ["/openai/v1/chat/completions", { ...chat, preset: "of-the-house" }],
    ["/anthropic/v1/messages", { ...chat, container: "container_1" }],
    [
      "/anthropic/v1/messages",
      { ...chat, thread: { type: "continue", previous_message_id: "msg" } },
    ],
    [
      "/anthropic/v1/messages",
      {
        ...chat,
        messages: [
          { role: "user", content: [{ type: "document", source: { type: "file", file_id: "f" } }] },
        ],
      },
    ],
    [
      "/gemini/v1beta/models/sim-small:generateContent",
      { ...contents, cachedContent: "cachedContents/c1" },
    ],
    [
      "/gemini/v1beta/models/sim-small:generateContent",
      { contents: [{ parts: [{ fileData: { fileUri: "gs://bucket/a" } }] }] },
    ],
  ];
  for (const [path, body] of others)
    assert.equal(
      await expect({ method: "POST", path, body, key: keys.other }, 403),
      false,
      JSON.stringify(body),
    );
  assert.deepEqual([(await gateway.entries()).length, account.requests.length], [entries, before]);
  const mine = [
    { ...respond, previous_response_id: id },
    { ...respond, input: [{ type: "item_reference", id: message }] },
  ];
  for (const body of mine)
    assert.equal(
      await expect({ method: "POST", path: "/openai/v1/responses", body, key: keys.one }, 200),
      true,
    );
});

test("with the caller's own provider key, the provider controls access", async () => {
  const headers = { "x-purser-key": keys.one ?? "", authorization: "Bearer sk-of-the-caller" };
  assert.equal(
    (await ask({ method: "GET", path: "/openai/v1/files", key: null, headers })).status,
    200,
  );
  assert.ok(account.requests.at(-1)?.rawHeaders.includes("Bearer sk-of-the-caller"));
  const body = { ...respond, previous_response_id: "resp_of_my_account" };
  assert.equal(
    (await ask({ method: "POST", path: "/openai/v1/responses", body, key: null, headers })).status,
    200,
  );
});

test("with objects per key, each key reaches its own objects and no others", async () => {
  const shop = await startAccount({ stored: "own", unmetered: "allow" });
  const own = await startGateway({ providers: shop.providers });
  const [one, other] = [
    (await own.makeKey({ project: "alpha" })).key,
    (await own.makeKey({ project: "beta" })).key,
  ];
  const posted = await ask({ method: "POST", path: "/openai/v1/files", body: {}, key: one }, own);
  const { id } = JSON.parse(posted.text) as { readonly id: string };
  const status = async (method: string, path: string, key: string): Promise<number> =>
    (await ask({ method, path, key }, own)).status;
  assert.deepEqual(
    [
      await status("GET", `/openai/v1/files/${id}/content`, one),
      await status("GET", `/openai/v1/files/${id}/content`, other),
    ],
    [200, 403],
  );
  assert.deepEqual(
    [
      await status("DELETE", `/openai/v1/files/${id}`, other),
      await status("DELETE", `/openai/v1/files/${id}`, one),
    ],
    [403, 200],
  );
  assert.equal(await status("GET", "/openai/v1/files", one), 403);
  const body = {
    ...respond,
    input: [{ role: "user", content: [{ type: "input_file", file_id: id }] }],
  };
  const asked = { method: "POST", path: "/openai/v1/responses", body };
  assert.deepEqual(
    [
      (await ask({ ...asked, key: one }, own)).status,
      (await ask({ ...asked, key: other }, own)).status,
    ],
    [200, 403],
  );
  await own.stop();
});

test("with a shared provider, every key reaches every object", async () => {
  const shop = await startAccount({ stored: "shared" });
  const own = await startGateway({ providers: shop.providers });
  const { key } = await own.makeKey();
  assert.equal((await ask({ method: "GET", path: "/openai/v1/files", key }, own)).status, 200);
  const body = { ...respond, previous_response_id: "resp_elsewhere" };
  assert.equal(
    (await ask({ method: "POST", path: "/openai/v1/responses", body, key }, own)).status,
    200,
  );
  await own.stop();
});

test("a refusal is the SDK's own error, and names the remedy", async () => {
  const client = openaiAt(gateway, { key: keys.one ?? "", path: "/openai" });
  await assert.rejects(
    async () => void (await client.files.list()),
    (error) => {
      assert.ok(error instanceof OpenAI.PermissionDeniedError);
      assert.match(
        error.message,
        /whole account's.*administrator's key.*providers\.openai\.stored/,
      );
      return true;
    },
  );
});
