import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { Identification } from "../app/identify.ts";
import { InFlight } from "../app/in-flight.ts";
import type { Upstream, UpstreamReceiver } from "../app/upstream.ts";
import type { Key } from "../domain/key/key.ts";
import { anthropicWire } from "../wire/anthropic/index.ts";
import { geminiWire } from "../wire/gemini/index.ts";
import { openaiWire } from "../wire/openai/index.ts";
import { makeGateway, type GatewayContext } from "./gateway.ts";
import { aProvider } from "../app/parts.test-kit.ts";

const provider = aProvider({ name: "local", bases: { openai: "http://127.0.0.1:9/v1" } });
const clock = { now: () => 1, monotonic: () => 1 };

/** Answers every request as `answer` says; nothing of it is sent anywhere. */
function upstreamOf(answer: (receiver: UpstreamReceiver) => void): Upstream {
  return {
    forward(_, receiver) {
      answer(receiver);
      return { abort: () => undefined, pause: () => undefined, resume: () => undefined, finish: () => undefined };
    },
    close: async () => undefined,
  };
}

/** Something breaks right behind the beginning of an answer. */
class Breaking extends InFlight {
  override add(): never {
    throw new Error("a bug");
  }
}

interface Bench {
  readonly url: string;
  readonly failures: readonly string[];
}

/** A gateway of which only what a free call needs is there: anything else would be missed at once. */
async function openGateway(
  test: TestContext,
  parts: { readonly inFlight: InFlight; readonly upstream: Upstream; readonly key?: Key },
): Promise<Bench> {
  const failures: string[] = [];
  const observer = new Proxy({}, { get: (_, name) => (name === "failed" ? (what: string) => failures.push(what) : () => undefined) });
  const context = {
    ...parts,
    clock,
    observer,
    providers: { byName: new Map([["local", provider]]), aliases: new Map() },
    wires: { openai: openaiWire({ newTokenField: "max_tokens" }), anthropic: anthropicWire, gemini: geminiWire },
    identification: new Identification({ ledger: { keyByHash: () => parts.key }, clock, allowAnonymous: true }),
    limits: { bodyBytes: 1000, firstByteMs: 1000, idleStreamMs: 1000, totalMs: 1000 },
    prices: () => ({ version: "none", sheet: () => undefined }),
    models: () => [],
    admit: () => undefined,
    belongings: { ownerOf: () => undefined },
  } as unknown as GatewayContext;
  const gateway = makeGateway(context);
  const server = createServer((request, response) => void (gateway(request, response) || response.writeHead(404).end()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.after(() => (server.closeAllConnections(), server.close()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, failures };
}

test("a fault behind an answer that has begun breaks that answer off, and no second head is written", async (context) => {
  const upstream = upstreamOf((receiver) => {
    receiver.head(200, { "content-type": "application/json" });
    receiver.data(Buffer.from("{"));
  });
  const bench = await openGateway(context, { inFlight: new Breaking({ clock, concurrentCallsPerKey: null }), upstream });
  await assert.rejects(fetch(`${bench.url}/local/v1/models/m`).then((response) => response.text()));
  assert.deepEqual(bench.failures, ["a call failed"]);
  assert.equal((await fetch(`${bench.url}/nowhere`)).status, 404, "all others are served");
});

test("an error tells its remedy behind its reason, and by itself for programs", async (context) => {
  const upstream = upstreamOf(() => assert.fail("nothing is forwarded"));
  const bench = await openGateway(context, { inFlight: new InFlight({ clock, concurrentCallsPerKey: null }), upstream });
  const response = await fetch(`${bench.url}/local/v1/chat/completions`, { method: "POST", body: "{}" });
  const { error, purser } = (await response.json()) as {
    readonly error: { readonly message: string; readonly purser?: { readonly remedy?: string } };
    readonly purser?: { readonly remedy?: string };
  };
  const remedy = error.purser?.remedy ?? purser?.remedy ?? "";
  assert.equal(response.status, 400);
  assert.notEqual(remedy, "");
  assert.ok(error.message.endsWith(`. ${remedy}`), error.message);
});

test("a path of the gateway alone is its own, and every other is left to who comes next", async (context) => {
  const inFlight = new InFlight({ clock, concurrentCallsPerKey: null });
  const bench = await openGateway(context, { inFlight, upstream: upstreamOf(() => assert.fail("nothing is forwarded")) });
  assert.equal((await fetch(`${bench.url}/nowhere`)).status, 404);
});
