/** Tests which models a caller sees in the list of a provider. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openaiWire } from "../../wire/openai/index.ts";
import type { Belongings } from "../port/belongings.ts";
import { PurserError } from "../../domain/error.ts";
import { ListOfModels } from "./list-of-models.ts";
import type { ModelCustody } from "./own-models.ts";
import { aProvider } from "../port/parts.test-kit.ts";
import type { UpstreamHeaders } from "../port/upstream.ts";

const mine = "ft:m:org::mine";
const others = "ft:m:org::other";
const owners: Readonly<Record<string, string>> = { [mine]: "k1", [others]: "k2" };

/** What passes of a list of models to the key `k1`. */
function pass(
  status: number,
  text: string,
  {
    headers = {},
    ownerOf = (_, id) => owners[id],
  }: { readonly headers?: UpstreamHeaders; readonly ownerOf?: Belongings["ownerOf"] } = {},
): { head: unknown; body: string; failed: boolean } {
  const passed = { head: undefined as unknown, body: "", failed: false };
  const custody = {
    belongings: { hasLost: false, ownerOf, keep: () => undefined },
    caller: { key: { keyId: "k1", role: "caller", models: null }, bringsProviderKey: false },
    provider: aProvider({ name: "p", stored: "own" }),
    wire: openaiWire(),
  } as unknown as ModelCustody;
  const list = new ListOfModels(
    {
      head: (...head) => (passed.head = head),
      data: (chunk) => void (passed.body += Buffer.from(chunk).toString()),
      end: () => undefined,
      fail: () => (passed.failed = true),
    },
    custody,
  );
  list.head(status, headers);
  for (const byte of Buffer.from(text)) list.data(Buffer.of(byte));
  list.end();
  return passed;
}

test("a list omits models tuned by another key, and its bytes are unchanged if nothing is omitted", () => {
  const list = (...ids: readonly string[]): string =>
    JSON.stringify({ object: "list", data: ids.map((id) => ({ id })) });
  const length = { "content-length": "9" };
  assert.deepEqual(pass(200, list("m", mine, others), { headers: length }), {
    head: [200, {}],
    body: list("m", mine),
    failed: false,
  });
  const spaced = ` { "data" : [ { "id" : "m" } , "${mine}" ] } `;
  assert.equal(pass(200, spaced).body, spaced);
  assert.equal(pass(200, `{"models":["${others}","m"]}`).body, '{"models":["m"]}');
});

test("a list that cannot be read is not passed on, and an error is as it came", () => {
  assert.deepEqual(pass(200, `{"data":["${others}"`), { head: undefined, body: "", failed: true });
  const error = `{"error":"${others}"}`;
  assert.deepEqual(pass(500, error, { headers: { "content-length": "3" } }), {
    head: [500, { "content-length": "3" }],
    body: error,
    failed: false,
  });
  assert.deepEqual(pass(200, ""), { head: [200, {}], body: "", failed: false });
});

test("a list whose owners cannot be looked up ends as a failure, and not never", () => {
  const damaged = (): never => {
    throw new PurserError("store_unavailable", "belongings.db is damaged");
  };
  const list = `{"data":[{"id":"m"},{"id":"${mine}"}]}`;
  assert.deepEqual(pass(200, list, { ownerOf: damaged }), {
    head: undefined,
    body: "",
    failed: true,
  });
  assert.equal(
    pass(200, '{"data":[{"id":"m"}]}', { ownerOf: damaged }).body,
    '{"data":[{"id":"m"}]}',
  );
});
