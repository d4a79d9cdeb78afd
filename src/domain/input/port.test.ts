/** Tests which ports are refused, against the list that `fetch` blocks. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../error.ts";
import { checkPort, isBlocked, nextPort } from "./port.ts";

test("the refused ports are those that fetch blocks", async () => {
  for (let port = 1; port <= 65_535; port++)
    if (isBlocked(port)) assert.throws(() => checkPort(port, "port"), PurserError);
  for (const port of [1, 22, 2049, 4190, 6000, 6697, 10080]) {
    await assert.rejects(
      fetch(`http://127.0.0.1:${port}`),
      ({ cause }) => cause instanceof Error && cause.message === "bad port",
    );
    assert.ok(isBlocked(port));
  }
  for (const port of [0, 80, 443, 4141, 4142, 8080, 65_535])
    assert.equal(checkPort(port, "port"), port);
});

test("the next port is not blocked", () => {
  assert.deepEqual(
    [nextPort(4141), nextPort(4189), nextPort(6664), nextPort(22), nextPort(65_535)],
    [4142, 4191, 6670, 1024, 4142],
  );
});
