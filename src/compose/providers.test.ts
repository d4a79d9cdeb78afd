/** Tests which provider a price in the configuration applies to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openCatalogue } from "../catalogue/catalogue.ts";
import { loadConfiguration } from "../config/load.ts";

const catalogue = await openCatalogue();
const at = Date.parse("2026-11-22T12:00:00Z");

/** Whether provider `asked` has a price for a model if only a row for `stated` sets one. */
function isPriced(
  provider: string,
  { stated, asked }: { readonly stated: string; readonly asked: string },
): boolean {
  const row = `{ provider: ${stated}, model: my-model, input: "1", output: "2" }`;
  const configuration = loadConfiguration(`providers: { ${provider} }\nprices: [${row}]`, {
    environment: {},
    file: "purser.yaml",
  });
  const { byName } = catalogue.identities(configuration.providers);
  const book = catalogue.book(configuration.prices, byName);
  return book.sheet({ provider: asked, model: "my-model", at }) !== undefined;
}

test("a configured price applies to the provider that it names, whatever its host is", () => {
  const providers: readonly (readonly [string, string])[] = [
    ["gemini", "{ wire: openai, base_url: https://openrouter.ai/api/v1 }"],
    ["gemini", "{ wire: openai, base_url: http://127.0.0.1:9/v1 }"],
    ["gemini", "{ wire: gemini, base_url: http://127.0.0.1:9 }"],
    ["openai", "{ wire: openai, base_url: https://api.deepseek.com/v1 }"],
    ["mine", "{ wire: openai, base_url: https://api.deepseek.com/v1 }"],
    ["mine", "{ wire: openai, base_url: http://127.0.0.1:9/v1 }"],
    ["mine", "{ wire: gemini, base_url: http://127.0.0.1:9, prices: gemini }"],
    ["mine", "{ wire: openai, base_url: http://127.0.0.1:9/v1, prices: unknown-vendor }"],
  ];
  for (const [name, fields] of providers)
    assert.ok(isPriced(`${name}: ${fields}`, { stated: name, asked: name }), `${name}: ${fields}`);
});

test("a configured price may use the provider's name in the price list", () => {
  const xai = "xai: { api_key: x }";
  assert.ok(isPriced(xai, { stated: "x-ai", asked: "xai" }));
  assert.ok(isPriced(xai, { stated: "xai", asked: "x-ai" }));
  assert.ok(
    isPriced("mine: { wire: openai, base_url: https://api.x.ai/v1 }", {
      stated: "x-ai",
      asked: "mine",
    }),
  );
  assert.ok(
    !isPriced("gemini: { wire: openai, base_url: https://openrouter.ai/api/v1 }", {
      stated: "google",
      asked: "gemini",
    }),
  );
});
