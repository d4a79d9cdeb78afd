/** Reading of request bodies. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PurserError } from "../domain/error.ts";
import { readBody } from "./body.ts";

/** Reads a request that arrives in these pieces. */
async function read(pieces: readonly (string | Buffer)[], limitBytes: number): Promise<Buffer> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () =>
      socket.destroy(),
    );
    const arriving = once(server, "request") as Promise<[IncomingMessage]>;
    void (async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await sleep(5);
      }
    })();
    const [request] = await arriving;
    return await readBody(request, limitBytes);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const text = "0123456789".repeat(20_000);
const head = (length: number): string =>
  `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n`;

test("a body is read completely, in one piece, in several, or in chunks of unknown length", async () => {
  assert.equal((await read([head(5) + "hello"], 100)).toString(), "hello");
  assert.equal(
    (
      await read(
        [head(text.length), text.slice(0, 7), text.slice(7, 100_000), text.slice(100_000)],
        1e6,
      )
    ).toString(),
    text,
  );
  const chunked = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
  assert.equal(
    (await read([chunked, "3\r\nabc\r\n", "4\r\ndefg\r\n", "0\r\n\r\n"], 100)).toString(),
    "abcdefg",
  );
  assert.equal((await read(["POST / HTTP/1.1\r\nhost: x\r\n\r\n"], 100)).length, 0);
});

test("chunks that share memory are read completely, and the rest of that memory is not touched", async () => {
  const shared = Buffer.from(new ArrayBuffer(12)).fill("abcdefghiXYZ");
  const pieces = [shared.subarray(0, 3), shared.subarray(3, 7), shared.subarray(7, 9)];
  const request = Object.assign(Readable.from(pieces, { objectMode: false }), {
    headers: {},
  }) as unknown as IncomingMessage;
  assert.equal((await readBody(request, 100)).toString(), "abcdefghi");
  assert.equal(shared.toString(), "abcdefghiXYZ");
});

test("a body of unknown length may outgrow the initial buffer", async () => {
  const chunked = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
  const chunks = Array.from({ length: 10 }, () => `${text.length.toString(16)}\r\n${text}\r\n`);
  assert.equal((await read([chunked, ...chunks, "0\r\n\r\n"], 1e7)).toString(), text.repeat(10));
});

test("a body over the limit is refused, announced or not", async () => {
  const isTooLarge = (error: unknown): boolean =>
    error instanceof PurserError && error.code === "too_large";
  await assert.rejects(read([head(101), "x"], 100), isTooLarge);
  const chunked = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
  await assert.rejects(
    read([chunked, `40\r\n${"x".repeat(64)}\r\n`, `40\r\n${"x".repeat(64)}\r\n`], 100),
    isTooLarge,
  );
});
