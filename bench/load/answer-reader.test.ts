/** Tests that the load generator finds the end of each response. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerReader } from "./answer-reader.ts";

const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"ok":true}';
const refused = "HTTP/1.1 402 Payment Required\r\ncontent-length: 2\r\n\r\n{}";
const stream =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nc\r\ndata: {"a":1}\r\n6\r\ndata: \r\n0\r\n\r\n';

function read(pieces: readonly string[]): {
  readonly ended: readonly number[];
  readonly events: number;
  readonly error: string | null;
} {
  const ended: number[] = [];
  let events = 0;
  const reader = new AnswerReader({
    events: (count) => (events += count),
    end: (status) => ended.push(status),
  });
  for (const piece of pieces) reader.push(Buffer.from(piece));
  return { ended, events, error: reader.error };
}

test("an answer ends after its content length", () => {
  assert.deepEqual(read([whole, whole]), { ended: [200, 200], events: 0, error: null });
});

test("a chunked answer ends with its last chunk, and its events are counted", () => {
  assert.deepEqual(read([stream]), { ended: [200], events: 2, error: null });
});

test("an answer may be split anywhere except inside an event's name", () => {
  for (const answer of [whole, stream]) {
    for (let at = 1; at < answer.length; at++)
      assert.deepEqual(read([answer.slice(0, at), answer.slice(at)]).ended, [200]);
  }
});

test("a response other than 200 is kept for the report", () => {
  assert.deepEqual(read([refused]), { ended: [402], events: 0, error: "402 {}" });
});
