/** Tests files that are sent to receivers which take or answer nothing, or never stop answering. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { FileWebhook } from "./file-webhook.ts";
import { never } from "./receiver.test-kit.ts";

async function send(
  t: TestContext,
  listener: RequestListener,
  { megabytes, stallMs }: { readonly megabytes: number; readonly stallMs?: number },
): Promise<number> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const target = {
    kind: "webhook",
    url: `http://127.0.0.1:${port}/`,
    secrets: ["webhook-secret-0123456789"],
    allowPrivateAddress: true,
  } as const;
  const webhook = new FileWebhook(target, {
    clock: { now: () => 0 },
    ...(stallMs !== undefined && { stallMs }),
  });
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let part = 0; part < megabytes; part++) yield new Uint8Array(1 << 20);
  }
  return webhook.keep({ name: "file.csv", mediaType: "text/csv", parts: parts() }, never);
}

test("the file is kept when the status is 2xx; the rest of the answer is not waited for", async (t) => {
  let taken = 0;
  const size = await send(
    t,
    (request, response) => {
      request.on("data", (chunk: Buffer) => (taken += chunk.length));
      request.on("end", () => response.writeHead(200).write("o"));
    },
    { megabytes: 3 },
  );
  assert.deepEqual([size, taken], [3 << 20, 3 << 20]);
});

test("a receiver that takes nothing of the file has failed", async (t) => {
  const sending = send(t, (request) => void request.pause(), { megabytes: 40, stallMs: 500 });
  await assert.rejects(sending, /it took nothing and answered nothing for 0\.5 seconds/);
});

test("a receiver that takes the file and does not answer has failed", async (t) => {
  const sending = send(t, (request) => void request.resume(), { megabytes: 1, stallMs: 500 });
  await assert.rejects(sending, /it took nothing and answered nothing for 0\.5 seconds/);
});
