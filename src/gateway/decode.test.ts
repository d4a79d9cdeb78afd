/** Decoding of compressed answers, through the upstream port and a real server. */

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import type { UpstreamExchange, UpstreamFailure, UpstreamHeaders } from "../app/port/upstream.ts";
import { decodingOf } from "./decode.ts";
import { UndiciUpstream } from "./upstream.ts";

interface Encoded {
  readonly encoding: string;
  readonly bytes: Uint8Array;
}

let answer: Encoded = { encoding: "identity", bytes: Buffer.alloc(0) };
const server: Server = createServer((_request, response) => {
  response.setHeader("content-encoding", answer.encoding);
  response.end(answer.bytes);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
const upstream = new UndiciUpstream();
after(async () => {
  await upstream.close();
  server.close();
});

interface Received {
  readonly headers: UpstreamHeaders;
  readonly bytes: Buffer;
  readonly failure: UpstreamFailure | null;
}

/** Receives an answer. @param onData Called for each piece with the total bytes received. */
function receive(
  encoded: Encoded,
  onData: (exchange: UpstreamExchange, length: number) => void = () => undefined,
): Promise<Received> {
  answer = encoded;
  return new Promise((resolve) => {
    let headers: UpstreamHeaders = {};
    let length = 0;
    const chunks: Uint8Array[] = [];
    const done = (failure: UpstreamFailure | null): void =>
      resolve({ headers, bytes: Buffer.concat(chunks), failure });
    const exchange: UpstreamExchange = upstream.forward(
      { method: "GET", url, headers: {}, body: null },
      {
        head: (_status, received) => void (headers = received),
        data(chunk) {
          chunks.push(chunk);
          length += chunk.length;
          onData(exchange, length);
        },
        end: () => done(null),
        fail: (failure) => done(failure),
      },
    );
  });
}

const text = Buffer.from(`{"text":"${"words and words ".repeat(20_000)}"}`);
const halves = [text.subarray(0, 1000), text.subarray(1000)];

const decoded: readonly Encoded[] = [
  { encoding: "identity", bytes: text },
  { encoding: "gzip", bytes: gzipSync(text) },
  { encoding: "X-GZIP", bytes: gzipSync(text) },
  { encoding: "gzip", bytes: Buffer.concat(halves.map((half) => gzipSync(half))) },
  { encoding: "deflate", bytes: deflateSync(text) },
  { encoding: "deflate", bytes: deflateRawSync(text) },
  { encoding: "br", bytes: brotliCompressSync(text) },
  { encoding: "zstd", bytes: zstdCompressSync(text) },
  { encoding: "zstd", bytes: Buffer.concat(halves.map((half) => zstdCompressSync(half))) },
  { encoding: "gzip, br", bytes: brotliCompressSync(gzipSync(text)) },
  { encoding: "deflate,gzip", bytes: gzipSync(deflateRawSync(text)) },
  { encoding: "identity , zstd,  identity", bytes: zstdCompressSync(text) },
  { encoding: "br, gzip, zstd", bytes: zstdCompressSync(gzipSync(brotliCompressSync(text))) },
];

for (const encoded of decoded) {
  test(`an answer in "${encoded.encoding}" of ${encoded.bytes.length} bytes is decoded, and its headers match`, async () => {
    const { headers, bytes, failure } = await receive(encoded);
    assert.ok(bytes.equals(text) && failure === null);
    assert.equal(headers["content-encoding"], undefined);
  });
}

test("an unsupported encoding keeps its bytes and its header", async () => {
  const unknown = await receive({ encoding: "compress", bytes: text });
  assert.ok(unknown.bytes.equals(text));
  assert.equal(unknown.headers["content-encoding"], "compress");
  const inner = await receive({ encoding: "compress, gzip", bytes: gzipSync(text) });
  assert.ok(inner.bytes.equals(text));
  assert.equal(inner.headers["content-encoding"], "compress");
  const outer = await receive({ encoding: "gzip, compress", bytes: text });
  assert.ok(outer.bytes.equals(text));
  assert.equal(outer.headers["content-encoding"], "gzip, compress");
  assert.deepEqual(decodingOf(["gzip", "br, br, br"]), {
    undone: ["br", "br", "br"],
    left: "gzip",
  });
});

test("an answer without a body is complete in every encoding", async () => {
  for (const encoding of ["gzip", "br", "zstd", "deflate", "gzip, br"]) {
    const { bytes, failure } = await receive({ encoding, bytes: Buffer.alloc(0) });
    assert.deepEqual([bytes.length, failure], [0, null], encoding);
  }
});

const bombBytes = 64 * 1024 * 1024;
const bomb = gzipSync(Buffer.alloc(bombBytes));
const bombs: readonly Encoded[] = [
  { encoding: "gzip", bytes: bomb },
  { encoding: "gzip, br", bytes: brotliCompressSync(bomb) },
  { encoding: "zstd", bytes: zstdCompressSync(Buffer.alloc(bombBytes)) },
  { encoding: "br", bytes: brotliCompressSync(Buffer.alloc(bombBytes)) },
];

for (const encoded of bombs) {
  test(`a decompression bomb in "${encoded.encoding}" is decoded only as far as its reader consumes it`, async () => {
    let atPause = 0;
    let afterPause = 0;
    let last = 0;
    const { bytes, failure } = await receive(encoded, (exchange, length) => {
      last = length;
      if (atPause > 0) return;
      atPause = length;
      exchange.pause();
      setTimeout(() => {
        afterPause = last;
        exchange.resume();
      }, 100);
    });
    assert.equal(failure, null);
    assert.equal(bytes.length, bombBytes);
    assert.ok(
      afterPause - atPause <= 256 * 1024,
      `${afterPause - atPause} bytes came although they were not wanted`,
    );
  });
}

test("a call aborted while its answer is decoded ends at once", async () => {
  const { failure, bytes } = await receive({ encoding: "gzip", bytes: bomb }, (exchange) => {
    exchange.pause();
    void exchange.abort({ message: "aborted", timedOut: true });
  });
  assert.deepEqual(failure, { reached: true, timedOut: true, message: "aborted" });
  assert.ok(bytes.length < bombBytes);
});

test("a truncated or damaged answer fails and names its encoding", async () => {
  const cut = await receive({ encoding: "gzip", bytes: gzipSync(text).subarray(0, 200) });
  assert.match(cut.failure?.message ?? "", /gzip answer could not be decoded/);
  const damaged = await receive({ encoding: "gzip, br", bytes: brotliCompressSync(text) });
  assert.match(damaged.failure?.message ?? "", /gzip answer could not be decoded/);
});

test("a zstd window larger than HTTP allows is refused, not allocated", async () => {
  const { failure } = await receive({
    encoding: "zstd",
    bytes: zstdCompressSync(Buffer.alloc(40 * 1024 * 1024), { params: { [101]: 27 } }),
  });
  assert.match(failure?.message ?? "", /zstd/);
});
