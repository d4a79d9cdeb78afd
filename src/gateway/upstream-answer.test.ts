/** Answers of providers pass completely, at the reader's pace, and end exactly once. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { UpstreamExchange, UpstreamReceiver, UpstreamRequest } from "../app/port/upstream.ts";
import { UndiciUpstream } from "./upstream.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const upstream = new UndiciUpstream();
let handle: Handler = () => assert.fail("no call is expected");
const provider = createServer((request, response) => handle(request, response));
await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
after(async () => {
  await upstream.close();
  provider.closeAllConnections();
  provider.close();
});

/** A call and the events of its receiver, in order. */
interface Call {
  readonly exchange: UpstreamExchange;
  readonly events: string[];
  /** Resolves at its end, however it ends. */
  readonly ended: Promise<void>;
}

function begin(
  handler: Handler,
  change: Partial<UpstreamRequest> = {},
  take?: (chunk: Uint8Array) => void,
): Call {
  handle = handler;
  const events: string[] = [];
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const exchange = upstream.forward(
    { method: "POST", url: `${url}/v1/x`, headers: {}, body: Buffer.from("{}"), ...change },
    {
      head: (status, headers) =>
        events.push(`head ${status} ${String(headers["x-answer"] ?? "")}`.trim()),
      data: (chunk) =>
        take ? take(chunk) : void events.push(`data ${Buffer.from(chunk).toString()}`),
      end: () => (events.push("end"), end()),
      fail: ({ message, reached, timedOut }) => (
        events.push(`fail ${message} ${reached} ${timedOut}`),
        end()
      ),
    },
  );
  return { exchange, events, ended };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

test("a request arrives unchanged, and its answer passes as it arrives", async () => {
  let seen: readonly unknown[] = [];
  const handler: Handler = (request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      seen = [request.method, request.url, request.headers["x-asked"], body];
      response.writeHead(201, { "x-answer": "a" }).end("text");
    });
  };
  const request = {
    method: "PUT",
    url: `${url}/v1/x?a=b%20c`,
    headers: { "x-asked": "q" },
    body: Buffer.from("body"),
  };
  // A URL is parsed once and reused.
  for (let time = 0; time < 2; time++) {
    const { events, ended } = begin(handler, request);
    await ended;
    assert.deepEqual(seen, ["PUT", "/v1/x?a=b%20c", "q", "body"]);
    assert.deepEqual(events, ["head 201 a", "data text", "end"]);
  }
});

test("an informational response is not an answer", async () => {
  const { events, ended } = begin((_, response) => {
    response.writeProcessing();
    response.writeEarlyHints({ link: "</a>; rel=preload" });
    response.writeHead(200).end();
  });
  await ended;
  assert.deepEqual(events, ["head 200", "end"]);
});

test("a paused answer waits at its provider, and resumes", async () => {
  const size = 64 * 1024 * 1024;
  let isWritten = false;
  let bytes = 0;
  const call = begin(
    (_, response) => void response.writeHead(200).end(Buffer.alloc(size), () => (isWritten = true)),
    {},
    (chunk) => {
      if (bytes === 0) call.exchange.pause();
      bytes += chunk.length;
    },
  );
  await until(() => bytes > 0);
  await sleep(100);
  const paused = bytes;
  await sleep(100);
  assert.deepEqual([bytes, isWritten], [paused, false]);
  assert.ok(paused < size / 8, `${paused} bytes came`);
  call.exchange.resume();
  await call.ended;
  assert.equal(bytes, size);
});

test("an aborted call ends at once, and only once", async () => {
  const { exchange, events, ended } = begin(
    (_, response) => void response.writeHead(200).write("first"),
  );
  await until(() => events.length === 2);
  for (const timedOut of [true, false]) void exchange.abort({ message: "aborted", timedOut });
  await ended;
  for (const act of ["pause", "resume", "finish"] as const) exchange[act]();
  await sleep(30);
  assert.deepEqual(events.slice(2), ["fail aborted true true"]);
});

test("an ended answer can no longer be aborted", async () => {
  const { exchange, events, ended } = begin((_, response) => response.writeHead(200).end("x"));
  await ended;
  void exchange.abort({ message: "aborted", timedOut: false });
  exchange.finish();
  await sleep(30);
  assert.deepEqual(events, ["head 200", "data x", "end"]);
});

test("a truncated answer fails, and reports that the provider was reached", async () => {
  const { events, ended } = begin((_, response) => {
    response.writeHead(200).write("first");
    setTimeout(() => response.destroy(), 30);
  });
  await ended;
  assert.deepEqual(events.slice(0, 2), ["head 200", "data first"]);
  assert.match(events[2] ?? "", /^fail .+ true false$/);
  assert.equal(events.length, 3);
});

test("an answer that is over gets a grace period to end, even if paused, and is then aborted", async () => {
  const ending = begin((_, response) => {
    response.writeHead(200).write("all");
    setTimeout(() => response.end(), 100);
  });
  await until(() => ending.events.length === 2);
  ending.exchange.pause();
  ending.exchange.finish();
  await ending.ended;
  assert.deepEqual(ending.events.slice(2), ["end"]);

  const lingering = begin((_, response) => void response.writeHead(200).write("all"));
  await until(() => lingering.events.length === 2);
  lingering.exchange.finish();
  lingering.exchange.finish();
  await lingering.ended;
  assert.deepEqual(lingering.events.slice(2), ["fail the answer was over true false"]);
});

test("closing ends the calls in flight", async () => {
  const other = new UndiciUpstream();
  handle = () => undefined;
  const failed = new Promise<string>((resolve) => {
    const unexpected = (): void => assert.fail("no answer is expected");
    const receiver: UpstreamReceiver = {
      head: unexpected,
      data: unexpected,
      end: unexpected,
      fail: ({ message }) => resolve(message),
    };
    other.forward(
      { method: "POST", url: `${url}/v1/x`, headers: {}, body: Buffer.from("{}") },
      receiver,
    );
  });
  await sleep(50);
  await other.close();
  assert.notEqual(await failed, "");
});
