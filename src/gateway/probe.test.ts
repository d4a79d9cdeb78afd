/** Probing of providers. */

import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Wires } from "../app/route/target.ts";
import { anthropicWire } from "../wire/anthropic/index.ts";
import { geminiWire } from "../wire/gemini/index.ts";
import { openaiWire } from "../wire/openai/index.ts";
import type { Provider } from "../app/port/provider.ts";
import { probeProvider, type ProbeOptions } from "./probe.ts";
import { aProvider } from "../app/port/parts.test-kit.ts";

const wires: Wires = [openaiWire(), anthropicWire, geminiWire];
const options: ProbeOptions = { wires, timeoutMs: 5000, now: () => 0 };
const seen: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];

/** Answers with the status in the first part of the path, and lists two models. */
const server = createServer((request, response) => {
  seen.push({ url: request.url ?? "", headers: request.headers });
  const [, status = "200"] = /^\/(\d{3})/.exec(request.url ?? "") ?? [];
  response.writeHead(Number(status)).end(JSON.stringify({ data: [{ id: "a" }, { id: "b" }] }));
});
let url = "";
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

function provider(bases: Provider["bases"], apiKey: string | null = "sk-test"): Provider {
  return aProvider({ name: "one", bases, apiKey, headers: { "x-extra": "1" } });
}

const formats: readonly (readonly [
  format: "openai" | "anthropic" | "gemini",
  path: string,
  header: string,
  value: string,
])[] = [
  ["openai", "/models", "authorization", "Bearer sk-test"],
  ["anthropic", "/v1/models", "x-api-key", "sk-test"],
  ["gemini", "/v1beta/models", "x-goog-api-key", "sk-test"],
];
for (const [format, path, header, value] of formats) {
  test(`a provider of the format ${format} is asked for its list of models, with the key where its SDK puts it`, async () => {
    const probe = await probeProvider(provider({ [format]: url }), options);
    assert.deepEqual(
      [probe.state, probe.status, probe.models, probe.problem],
      ["accepted", 200, 2, null],
    );
    assert.deepEqual(
      [seen.at(-1)?.url, seen.at(-1)?.headers[header], seen.at(-1)?.headers["x-extra"]],
      [path, value, "1"],
    );
    assert.ok(!probe.url.includes("sk-test"));
  });
}

const answers: readonly (readonly [status: number, key: string | null, state: string])[] = [
  [200, null, "unchecked"],
  [401, "sk-test", "refused"],
  [403, "sk-test", "refused"],
  [401, null, "unchecked"],
  [404, "sk-test", "unchecked"],
  [429, "sk-test", "failing"],
  [503, "sk-test", "failing"],
];
for (const [status, key, state] of answers) {
  test(`an answer of ${status} ${key === null ? "without" : "to"} a key: ${state}`, async () => {
    const probe = await probeProvider(provider({ openai: `${url}/${status}` }, key), options);
    assert.deepEqual([probe.state, probe.status], [state, status]);
  });
}

test("an unreachable provider is a result, not an exception", async () => {
  const probe = await probeProvider(provider({ openai: "http://127.0.0.1:1/v1" }), options);
  assert.deepEqual([probe.state, probe.status], ["unreachable", null]);
  assert.match(probe.problem ?? "", /cannot be reached/);
});

test("a provider that does not answer in time is reported as such", async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const probe = await probeProvider(provider({ openai: base }), { ...options, timeoutMs: 50 });
  silent.closeAllConnections();
  silent.close();
  assert.deepEqual(
    [probe.state, probe.problem],
    ["unreachable", "it did not answer within 0.05 s"],
  );
});

test("a key is checked at the provider's own path where its list of models is public", async () => {
  const open = { ...provider({ openai: url }), keyCheckPath: "/key" };
  assert.equal((await probeProvider(open, options)).url, `${url}/key`);
  assert.equal(seen.at(-1)?.url, "/key");
});
