/** Errors, access checks and routing at the gateway. */

import assert from "node:assert/strict";
import { createServer, request as send, type ClientRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { Identification } from "../app/caller/identify.ts";
import { InFlight } from "../app/caller/in-flight.ts";
import type { Upstream, UpstreamReceiver } from "../app/port/upstream.ts";
import type { Visit } from "../app/caller/visitor.ts";
import { PurserError, type ErrorCode } from "../domain/error.ts";
import type { Key } from "../domain/key/key.ts";
import { anthropicWire } from "../wire/anthropic/index.ts";
import { geminiWire } from "../wire/gemini/index.ts";
import { openaiWire } from "../wire/openai/index.ts";
import { Router } from "../app/route/router.ts";
import { makeGateway, type GatewayContext } from "./gateway.ts";
import { aProvider } from "../app/port/parts.test-kit.ts";

const provider = aProvider({ name: "local", bases: { openai: "http://127.0.0.1:9/v1" } });
const clock = { now: () => 1, monotonic: () => 1 };

/** Answers every request with `answer`, without a network. */
function upstreamOf(answer: (receiver: UpstreamReceiver) => void): Upstream {
  return {
    forward(_, receiver) {
      answer(receiver);
      return {
        abort: async () => undefined,
        pause: () => undefined,
        resume: () => undefined,
        finish: () => undefined,
      };
    },
    close: async () => undefined,
  };
}

/** Fails right after the beginning of an answer. */
class Breaking extends InFlight {
  override add(): never {
    throw new Error("a bug");
  }
}

interface Bench {
  readonly url: string;
  readonly failures: readonly string[];
}

/** A gateway with only the parts that a free call needs; using any other part fails at once. */
async function openGateway(
  test: TestContext,
  parts: {
    readonly inFlight: InFlight;
    readonly upstream: Upstream;
    readonly key?: Key;
    readonly admit?: (visit: Visit) => void;
  },
): Promise<Bench> {
  const failures: string[] = [];
  const observer = new Proxy(
    {},
    {
      get: (_, name) =>
        name === "failed" ? (what: string) => failures.push(what) : () => undefined,
    },
  );
  const context = {
    admit: () => undefined,
    ...parts,
    clock,
    observer,
    router: new Router({
      providers: { byName: new Map([["local", provider]]), aliases: new Map() },
      wires: [openaiWire(), anthropicWire, geminiWire],
    }),
    identification: new Identification({
      ledger: { keyByHash: () => parts.key },
      clock,
      allowAnonymous: true,
      keyHeaders: [],
    }),
    limits: { bodyBytes: 1000, firstByteMs: 1000, idleStreamMs: 1000, totalMs: 1000 },
    prices: () => ({ version: "none", sheet: () => undefined, ceiling: () => undefined }),
    models: () => [],
    belongings: { hasLost: false, ownerOf: () => undefined },
  } as unknown as GatewayContext;
  const gateway = makeGateway(context);
  const server = createServer(
    (request, response) => void (gateway(request, response) || response.writeHead(404).end()),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.after(() => (server.closeAllConnections(), server.close()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, failures };
}

test("an error after an answer has begun aborts that answer, and no second head is written", async (context) => {
  const upstream = upstreamOf((receiver) => {
    receiver.head(200, { "content-type": "application/json" });
    receiver.data(Buffer.from("{"));
  });
  const bench = await openGateway(context, {
    inFlight: new Breaking({ clock, concurrentCallsPerKey: null }),
    upstream,
  });
  await assert.rejects(fetch(`${bench.url}/local/v1/models/m`).then((response) => response.text()));
  assert.deepEqual(bench.failures, ["a call failed"]);
  assert.equal((await fetch(`${bench.url}/nowhere`)).status, 404, "all others are served");
});

test("an error message ends with its remedy, which is also a separate field", async (context) => {
  const upstream = upstreamOf(() => assert.fail("nothing is forwarded"));
  const bench = await openGateway(context, {
    inFlight: new InFlight({ clock, concurrentCallsPerKey: null }),
    upstream,
  });
  const response = await fetch(`${bench.url}/local/v1/chat/completions`, {
    method: "POST",
    body: "{}",
  });
  const { error, purser } = (await response.json()) as {
    readonly error: { readonly message: string; readonly purser?: { readonly remedy?: string } };
    readonly purser?: { readonly remedy?: string };
  };
  const remedy = error.purser?.remedy ?? purser?.remedy ?? "";
  assert.equal(response.status, 400);
  assert.notEqual(remedy, "");
  assert.ok(error.message.endsWith(`. ${remedy}`), error.message);
});

test("the gateway handles only its own paths, and leaves all others to the next handler", async (context) => {
  const inFlight = new InFlight({ clock, concurrentCallsPerKey: null });
  const bench = await openGateway(context, {
    inFlight,
    upstream: upstreamOf(() => assert.fail("nothing is forwarded")),
  });
  assert.equal((await fetch(`${bench.url}/nowhere`)).status, 404);
});

const statuses: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  invalid_configuration: 500,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported_encoding: 415,
  websocket_unsupported: 426,
  too_many: 429,
  unpriced: 402,
  unmetered: 403,
  upstream_unreachable: 502,
  upstream_timeout: 504,
  store_unavailable: 503,
  shutting_down: 503,
  bug: 500,
};
const inFlight = () => new InFlight({ clock, concurrentCallsPerKey: null });

for (const [code, status] of Object.entries(statuses) as [ErrorCode, number][]) {
  test(`${code} is answered ${status}, with the fields its client needs, and Codex does not retry a final error`, async (context) => {
    const upstream = upstreamOf(() => assert.fail("nothing is forwarded"));
    const admit = (): never => {
      throw new PurserError(code, "no", { field: "f", remedy: "Do this." });
    };
    const bench = await openGateway(context, { inFlight: inFlight(), upstream, admit });
    for (const [method, path] of [
      ["POST", "/local/v1/chat/completions"],
      ["GET", "/v1/models"],
    ] as const) {
      const ask = (agent: string): Promise<Response> =>
        fetch(`${bench.url}${path}`, { method, headers: { "user-agent": agent } });
      const response = await ask("node");
      assert.equal(response.status, status, path);
      const headers = ["retry-after", "www-authenticate", "accept-encoding", "x-should-retry"].map(
        (name) => response.headers.get(name),
      );
      assert.deepEqual(headers, [
        status === 429 || status === 503 ? "1" : null,
        status === 401 ? 'Bearer realm="purser"' : null,
        status === 415 ? "gzip, deflate, br, zstd" : null,
        status === 409 ? "false" : null,
      ]);
      assert.equal(
        response.headers.get("connection") === "close",
        status === 413 || status === 426,
        path,
      );
      const text = await response.text();
      const isInside = code === "bug";
      assert.equal(text.includes("Do this."), !isInside, "what a bug says stays inside");
      assert.equal(bench.failures.length > 0, isInside);
      const toCodex = await ask("codex_exec/0.171.0");
      assert.equal(toCodex.status, [402, 403, 404, 409, 413].includes(status) ? 400 : status, path);
      assert.equal(await toCodex.text(), text);
    }
  });
}

const silent = upstreamOf(() => assert.fail("nothing is forwarded"));

test("host name and origin are checked for calls and for lists of models", async (context) => {
  const visits: Visit[] = [];
  const admit = (visit: Visit): never => {
    visits.push(visit);
    throw new PurserError("forbidden", "no");
  };
  const bench = await openGateway(context, { inFlight: inFlight(), upstream: silent, admit });
  const { host } = new URL(bench.url);
  for (const [method, path] of [
    ["POST", "/local/v1/chat/completions"],
    ["GET", "/v1/models"],
  ] as const) {
    await fetch(`${bench.url}${path}`, { method });
    await fetch(`${bench.url}${path}`, {
      method,
      headers: { origin: "https://elsewhere.example" },
    });
  }
  const pair = [
    { host, origin: null },
    { host, origin: "https://elsewhere.example" },
  ];
  assert.deepEqual(visits, [...pair, ...pair]);
});

/** Announces a body that is too large, and sends part of it. */
function sendPart(url: string): {
  readonly request: ClientRequest;
  readonly answer: Promise<IncomingMessage>;
} {
  const request = send(`${url}/local/v1/chat/completions`, {
    method: "POST",
    headers: { "content-length": 2000 },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) =>
    request.once("response", resolve).once("error", reject),
  );
  request.write("x".repeat(1000));
  return { request, answer };
}

test("a caller that is still sending is answered at once, or, while closing, after its whole request has arrived", async (context) => {
  const open = await openGateway(context, { inFlight: inFlight(), upstream: silent });
  const early = sendPart(open.url);
  assert.equal((await early.answer).statusCode, 413);
  early.request.destroy();

  const closing = inFlight();
  const closingBench = await openGateway(context, { inFlight: closing, upstream: silent });
  await closing.close(0);
  const late = sendPart(closingBench.url);
  let isAnswered = false;
  void late.answer.then(() => (isAnswered = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(isAnswered, false);
  late.request.end("x".repeat(1000));
  assert.equal((await late.answer).statusCode, 503);
});

test("a WebSocket is refused, and any other offered protocol is ignored", async (context) => {
  const bench = await openGateway(context, { inFlight: inFlight(), upstream: silent });
  const statusOf = (upgrade: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { connection: "upgrade", upgrade };
      send(`${bench.url}/local/v1/responses`, { method: "POST", headers }, (response) =>
        resolve(response.resume().statusCode),
      )
        .once("error", reject)
        .end("{}");
    });
  assert.deepEqual([await statusOf("WebSocket"), await statusOf("h2c")], [426, 400]);
});
