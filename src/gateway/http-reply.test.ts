/** Replies to slow and disconnecting callers. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { test } from "node:test";
import { HttpReply } from "./http-reply.ts";

/** A reply to a caller that has not started reading. */
async function withReply(use: (reply: HttpReply, caller: Socket) => Promise<void>): Promise<void> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const caller = connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  try {
    caller.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    const [, response] = (await once(server, "request")) as [IncomingMessage, ServerResponse];
    await use(new HttpReply(response, { isClosing: false }), caller);
  } finally {
    caller.destroy();
    server.closeAllConnections();
    server.close();
  }
}

const piece = Buffer.alloc(1024 * 1024, "x");

test("writes wait for a slow caller every time", () =>
  withReply(async (reply, caller) => {
    let drained: () => void = assert.fail;
    reply.onDrain(() => drained());
    reply.head(200, {});
    for (let time = 0; time < 3; time++) {
      const drain = new Promise<void>((resolve) => (drained = resolve));
      while (reply.write(piece));
      assert.equal(reply.write(piece), false);
      caller.resume();
      await drain;
      caller.pause();
    }
  }));

test("a disconnect is reported once, and nothing more is written", () =>
  withReply(async (reply, caller) => {
    const left = new Promise<void>((resolve) => reply.onGone(resolve));
    reply.head(200, {});
    caller.destroy();
    await left;
    assert.equal(reply.gone, true);
    assert.equal(reply.write(piece), true);
    reply.end();
  }));

test("a disconnect after the complete answer is not reported", () =>
  withReply(async (reply, caller) => {
    reply.onGone(assert.fail);
    reply.head(200, { "content-length": "2" });
    reply.end(Buffer.from("{}"));
    caller.resume();
    await once(caller, "data");
    caller.destroy();
    await once(caller, "close");
    assert.equal(reply.gone, false);
  }));
