/** A deployment's mistyped model is reported; one with a price is not. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfiguration } from "../config/load.ts";
import { deploymentWarnings } from "./deployment-warnings.ts";

async function warned(deployments: string): Promise<readonly string[]> {
  const text = `providers:
  azure:
    wire: openai
    base_url: https://example.openai.azure.com/openai/v1
    api_key: \${AZURE_KEY}
    deployments: ${deployments}
prices:
  - { provider: azure, model: our-own, input: "1", output: "2" }
`;
  const configuration = loadConfiguration(text, {
    environment: { AZURE_KEY: "k" },
    file: "purser.yaml",
  });
  const found = await deploymentWarnings(configuration, Date.UTC(2026, 10, 28));
  return found.map(({ message, remedy }) => `${message} ${remedy}`);
}

test("a model without a price is named, with the nearest model of the vendor", async () => {
  assert.deepEqual(await warned("{ chat: gpt-4o, mine: our-own }"), []);
  const [typo, unknown, ...others] = await warned("{ chat: gpt-4oo, x: nothing-like-it-at-all }");
  assert.match(
    typo ?? "",
    /^purser\.yaml: providers\.azure\.deployments\.chat is "gpt-4oo", which has no price Did you mean gpt-4o\?$/,
  );
  assert.match(unknown ?? "", /add its price under `prices:`/);
  assert.deepEqual(others, []);
});
