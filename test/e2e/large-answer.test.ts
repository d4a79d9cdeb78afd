/**
 * Answers of over a hundred megabytes pass through and are charged, and the gateway's memory does
 * not grow with them.
 */

import assert from "node:assert/strict";
import { createServer, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { startGateway, type GatewayProcess } from "./process.ts";

const megabyte = 1024 * 1024;
const bodyBytes = 128 * megabyte;
/**
 * Twelve times as large, to detect memory growth by even a small fraction of the answer. Only one
 * test uses it, because it takes seconds.
 */
const largestBytes = 1536 * megabyte;
/** Memory that a call may take. */
const mostGrowth = 32 * megabyte;

const filler = Buffer.alloc(megabyte, "word ");
const usage = '"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}';

interface Shape {
  readonly head: string;
  readonly tail: string;
  readonly type?: string;
  readonly gzip?: true;
  /** The encoding named in the header but not applied. */
  readonly encoding?: string;
  readonly status?: number;
}

const body = {
  head: '{"id":"c","model":"sim-small","choices":[{"message":{"content":"',
  tail: `"}}],${usage}}`,
};
const sse = "text/event-stream";
const shapes: Readonly<Record<string, Shape>> = {
  body,
  bomb: { ...body, gzip: true },
  event: { head: `data: ${body.head}`, tail: `${body.tail}\n\ndata: [DONE]\n\n`, type: sse },
  "bomb of one event": {
    head: `data: ${body.head}`,
    tail: `${body.tail}\n\ndata: [DONE]\n\n`,
    type: sse,
    gzip: true,
  },
  "stream without line ends": { head: "data: ", tail: "", type: sse },
  error: { head: '{"error":{"message":"', tail: '"}}', status: 400 },
};

const encoded: Readonly<Record<string, Shape>> = {
  "body in an unknown encoding": { ...body, encoding: "gzip, compress" },
  "stream in an unknown encoding": {
    head: "data: {",
    tail: "}\n\n",
    type: sse,
    encoding: "compress",
  },
};

let upstream: Server;
let gateway: GatewayProcess;
let key: string;

before(async () => {
  upstream = createServer((request, response) => {
    request.resume();
    const shape =
      { ...shapes, ...encoded }[decodeURIComponent(String(request.headers["x-shape"]))] ?? body;
    void send(response, shape, Number(request.headers["x-bytes"]));
  });
  await once(upstream.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
  gateway = await startGateway({
    providers: { openai: { base_url: url, api_key: "k", pass_headers: ["x-shape", "x-bytes"] } },
  });
  ({ key } = await gateway.makeKey({ project: "p1" }));
});

after(() => {
  upstream.close();
  upstream.closeAllConnections();
});

async function send(
  response: ServerResponse,
  { head, tail, type, gzip, encoding, status }: Shape,
  bytes: number,
): Promise<void> {
  const named = gzip ? "gzip" : encoding;
  response.writeHead(status ?? 200, {
    "content-type": type ?? "application/json",
    ...(named && { "content-encoding": named }),
  });
  const pieces = Readable.from(piecesOf({ head, tail }, bytes));
  await (gzip ? pipeline(pieces, createGzip(), response) : pipeline(pieces, response));
}

function* piecesOf({ head, tail }: Shape, bytes: number): Generator<Uint8Array> {
  yield Buffer.from(head);
  for (let sent = 0; sent < bytes; sent += filler.length) yield filler;
  yield Buffer.from(tail);
}

interface Got {
  readonly status: number;
  readonly length: number;
  readonly headers: Headers;
  readonly id: string;
}

let calls = 0;

async function call(shape: string, bytes: number, stream: boolean): Promise<Got> {
  const id = `large-${++calls}`;
  const answer = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "x-purser-operation-id": id,
      "x-shape": encodeURIComponent(shape),
      "x-bytes": String(bytes),
    },
    body: JSON.stringify({
      model: "sim-small",
      max_tokens: 50,
      stream,
      messages: [{ role: "user", content: "Hello" }],
    }),
  });
  let length = 0;
  for await (const chunk of answer.body ?? []) length += chunk.length;
  return { status: answer.status, length, headers: answer.headers, id };
}

async function residentBytes(): Promise<number> {
  const text = await (
    await fetch(`${gateway.url}/metrics`, {
      headers: { authorization: `Bearer ${gateway.adminKey}` },
    })
  ).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
}

/** @returns The memory growth during the work. */
async function growthDuring(work: Promise<unknown>): Promise<number> {
  const start = await residentBytes();
  let peak = start;
  const look = async (): Promise<void> => {
    const bytes = await residentBytes();
    peak = Math.max(peak, bytes);
  };
  const looking = setInterval(() => void look(), 50);
  await work;
  clearInterval(looking);
  await look();
  return peak - start;
}

for (const [name, shape] of Object.entries(shapes)) {
  const stream = shape.type !== undefined;
  test(`an answer of one ${name} with 128 MB takes at most 32 MB, and is charged correctly`, async () => {
    // One-time allocations of the first call do not count as growth.
    await call(name, 16 * megabyte, stream);
    const answering = call(name, bodyBytes, stream);
    const growth = await growthDuring(answering);
    const { status, length, headers, id } = await answering;
    assert.equal(status, shape.status ?? 200);
    const passed = bodyBytes + shape.head.length + shape.tail.length;
    // A cost comment may follow the stream.
    assert.ok(length >= passed && length < passed + 200, `${length - passed} bytes more`);
    assert.ok(growth <= mostGrowth, `${Math.round(growth / megabyte)} MB`);
    if (!stream && !shape.status) assert.equal(headers.get("x-purser-cost-usd"), null);
    const [entry] = await gateway.entriesWhen(1, `operation_id=${id}`);
    assert.ok(entry);
    if (shape.status) assert.deepEqual([entry.status, entry.cost_usd], ["released", "0"]);
    else if (name.includes("without"))
      assert.ok(
        entry.status === "estimated" &&
          entry.flags.includes("malformed") &&
          (entry.usage.output ?? 0) > 0,
      );
    else
      assert.deepEqual(
        [entry.status, entry.usage.input, entry.usage.output, entry.flags],
        ["settled", 11, 7, []],
      );
  });
}

test("an answer of 1.5 GB takes no more than 32 MB, and is charged", async () => {
  await call("body", 16 * megabyte, false);
  const answering = call("body", largestBytes, false);
  const growth = await growthDuring(answering);
  const { length, id } = await answering;
  assert.equal(length, largestBytes + body.head.length + body.tail.length);
  assert.ok(growth <= mostGrowth, `${Math.round(growth / megabyte)} MB`);
  const [entry] = await gateway.entriesWhen(1, `operation_id=${id}`);
  assert.deepEqual(
    [entry?.status, entry?.usage.input, entry?.usage.output, entry?.flags],
    ["settled", 11, 7, []],
  );
});

for (const [name, shape] of Object.entries(encoded)) {
  test(`a ${name} passes unchanged, with its header, and is charged by a flagged estimate`, async () => {
    const { length, headers, id } = await call(name, 0, shape.type !== undefined);
    assert.equal(length, shape.head.length + shape.tail.length);
    assert.equal(headers.get("content-encoding"), shape.encoding);
    const [entry] = await gateway.entriesWhen(1, `operation_id=${id}`);
    assert.ok(entry);
    assert.deepEqual([entry.status, entry.flags], ["estimated", ["malformed", "usage_missing"]]);
    const { output = 0 } = entry.usage;
    assert.ok(output > 0 && output <= 50);
  });
}
