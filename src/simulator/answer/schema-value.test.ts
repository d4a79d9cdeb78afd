/** Generated values match their JSON Schema. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { valueFor } from "./schema-value.ts";

test("a value has the types of its schema, including upper-case ones", () => {
  const schema = {
    type: "OBJECT",
    properties: {
      a: { type: "STRING" },
      b: { type: ["integer", "null"], minimum: 4 },
      c: { type: "array", items: { enum: ["x", "y"] } },
      d: { anyOf: [{ type: "null" }, { type: "boolean" }] },
      e: { const: 9 },
      f: { properties: { g: { type: "null" } } },
    },
  };
  assert.deepEqual(valueFor(schema), {
    a: "sample",
    b: 4,
    c: ["x"],
    d: true,
    e: 9,
    f: { g: null },
  });
});

const Address = z.object({ city: z.string().min(12), zip: z.string().max(3), since: z.iso.date() });

test("a value passes a library-generated schema: references, bounds, formats, unions, records, tuples", () => {
  const types = [
    z.object({ home: Address, work: Address.nullable(), tags: z.array(z.string()).min(3) }),
    z.object({
      count: z.int().min(3).max(5),
      ratio: z.number().gt(0).lt(1),
      even: z.int().multipleOf(2).min(7),
      big: z.int().gt(100),
    }),
    z.object({
      low: z.int().max(-3),
      half: z.number().min(0.25).max(0.4),
      at: z.iso.datetime(),
      mail: z.email(),
      id: z.uuid(),
      link: z.url(),
    }),
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("a"), x: z.number() }),
      z.object({ kind: z.literal("b") }),
    ]),
    z.record(z.string(), z.object({ n: z.int() })),
    z.tuple([z.string(), z.boolean(), z.number()]),
    z.object({ all: z.intersection(z.object({ one: z.string() }), z.object({ two: z.int() })) }),
    z.array(z.enum(["x", "y", "z"])).length(2),
    z.strictObject({ optional: z.string().optional(), flag: z.boolean() }),
  ];
  for (const type of types) {
    for (const reused of ["inline", "ref"] as const) {
      const schema = z.toJSONSchema(type, { reused });
      const value = valueFor(schema);
      assert.ok(
        type.safeParse(value).success,
        `${JSON.stringify(value)} of ${JSON.stringify(schema)}`,
      );
    }
  }
});

test("a recursive schema terminates", () => {
  const Tree = z.object({
    name: z.string(),
    get children() {
      return z.array(Tree);
    },
  });
  assert.ok(Tree.safeParse(valueFor(z.toJSONSchema(Tree))).success);
  const loop = { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } };
  assert.equal(typeof valueFor(loop), "string");
});

test("required properties without a description are present, and unique items differ", () => {
  assert.deepEqual(
    valueFor({ type: "object", required: ["a"], additionalProperties: { type: "integer" } }),
    { a: 1 },
  );
  assert.deepEqual(
    valueFor({ type: "array", items: { type: "string" }, minItems: "2", uniqueItems: true }),
    ["sample", "sample-2"],
  );
  assert.deepEqual(valueFor({ type: "object", properties: {} }), {});
});
