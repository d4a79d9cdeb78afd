/** Unmetered calls have the same limits as any other. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startGateway } from "./process.ts";
import { startRecorder } from "./recording.ts";

test("a free call without an answer times out and frees its slot of the key", async () => {
  const silent = await startRecorder(() => undefined);
  const gateway = await startGateway({
    providers: { mute: { wire: "openai", base_url: `${silent.url}/v1`, api_key: "k" } },
    config: "limits: { first_byte_ms: 300 }",
  });
  const { key } = await gateway.makeKey({ project: "p1" }, { max_concurrent: 1 });
  const ask = (): Promise<Response> =>
    fetch(`${gateway.url}/mute/v1/models`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal((await ask()).status, 504);
  assert.equal((await ask()).status, 504);
});
