/** Calls that fail on the way to a provider. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { constants, createGzip } from "node:zlib";
import type { UpstreamFailure } from "../app/port/upstream.ts";
import { UndiciUpstream } from "./upstream.ts";

const upstream = new UndiciUpstream();
after(() => upstream.close());

let requests = 0;
const silent = createServer(() => void (requests += 1));
const url = await listen(silent);
after(() => {
  silent.close();
  silent.closeAllConnections();
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** @param abortAfterMs When to abort the call; null aborts at once. */
function failureOf(to: string, abortAfterMs: number | null): Promise<UpstreamFailure> {
  return new Promise((resolve) => {
    const unexpected = (): void => assert.fail("no answer is expected");
    const receiver = { head: unexpected, data: unexpected, end: unexpected, fail: resolve };
    const request = { method: "POST", url: `${to}/v1/x`, headers: {}, body: Buffer.from("{}") };
    const exchange = upstream.forward(request, receiver);
    const abort = (): void => void exchange.abort({ message: "aborted", timedOut: true });
    if (abortAfterMs === null) abort();
    else void setTimeout(abortAfterMs).then(abort);
  });
}

test("a call aborted before it is sent did not reach the provider", async () => {
  assert.deepEqual(await failureOf(url, null), {
    reached: false,
    timedOut: true,
    message: "aborted",
  });
  assert.equal(requests, 0);
});

test("a call aborted after it was sent may have reached the provider", async () => {
  assert.deepEqual(await failureOf(url, 200), {
    reached: true,
    timedOut: true,
    message: "aborted",
  });
  assert.equal(requests, 1);
});

test("a provider that refuses connections was not reached", async () => {
  const closed = createServer();
  const nowhere = await listen(closed);
  await new Promise((resolve) => closed.close(resolve));
  const { reached, message } = await failureOf(nowhere, 5000);
  assert.equal(reached, false);
  assert.match(message, /ECONNREFUSED/);
});

const megabyte = Buffer.alloc(1024 * 1024);
/** More than a socket reads at once. */
const piece = 64 * 1024;

function* endless(): Generator<Buffer> {
  while (true) yield megabyte;
}

/**
 * Reads the beginning of an answer, and aborts it while reading is paused.
 *
 * @param send What the provider sends meanwhile.
 */
async function giveUp(
  send: (write: (bytes: Buffer) => void, response: ServerResponse) => void,
  { gzip = false, twice = false } = {},
): Promise<{ readonly bytes: number; readonly fails: number }> {
  const server = createServer((_, response) => {
    const packed = gzip ? createGzip() : null;
    packed?.on("data", (chunk: Buffer) => response.write(chunk));
    response.writeHead(200, gzip ? { "content-encoding": "gzip" } : {});
    const write = (bytes: Buffer): void => {
      if (!packed) return void response.write(bytes);
      packed.write(bytes);
      packed.flush(constants.Z_SYNC_FLUSH);
    };
    write(Buffer.from("begun"));
    void setTimeout(20).then(() => send(write, response));
  });
  const to = await listen(server);
  let bytes = 0;
  let fails = 0;
  let begun = (): void => undefined;
  const hasBegun = new Promise<void>((resolve) => (begun = resolve));
  const receiver = {
    head: () => undefined,
    data: (chunk: Uint8Array) => {
      bytes += chunk.length;
      exchange.pause();
      begun();
    },
    end: () => assert.fail("the answer has no end"),
    fail: () => (fails += 1),
  };
  const exchange = upstream.forward(
    { method: "GET", url: `${to}/`, headers: {}, body: null },
    receiver,
  );
  await hasBegun;
  await setTimeout(100);
  if (twice) void exchange.abort({ message: "the caller left", timedOut: false });
  await exchange.abort({ message: "aborted", timedOut: false });
  const atOnce = bytes;
  await setTimeout(50);
  assert.equal(bytes, atOnce, "more data came after the abort");
  server.closeAllConnections();
  server.close();
  return { bytes, fails };
}

for (const [what, options] of [
  ["a paused answer", {}],
  ["a paused answer in gzip", { gzip: true }],
  ["a paused answer, a second time meanwhile,", { twice: true }],
] as const) {
  test(`data that arrived before ${what} is aborted is read, since its provider bills it`, async () => {
    const send = (write: (bytes: Buffer) => void): void => {
      for (let pieces = 0; pieces < 10; pieces++) write(randomBytes(piece));
    };
    assert.deepEqual(await giveUp(send, options), { bytes: "begun".length + 10 * piece, fails: 1 });
  });
}

test("an answer whose end the receiver rejects has failed", async () => {
  const server = createServer((_, response) => response.end("all"));
  const to = await listen(server);
  const failure = await new Promise<UpstreamFailure>((resolve) => {
    const end = (): never => {
      throw new RangeError("too deep");
    };
    const receiver = { head: () => undefined, data: () => undefined, end, fail: resolve };
    upstream.forward({ method: "GET", url: `${to}/`, headers: {}, body: null }, receiver);
  });
  assert.deepEqual(failure, {
    reached: true,
    timedOut: false,
    message: "could not process the end of the answer: too deep",
  });
  server.close();
});

test("a provider that never stops sending is cut off soon", async () => {
  const { fails, bytes } = await giveUp((_, response) => {
    void pipeline(endless, response).catch(() => undefined);
  });
  assert.equal(fails, 1);
  assert.ok(bytes < 256 * megabyte.length, `${bytes} bytes were read`);
});
