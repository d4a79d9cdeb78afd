/** Tests the pages that a request can be billed for, and those that an answer counts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reading, RequestedUnit } from "../../wire.ts";
import { openaiWire } from "../wire.ts";

const wire = openaiWire();
const endpoint = wire.endpoint("POST", "/ocr");
const link = { type: "document_url", document_url: "https://example.com/a.pdf" };

function read(more: object) {
  const body = { model: "mistral-ocr-2512", document: link, ...more };
  return wire.read(endpoint, Buffer.from(JSON.stringify(body)));
}

function unit(more: object): RequestedUnit {
  return read(more).facts.unit ?? assert.fail("it is billed by unit");
}

function answered(asked: object, answer: object): Reading["unit"] {
  const meter = wire.meter(endpoint, { stream: false, facts: read(asked).facts });
  meter.push(Buffer.from(JSON.stringify(answer)));
  return meter.end().reading.unit;
}

const annotates = { document_annotation_format: { type: "json_object" } };

test("pages are held as a number, ranges or a list names them", () => {
  for (const [pages, count] of [
    [0, 1],
    [[0, 3, 7], 3],
    ["0-5", 6],
    ["0,2-4", 4],
    ["0, 2 - 4", 4],
    [["0-1", 5], 3],
    ["0-4999", 1000],
  ] as const)
    assert.partialDeepStrictEqual(unit({ pages }), { count, isExact: false }, String(pages));
});

test("pages that are not named or not understood are as many as a document can have", () => {
  for (const pages of [undefined, null, [], "", "all", "5-0", "1;2", -1, 1.5, [0, null], {}]) {
    const { count, toHoldLess } = unit({ pages });
    assert.deepEqual(
      [count, /`pages`/.test(toHoldLess ?? "")],
      [1000, true],
      JSON.stringify(pages),
    );
  }
  assert.equal(unit({ pages: [0] }).toHoldLess, undefined);
});

test("an image inside the request is one page; anything may be behind a link", () => {
  const image = (image_url: unknown): number =>
    unit({ document: { type: "image_url", image_url } }).count;
  assert.equal(image("data:image/png;base64,iVBORw0KGgoAAAA"), 1);
  assert.equal(image({ url: "data:image/jpeg;base64,/9j/AAAA" }), 1);
  assert.equal(image("https://example.com/a.png"), 1000);
  assert.equal(image("data:image/png;base64,JVBERi0xLjcK"), 1000, "a PDF");
  const document = { type: "document_url", document_url: "data:image/png;base64,iVBORw0KGgo" };
  assert.equal(unit({ document }).count, 1000);
});

test("a request that repeats its pages is refused", () => {
  const body = '{"model":"m","document":{},"pages":[0],"pages":[0,1]}';
  assert.throws(() => wire.read(endpoint, Buffer.from(body)), { code: "invalid_request" });
});

test("annotations need a price of their own, in addition to that of the pages", () => {
  const pages = { meters: ["pages"], family: "pages", count: 2, mayBeFree: false };
  const annotated = { meters: ["annotated_pages"], family: "annotated_pages" };
  assert.partialDeepStrictEqual(unit({ pages: [0, 1], ...annotates }), {
    ...annotated,
    count: 2,
    also: [pages],
  });
  assert.deepEqual(unit({ pages: [0, 1], bbox_annotation_format: null }).also, undefined);
});

test("an answer counts the pages read and annotated", () => {
  const counted = (asked: object, usage_info: object) => {
    const found = answered(asked, { pages: [], usage_info });
    return found && [found, ...(found.also ?? [])].map(({ family, count }) => [family, count]);
  };
  assert.deepEqual(counted({}, { pages_processed: 4 }), [["pages", 4]]);
  const both = { pages_processed: 4, pages_processed_annotation: 3 };
  const all = [
    ["annotated_pages", 3],
    ["pages", 4],
  ];
  assert.deepEqual(counted(annotates, both), all);
  assert.deepEqual(counted({}, both), all.toReversed(), "nothing was asked: pages decide");
  const none = { pages_processed: 4, pages_processed_annotation: 0 };
  assert.deepEqual(counted({}, none), [["pages", 4]]);
  for (const wrong of [-1, 1.5, "4", null, 1e9])
    assert.equal(counted({}, { pages_processed: wrong }), undefined, String(wrong));
});

test("a list or a text of more pages than a document can have is not read", () => {
  // A parser would refuse the escape. The search for ids reads only the beginning of a text.
  const list = `["${"0".repeat(64)}\\q"${",0".repeat(1000)}]`;
  const body = `{"model":"m","document":{},"pages":${list}}`;
  const { count, toHoldLess } = wire.read(endpoint, Buffer.from(body)).facts.unit ?? {};
  assert.deepEqual([count, toHoldLess], [1000, undefined]);
  assert.equal(unit({ pages: Array(1000).fill("0-0") }).count, 1000);
  const text = unit({ pages: `${"0,".repeat(50_000)}all` });
  assert.deepEqual([text.count, text.toHoldLess], [1000, undefined]);
});
