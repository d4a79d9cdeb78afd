/** Tests the environment variables that configure Purser itself. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../domain/error.ts";
import { readAdminKey, readLogLevel } from "./environment.ts";

function refused(read: () => unknown, field: string, remedy: RegExp): void {
  assert.throws(read, (error) => {
    assert.ok(error instanceof PurserError);
    assert.deepEqual([error.code, error.detail.field], ["invalid_configuration", field]);
    assert.match(error.detail.remedy ?? "", remedy);
    return true;
  });
}

test("a log level must be a known one; the default is info", () => {
  assert.deepEqual(
    [{}, { PURSER_LOG_LEVEL: "" }, { PURSER_LOG_LEVEL: "silent" }].map(readLogLevel),
    ["info", "info", "silent"],
  );
  refused(
    () => readLogLevel({ PURSER_LOG_LEVEL: "loud" }),
    "PURSER_LOG_LEVEL",
    /Use one of: trace, debug/,
  );
  refused(
    () => readLogLevel({ PURSER_LOG_LEVEL: "warm" }),
    "PURSER_LOG_LEVEL",
    /Did you mean warn\?/,
  );
});

test("an admin key must have the length of a secret, and an invalid one is not shown", () => {
  assert.deepEqual(
    [{}, { PURSER_ADMIN_KEY: " " }, { PURSER_ADMIN_KEY: "0123456789abcdef\n" }].map(readAdminKey),
    [undefined, undefined, "0123456789abcdef"],
  );
  refused(() => readAdminKey({ PURSER_ADMIN_KEY: "short" }), "PURSER_ADMIN_KEY", /16 to 512/);
  assert.throws(
    () => readAdminKey({ PURSER_ADMIN_KEY: "short" }),
    (error) => !JSON.stringify(error).includes("short") && !String(error).includes("short"),
  );
});
