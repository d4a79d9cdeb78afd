/**
 * Compressed answers: the encoding chosen, and that they are as complete, flushed or cut as plain
 * ones.
 */

import assert from "node:assert/strict";
import { request } from "node:http";
import { after, test } from "node:test";
import {
  brotliDecompressSync,
  createGunzip,
  gunzipSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import { startSimulator } from "../simulator.ts";
import { compressionFor } from "./compress.ts";

const simulator = await startSimulator();
after(() => simulator.close());

const undo = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  deflate: inflateSync,
  zstd: zstdDecompressSync,
} as const;

test("the caller's preferred encoding is chosen, or none if it prefers no encoding to plain bytes", () => {
  for (const [header, name] of [
    ["gzip", "gzip"],
    ["gzip, deflate, br", "br"],
    ["gzip;q=0.5, deflate;q=0.9", "deflate"],
    ["zstd;q=0, gzip", "gzip"],
    ["*", "br"],
    ["*;q=0.1, identity;q=0.5", undefined],
    ["identity", undefined],
    ["compress", undefined],
    ["", undefined],
    [undefined, undefined],
  ] as const) {
    assert.equal(compressionFor(header)?.name, name, String(header));
  }
});

interface Answer {
  readonly encoding: string | undefined;
  readonly bytes: Buffer;
}

function ask(
  path: string,
  {
    body,
    accept,
    onData,
  }: { readonly body: object; readonly accept: string; readonly onData?: (bytes: Buffer) => void },
): Promise<Answer> {
  return new Promise((resolve) => {
    const call = request(
      `${simulator.url}${path}`,
      { method: "POST", headers: { "accept-encoding": accept } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          onData?.(chunk);
        });
        answer.on("end", () =>
          resolve({ encoding: answer.headers["content-encoding"], bytes: Buffer.concat(chunks) }),
        );
      },
    );
    call.end(JSON.stringify(body));
  });
}

const messages = [{ role: "user", content: "[[sim output=40]]" }];

for (const [encoding, decode] of Object.entries(undo)) {
  test(`${encoding}: whole answers and streams of each format equal plain ones`, async () => {
    for (const [path, body] of [
      ["/openai/v1/chat/completions", { model: "m", messages }],
      [
        "/openai/v1/chat/completions",
        { model: "m", messages, stream: true, stream_options: { include_usage: true } },
      ],
      ["/openai/v1/responses", { model: "m", input: "[[sim output=40]]", stream: true }],
      ["/anthropic/v1/messages", { model: "m", max_tokens: 99, messages, stream: true }],
      [
        "/gemini/v1beta/models/m:streamGenerateContent?alt=sse",
        { contents: [{ parts: [{ text: "[[sim output=40]]" }] }] },
      ],
      ["/openai/v1/embeddings", { model: "m", input: "a" }],
    ] as const) {
      const plain = await ask(path, { body, accept: "identity" });
      const packed = await ask(path, { body, accept: encoding });
      assert.deepEqual([plain.encoding, packed.encoding], [undefined, encoding]);
      // Ids and times differ between calls.
      const steady = (bytes: Buffer): string =>
        bytes.toString().replaceAll(/\d{10}|sim[-_]\d+/g, "N");
      assert.equal(steady(decode(packed.bytes)), steady(plain.bytes), path);
    }
  });
}

test("a compressed stream can be read before it ends", async () => {
  const body = {
    model: "m",
    messages: [{ role: "user", content: "[[sim output=4 gap_ms=30]]" }],
    stream: true,
  };
  const decoder = createGunzip();
  let unpacked = "";
  let early = "";
  decoder.on("data", (chunk: Buffer) => (unpacked += chunk.toString()));
  await ask("/v1/chat/completions", {
    body,
    accept: "gzip",
    onData: (bytes) => {
      if (unpacked.includes('"content":"The"') && !unpacked.includes("[DONE]")) early = unpacked;
      decoder.write(bytes);
    },
  });
  assert.notEqual(early, "");
});

test("an answer with a fault is plain: everything before the fault can be read", async () => {
  const body = {
    model: "m",
    messages: [{ role: "user", content: "[[sim output=40 fault=no_done]]" }],
    stream: true,
  };
  const answer = await ask("/v1/chat/completions", { body, accept: "br" });
  assert.equal(answer.encoding, undefined);
});
