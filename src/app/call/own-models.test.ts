/** Tests which tuned models a caller may use. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openaiWire } from "../../wire/openai/index.ts";
import { aProvider } from "../port/parts.test-kit.ts";
import type { Provider } from "../port/provider.ts";
import { mayHave, type ModelCustody } from "./own-models.ts";

const model = "ft:m:org::1";

interface Scene {
  readonly stored: Provider["stored"];
  readonly models: readonly string[] | null;
  readonly owner?: string;
  readonly hasLost?: boolean;
}

/** Whether the key `k1` may have the tuned model. */
function may({ stored, models, owner, hasLost = false }: Scene): boolean {
  return mayHave(
    {
      belongings: { hasLost, ownerOf: () => owner, keep: () => undefined },
      caller: { key: { keyId: "k1", role: "caller", models }, bringsProviderKey: false },
      provider: aProvider({ stored }),
      wire: openaiWire(),
    } as unknown as ModelCustody,
    model,
  );
}

const lists: readonly (readonly string[] | null)[] = [null, ["*"], ["ft:m:org*"], ["m", model]];

test("a tuned model with an owner is for that key, whatever its list", () => {
  for (const stored of ["refuse", "own"] as const)
    for (const models of lists)
      assert.deepEqual(
        [may({ stored, models, owner: "k1" }), may({ stored, models, owner: "k2" })],
        [true, false],
      );
});

test("one without an owner is for all where keys cannot tune, and for keys whose list names it where they can", () => {
  const allowed = (stored: Provider["stored"]) => lists.map((models) => may({ stored, models }));
  assert.deepEqual(allowed("refuse"), [true, true, true, true]);
  assert.deepEqual(allowed("own"), [false, false, true, true]);
});

test("losing the file of owners opens no tuned model: without an owner it is for keys whose list has its full name", () => {
  for (const stored of ["refuse", "own"] as const) {
    const allowed = lists.map((models) => may({ stored, models, hasLost: true }));
    assert.deepEqual(allowed, [false, false, false, true], stored);
    assert.equal(may({ stored, models: null, owner: "k1", hasLost: true }), true);
  }
  assert.equal(may({ stored: "shared", models: null, hasLost: true }), true);
});
