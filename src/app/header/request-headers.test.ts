/** Tests which request headers reach the provider. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openaiWire } from "../../wire/openai/index.ts";
import { upstreamHeaders, withoutKey } from "./request-headers.ts";
import type { Caller } from "../caller/identify.ts";
import { aProvider } from "../port/parts.test-kit.ts";

const provider = aProvider({
  apiKey: "sk-of-the-gateway",
  headers: { "x-team": "a", "x-portkey-api-key": "pk-of-the-gateway" },
  passHeaders: ["x-tenant"],
});
const secret = "purser_secret_of_the_caller";
const caller = {
  key: null,
  bringsProviderKey: false,
  holdsKey: (text: string) => text.includes(secret),
};
const observer = { headerIgnored: (): void => undefined };

function sent(
  headers: Readonly<Record<string, string>>,
  who: Pick<Caller, "key" | "bringsProviderKey" | "holdsKey"> = caller,
) {
  const { "accept-encoding": _, ...rest } = upstreamHeaders(headers, {
    provider,
    wire: openaiWire(),
    caller: who,
    observer,
  });
  return rest;
}

const configured = {
  "x-team": "a",
  "x-portkey-api-key": "pk-of-the-gateway",
  authorization: "Bearer sk-of-the-gateway",
};

test("headers that are not on the list are not forwarded", () => {
  const stays = [
    "cookie",
    "x-forwarded-host",
    "x-forwarded-for",
    "forwarded",
    "via",
    "x-real-ip",
    "origin",
    "referer",
    "baggage",
    "x-odd",
    "host",
  ];
  assert.deepEqual(sent(Object.fromEntries(stays.map((name) => [name, "text"]))), configured);
  assert.deepEqual(
    sent({ "openai-organization": "org-of-another", "openai-project": "p", "anthropic-beta": "b" }),
    configured,
  );
});

test("headers about the client and its request are forwarded, as are configured ones", () => {
  const passes = {
    "content-type": "application/json",
    "user-agent": "agent",
    "openai-beta": "x",
    "x-stainless-os": "Linux",
    "x-tenant": "t",
  };
  assert.deepEqual(sent(passes), { ...passes, ...configured });
});

test("a Purser key is forwarded in no header and in no query parameter", () => {
  for (const name of [
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "user-agent",
    "x-tenant",
  ])
    for (const who of [caller, { ...caller, bringsProviderKey: true }])
      assert.ok(!JSON.stringify(sent({ [name]: `Bearer ${secret}` }, who)).includes(secret), name);
  const query = `?alt=sse&api_key=${secret}&token=x${encodeURIComponent(secret)}&${secret}=1`;
  assert.equal(withoutKey(`/v1/chat/completions${query}`, caller), "/v1/chat/completions?alt=sse");
  assert.equal(withoutKey(`/v1/models?key=${secret}`, caller), "/v1/models");
});

test("with the caller's own provider key, its account headers are forwarded, and no credential of the gateway", () => {
  const own = {
    authorization: "Bearer sk-of-the-caller",
    "api-key": "azure-key",
    "openai-organization": "org-1",
  };
  assert.deepEqual(sent(own, { ...caller, bringsProviderKey: true }), { ...own, "x-team": "a" });
});

test("idempotency keys are separate for each Purser key", () => {
  const of = (keyId: string) =>
    sent({ "idempotency-key": "one" }, { ...caller, key: { keyId } as Caller["key"] })[
      "idempotency-key"
    ];
  assert.equal(of("key_1"), of("key_1"));
  assert.notEqual(of("key_1"), of("key_2"));
});
