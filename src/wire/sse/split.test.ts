/** Tests that server-sent events are split correctly wherever the stream is cut. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SseSplitter } from "./split.ts";

interface Seen {
  readonly events: { readonly name: string | undefined; readonly data: string | undefined }[];
  readonly passed: string;
  readonly rest: string;
  readonly malformed: boolean;
}

function split(
  chunks: readonly Uint8Array[],
  options: { readonly drop?: string; readonly largest?: number } = {},
): Seen {
  const events: Seen["events"] = [];
  const splitter = new SseSplitter({
    onEvent(event) {
      const data = event.data()?.toString();
      if (data !== undefined) events.push({ name: event.name(), data });
      return options.drop === undefined || data !== options.drop;
    },
    ...(options.largest === undefined ? {} : { largestEventBytes: options.largest }),
  });
  const passed = Buffer.concat(chunks.map((chunk) => splitter.push(chunk))).toString();
  return {
    events,
    passed,
    rest: Buffer.from(splitter.end()).toString(),
    malformed: splitter.malformed,
  };
}

function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (left, right) => left - right,
  );
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const stream =
  ': hello\n\nevent: a\ndata: {"x":"é漢🎈"}\n\ndata: one\ndata: two\n\nid: 5\ndata:bare\n\n\ndata: [DONE]\n\n';
const expected = [
  { name: "a", data: '{"x":"é漢🎈"}' },
  { name: undefined, data: "one\ntwo" },
  { name: undefined, data: "bare" },
  { name: undefined, data: "[DONE]" },
];

test("events are the same wherever the stream is split, with every kind of line end", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = stream.replaceAll("\n", end);
    const length = Buffer.byteLength(text);
    for (let place = 0; place <= length; place++) {
      const seen = split(cut(text, [place]));
      assert.deepEqual(seen.events, expected, `${JSON.stringify(end)} cut at ${place}`);
      assert.equal(seen.passed + seen.rest, text);
    }
    const seen = split(
      cut(
        text,
        Array.from({ length }, (_, index) => index),
      ),
    );
    assert.deepEqual(seen.events, expected, `${JSON.stringify(end)} byte by byte`);
    assert.equal(seen.passed, text);
  }
});

test("splitting in several places changes neither events nor bytes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { maxLength: 12 }),
      fc.constantFrom("\n", "\r\n", "\r"),
      (places, end) => {
        const text = stream.replaceAll("\n", end);
        const seen = split(cut(text, places));
        assert.deepEqual(seen.events, expected);
        assert.equal(seen.passed + seen.rest, text);
      },
    ),
  );
});

test("a stream may mix line ends of several kinds", () => {
  assert.deepEqual(
    split([Buffer.from("data: 1\r\n\ndata: 2\n\r\ndata: 3\r\r\ndata: 4\n\r")]).events.map(
      (event) => event.data,
    ),
    ["1", "2", "3", "4"],
  );
});

test("only complete events are passed on; the rest is held until the end", () => {
  const splitter = new SseSplitter({ onEvent: () => true });
  assert.equal(
    Buffer.from(splitter.push(Buffer.from("data: 1\n\ndata: 2"))).toString(),
    "data: 1\n\n",
  );
  assert.equal(splitter.push(Buffer.from("\n")).length, 0);
  assert.equal(Buffer.from(splitter.push(Buffer.from("\nda"))).toString(), "data: 2\n\n");
  assert.equal(Buffer.from(splitter.end()).toString(), "da");
});

test("a chunk that ends with an event is passed on without a copy", () => {
  const splitter = new SseSplitter({ onEvent: () => true });
  const chunk = new Uint8Array(Buffer.from("data: 1\n\n: ping\n\ndata: 2\n\n"));
  assert.equal(splitter.push(chunk), chunk);
});

test("a dropped event is missing from the output, and nothing else is", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = "data: 1\n\ndata: x\n\ndata: 2\n\n".replaceAll("\n", end);
    for (let place = 0; place <= text.length; place++) {
      assert.equal(
        split(cut(text, [place]), { drop: "x" }).passed,
        "data: 1\n\ndata: 2\n\n".replaceAll("\n", end),
        `cut at ${place}`,
      );
    }
  }
});

test("an event that never ends passes unread and is flagged, and the next one is read again", () => {
  const large = `data: ${"x".repeat(500)}`;
  const text = `data: 1\n\n${large}\n\ndata: 2\n\n`;
  const seen = split(cut(text, [100, 200, 300, 400, 512]), { largest: 128 });
  assert.equal(seen.passed, text);
  assert.equal(seen.malformed, true);
  assert.deepEqual(
    seen.events.map((event) => event.data),
    ["1", "2"],
  );
});

test("the last event is read even if the stream ends before its empty line", () => {
  const seen = split([Buffer.from("data: 1\n\ndata: [DONE]\n")]);
  assert.deepEqual(
    seen.events.map((event) => event.data),
    ["1", "[DONE]"],
  );
  assert.equal(seen.rest, "data: [DONE]\n");
});

test("a byte order mark before the first event is not part of it", () => {
  assert.deepEqual(
    split([Buffer.from("\uFEFFdata: 1\n\n")]).events.map((event) => event.data),
    ["1"],
  );
});
