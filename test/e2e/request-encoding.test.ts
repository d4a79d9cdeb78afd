/** Requests with a compressed body. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { startGateway } from "./process.ts";
import { startRecorder } from "./recording.ts";

const recorder = await startRecorder();
const gateway = await startGateway({
  providers: { openai: { base_url: `${recorder.url}/v1`, api_key: "k" } },
  config: "limits: { body_bytes: 20000 }",
});
const { key } = await gateway.makeKey();
const chat = JSON.stringify({
  model: "sim-small",
  messages: [{ role: "user", content: "Hello, hello, hello." }],
});

interface Place {
  readonly path: string;
  readonly key: string;
}

function send(body: Buffer, encoding: string, place: Partial<Place> = {}): Promise<Response> {
  const { path, key: as } = { path: "/openai/v1/chat/completions", key, ...place };
  const headers = {
    authorization: `Bearer ${as}`,
    "content-type": "application/json",
    "content-encoding": encoding,
  };
  return fetch(gateway.url + path, { method: "POST", headers, body: new Uint8Array(body) });
}

test("is decoded, metered, and forwarded as it was before it was compressed", async () => {
  const encoded: readonly (readonly [string, Buffer])[] = [
    ["gzip", gzipSync(chat)],
    ["deflate", deflateSync(chat)],
    ["deflate", deflateRawSync(chat)],
    ["br", brotliCompressSync(chat)],
    ["zstd", zstdCompressSync(chat)],
    ["identity", Buffer.from(chat)],
    ["gzip, br", brotliCompressSync(gzipSync(chat))],
  ];
  for (const [encoding, body] of encoded)
    assert.equal((await send(body, encoding)).status, 200, encoding);
  assert.equal(recorder.requests.length, encoded.length);
  for (const { body, rawHeaders } of recorder.requests) {
    assert.equal(body, chat);
    const names = rawHeaders.map((name) => name.toLowerCase());
    assert.ok(!names.includes("content-encoding"));
    assert.equal(rawHeaders[names.indexOf("content-length") + 1], String(chat.length));
  }
  assert.equal((await gateway.entries()).length, encoded.length);
});

test("in an unknown encoding is refused with 415, and too large a one with 413", async () => {
  const sent = recorder.requests.length;
  const unknown = await send(Buffer.from(chat), "compress");
  assert.deepEqual(
    [unknown.status, unknown.headers.get("accept-encoding")],
    [415, "gzip, deflate, br, zstd"],
  );
  assert.match(
    ((await unknown.json()) as { error: { message: string } }).error.message,
    /gzip, deflate, br, zstd/,
  );
  for (const path of [
    "/openai/v1/chat/completions",
    "/v1/messages",
    "/v1beta/models/sim-small:generateContent",
  ]) {
    assert.equal(
      (await send(gzipSync(Buffer.alloc(5_000_000)), "gzip", { path })).status,
      413,
      path,
    );
  }
  assert.equal((await send(Buffer.from(chat), "gzip")).status, 400);
  assert.equal(recorder.requests.length, sent);
});

test("to the control plane is read as well", async () => {
  const control = { path: "/api/v1/budgets", key: gateway.adminKey };
  const budget = {
    budget_id: "zipped",
    budget_type: "platform",
    resource_id: "main",
    amount: "5",
    period: "month",
  };
  assert.equal((await send(gzipSync(JSON.stringify(budget)), "gzip", control)).status, 201);
  assert.equal((await gateway.budget("zipped"))["amount"], "5");
  assert.equal((await send(Buffer.from("{}"), "compress", control)).status, 415);
  assert.equal((await send(gzipSync(Buffer.alloc(5_000_000)), "gzip", control)).status, 413);
});
