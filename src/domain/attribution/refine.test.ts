/** Merging attribution headers into the attribution of a key. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { PurserError } from "../error.ts";
import {
  type Attribution,
  canonicalAttribution,
  type Dimension,
  dimensions,
} from "./attribution.ts";
import { type AttributionHeaders, refine } from "./refine.ts";

const key = {
  attribution: { project: "p1", tags: { plan: "pro" } },
  mayRefine: ["task", "user", "tags"] as const,
};

test("a call without headers has the attribution of its key, as the same object", () => {
  assert.equal(refine(key, {}), key.attribution);
  assert.equal(refine(key, { project: "p1", tags: "plan=pro", task: undefined }), key.attribution);
});

test("a header fills in what the key leaves open", () => {
  assert.deepEqual(refine(key, { task: "t1", user: "Zoë" }), {
    project: "p1",
    tags: { plan: "pro" },
    task: "t1",
    user: "Zoë",
  });
});

test("tags of a header are added to those of the key", () => {
  assert.deepEqual(refine(key, { tags: "customer=c1, plan=pro ,query=a=b c" }).tags, {
    plan: "pro",
    customer: "c1",
    query: "a=b c",
  });
});

test("a tag named like an inherited object property is an ordinary tag", () => {
  const { tags } = refine({ attribution: {}, mayRefine: ["tags"] }, { tags: "constructor=x" });
  assert.deepEqual(Object.entries(tags ?? {}), [["constructor", "x"]]);
});

const long = "x".repeat(129);
const refused: readonly (readonly [
  fact: string,
  headers: AttributionHeaders,
  code: string,
  field: string,
  remedy: RegExp,
])[] = [
  [
    "another project than the key's",
    { project: "p2" },
    "forbidden",
    "x-purser-project",
    /Leave x-purser-project out/,
  ],
  [
    "a dimension that the key may not refine",
    { team: "t1" },
    "forbidden",
    "x-purser-team",
    /may_refine has "team"/,
  ],
  [
    "another value of the key's tag",
    { tags: "plan=free" },
    "forbidden",
    "x-purser-tags",
    /Leave x-purser-tags out/,
  ],
  [
    "a value with a line break",
    { task: "a\r\nb" },
    "invalid_request",
    "x-purser-task",
    /without control characters/,
  ],
  [
    "a value with a control character",
    { task: "a\u0007" },
    "invalid_request",
    "x-purser-task",
    /without control characters/,
  ],
  [
    "a value with a line separator",
    { task: "a\u2028b" },
    "invalid_request",
    "x-purser-task",
    /on one line/,
  ],
  ["half a character", { task: "a\ud800" }, "invalid_request", "x-purser-task", /1 to 128/],
  ["an empty value", { task: "" }, "invalid_request", "x-purser-task", /1 to 128/],
  ["a value of 129 characters", { task: long }, "invalid_request", "x-purser-task", /1 to 128/],
  ["a tag without a value", { tags: "customer" }, "invalid_request", "x-purser-tags", /name=value/],
  [
    "a tag with an empty value",
    { tags: "customer=" },
    "invalid_request",
    "x-purser-tags",
    /1 to 128/,
  ],
  ["a tag without a name", { tags: "=c1" }, "invalid_request", "x-purser-tags", /1 to 64/],
  [
    "a tag with a space in its name",
    { tags: "a b=c1" },
    "invalid_request",
    "x-purser-tags",
    /1 to 64/,
  ],
  [
    "one tag with two values",
    { tags: "a=1,a=2" },
    "invalid_request",
    "x-purser-tags",
    /Give each tag once/,
  ],
  ["empty tags", { tags: "" }, "invalid_request", "x-purser-tags", /name=value/],
  [
    "seventeen tags with the key's own",
    { tags: Array.from({ length: 16 }, (_, index) => `t${index}=1`).join(",") },
    "invalid_request",
    "x-purser-tags",
    /at most 16/,
  ],
];

for (const [fact, headers, code, field, remedy] of refused) {
  test(`refused as ${code}: ${fact}`, () => {
    assert.throws(
      () => refine(key, headers),
      (error) => {
        assert.ok(error instanceof PurserError, String(error));
        assert.deepEqual([error.code, error.detail.field], [code, field]);
        assert.match(error.detail.remedy ?? "", remedy);
        return true;
      },
    );
  });
}

test("a fixed value stays fixed even if the key may refine the dimension", () => {
  assert.throws(
    () => refine({ attribution: { task: "t1" }, mayRefine: ["task"] }, { task: "t2" }),
    /x-purser-task: this key is fixed/,
  );
});

test("sixteen tags and 128 characters are allowed, even outside the basic plane", () => {
  const tags = Array.from({ length: 16 }, (_, index) => `t${index}=1`).join(",");
  assert.equal(
    Object.keys(refine({ attribution: {}, mayRefine: ["tags"] }, { tags }).tags ?? {}).length,
    16,
  );
  assert.equal(refine(key, { task: "😀".repeat(128) }).task, "😀".repeat(128));
});

/** Some of the dimensions, each with one of a few values. */
const anyAttribution = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...dimensions), fc.constantFrom("a", "b", "c")), {
    selector: ([dimension]) => dimension,
  })
  .map((entries): Partial<Record<Dimension, string>> => Object.fromEntries(entries));
const anyRefinable = fc.subarray([...dimensions]);

test("headers can never charge anything that the key does not allow", () => {
  fc.assert(
    fc.property(anyAttribution, anyRefinable, anyAttribution, (attribution, mayRefine, headers) => {
      const foreign = dimensions.filter(
        (dimension) =>
          headers[dimension] !== undefined &&
          headers[dimension] !== attribution[dimension] &&
          (attribution[dimension] !== undefined || !mayRefine.includes(dimension)),
      );
      const call = (): Attribution => refine({ attribution, mayRefine }, headers);
      if (foreign.length > 0)
        assert.throws(call, (error) => error instanceof PurserError && error.code === "forbidden");
      else assert.deepEqual(call(), { ...headers, ...attribution });
    }),
    { numRuns: 1000 },
  );
});

test("equal attributions have the same canonical text, regardless of order", () => {
  const left: Attribution = { project: "p", org: "o", tags: { b: "2", a: "1" } };
  const right: Attribution = { tags: { a: "1", b: "2" }, org: "o", project: "p" };
  assert.equal(canonicalAttribution(left), canonicalAttribution(right));
  assert.notEqual(canonicalAttribution({ project: "p" }), canonicalAttribution({ team: "p" }));
  assert.equal(canonicalAttribution({ tags: {} }), canonicalAttribution({}));
});
