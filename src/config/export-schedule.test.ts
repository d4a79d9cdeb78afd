/** Tests `exports`: a FOCUS file in a time zone is refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../domain/error.ts";
import type { ExportSchedule } from "../app/port/export-schedule.ts";
import { loadConfiguration } from "./load.ts";

function load(fields: Readonly<Record<string, unknown>>): readonly ExportSchedule[] {
  const schedule = { name: "finance", every: "month", to: { folder: "/tmp" }, ...fields };
  const text = `exports: ${JSON.stringify([schedule])}`;
  return loadConfiguration(text, { environment: {}, file: "purser.yaml" }).exports;
}

test("focus is made for days in UTC only, as its billing periods are", () => {
  for (const zone of ["UTC", "Etc/UTC", "utc"])
    assert.equal(load({ format: "focus", time_zone: zone }).length, 1, zone);
  assert.equal(load({ format: "focus" })[0]?.timeZone, "UTC");
  assert.equal(load({ format: "csv", time_zone: "Europe/Berlin" })[0]?.timeZone, "Europe/Berlin");
  assert.throws(
    () => load({ format: "focus", time_zone: "Europe/Berlin" }),
    (error) =>
      error instanceof PurserError &&
      /exports\[0\]\.time_zone is "Europe\/Berlin", but the billing periods of focus are months in UTC/.test(
        error.message,
      ) &&
      /Leave it out/.test(JSON.stringify(error.detail) + error.message),
  );
});
