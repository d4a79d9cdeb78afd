/** What the gateway says of calls that did not get through. */

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import type { UpstreamFailure } from "../app/upstream.ts";
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

/** @param abortAfterMs When the call is given up; at once for null. */
function failureOf(to: string, abortAfterMs: number | null): Promise<UpstreamFailure> {
  return new Promise((resolve) => {
    const unexpected = (): void => assert.fail("no answer is expected");
    const receiver = { head: unexpected, data: unexpected, end: unexpected, fail: resolve };
    const request = { method: "POST", url: `${to}/v1/x`, headers: {}, body: Buffer.from("{}") };
    const exchange = upstream.forward(request, receiver);
    const abort = (): void => exchange.abort({ message: "given up", timedOut: true });
    if (abortAfterMs === null) abort();
    else setTimeout(abort, abortAfterMs);
  });
}

test("a call that is given up before it is sent reached nobody", async () => {
  assert.deepEqual(await failureOf(url, null), { reached: false, timedOut: true, message: "given up" });
  assert.equal(requests, 0);
});

test("a call that is given up after it was sent may have been seen", async () => {
  assert.deepEqual(await failureOf(url, 200), { reached: true, timedOut: true, message: "given up" });
  assert.equal(requests, 1);
});

test("a provider that does not listen was not reached", async () => {
  const closed = createServer();
  const nowhere = await listen(closed);
  await new Promise((resolve) => closed.close(resolve));
  const { reached, message } = await failureOf(nowhere, 5000);
  assert.equal(reached, false);
  assert.match(message, /ECONNREFUSED/);
});
