/** Tests the section `telemetry`: whom traced calls are for, and which are not counted. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../domain/error.ts";
import type { TelemetryRules } from "../app/port/telemetry.ts";
import { loadConfiguration } from "./load.ts";

function read(text: string): TelemetryRules {
  return loadConfiguration(text, { environment: {}, file: "purser.yaml" }).telemetry;
}

test("attributes set a dimension, a tag or nothing, and exclude by one value or several", () => {
  const rules = read(`
telemetry:
  attribution: { service.name: team, env: "tag:environment", user.id: none }
  exclude: { service.name: [a, b], env: test }
`);
  assert.deepEqual(Object.fromEntries(rules.attribution), {
    "service.name": "team",
    env: "tag:environment",
    "user.id": "none",
  });
  assert.deepEqual(Object.fromEntries(rules.exclude), {
    "service.name": ["a", "b"],
    env: ["test"],
  });
  assert.equal(read("").exclude.size, 0);
});

const refused: readonly (readonly [section: string, field: string, remedy: RegExp])[] = [
  ["{ atribution: {} }", "telemetry.atribution", /attribution/],
  ["{ attribution: [] }", "telemetry.attribution", /names of attributes/],
  ["{ attribution: { a.b: taem } }", "telemetry.attribution.a.b", /team.*tag:NAME/],
  ["{ attribution: { a: 'tag:x y' } }", "telemetry.attribution.a", /characters/],
  ["{ exclude: { a: [1] } }", "telemetry.exclude.a", /text/],
];

for (const [section, field, remedy] of refused) {
  test(`${section} is refused by its field, with a remedy`, () => {
    assert.throws(
      () => read(`telemetry: ${section}`),
      (error) => {
        assert.ok(error instanceof PurserError, String(error));
        assert.equal(error.detail.field, field);
        assert.match(error.detail.remedy ?? "", remedy);
        return true;
      },
    );
  });
}
