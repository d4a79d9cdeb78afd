/** Tests where calls go, and that the cache never mixes them up. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { PriceBook } from "../../domain/price/sheet.ts";
import { anthropicWire } from "../../wire/anthropic/index.ts";
import { geminiWire } from "../../wire/gemini/index.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import { commonName, type Provider, type Providers } from "../port/provider.ts";
import { callRouteOf, chooseRoute, findTarget } from "./route.ts";
import type { Route, Target, Wires } from "./target.ts";
import { aProvider } from "../port/parts.test-kit.ts";

const wires: Wires = { openai: openaiWire(), anthropic: anthropicWire, gemini: geminiWire };

function provider(name: string, stated: Partial<Provider> = {}): Provider {
  return aProvider({ name, bases: { openai: `http://${name}/v1` }, ...stated });
}

function twoProviders(): Providers {
  return {
    byName: new Map(["one", "two"].map((name) => [name, provider(name)])),
    aliases: new Map([["fast", "two/small"]]),
  };
}

/** A price book in which one provider has all models and the others none. */
function bookOf(priced: string): PriceBook {
  const sheet = (model: string): ReturnType<PriceBook["sheet"]> => ({
    provider: priced,
    model,
    match: "exact",
    openMeters: [],
    validUntil: Infinity,
    charge: () => [],
    prices: () => true,
    dearest: () => assert.fail("not asked for"),
  });
  return {
    version: priced,
    sheet: ({ provider: asked, model }) => (asked === priced ? sheet(model) : undefined),
  };
}

function targetOf(providers: Providers, path: string, method = "POST"): Target {
  const target = findTarget({ providers, wires }, { method, path });
  assert.ok(target);
  return target;
}

function route(
  providers: Providers,
  path: string,
  { model, priced = "one" }: { readonly model: string; readonly priced?: string },
): Route {
  return chooseRoute(
    { providers, prices: bookOf(priced), at: 0 },
    targetOf(providers, path),
    model,
  );
}

const chat = "/v1/chat/completions";

test("a bare model goes to its own vendor before providers that resell it, whatever their names", () => {
  const resold = provider("a", { vendor: "openrouter" });
  const providers = {
    byName: new Map([resold, provider("b")].map((one) => [one.name, one])),
    aliases: new Map(),
  };
  const priced = bookOf("b");
  const prices = {
    ...priced,
    sheet: ({ model, at }: Parameters<PriceBook["sheet"]>[0]) =>
      priced.sheet({ provider: "b", model, at }),
  };
  assert.equal(
    chooseRoute({ providers, prices, at: 0 }, targetOf(providers, chat), "m").provider.name,
    "b",
  );
});

test("the same path, model and key give the same objects; different ones give different objects", () => {
  const providers = twoProviders();
  const first = route(providers, chat, { model: "m" });
  assert.equal(route(providers, chat, { model: "m" }), first);
  assert.equal(route(providers, chat, { model: "one/m" }), first);
  assert.notEqual(route(providers, chat, { model: "n" }), first);
  assert.notEqual(route(providers, "/v1/responses", { model: "m" }), first);
  assert.notEqual(route(twoProviders(), chat, { model: "m" }), first);
  assert.equal(callRouteOf(providers, first, "key"), callRouteOf(providers, first, "key"));
  assert.deepEqual(callRouteOf(providers, first, null), {
    provider: "one",
    model: "m",
    endpoint: "chat",
    keyId: null,
  });
  assert.deepEqual(callRouteOf(providers, first, "key"), {
    provider: "one",
    model: "m",
    endpoint: "chat",
    keyId: "key",
  });
});

test("a route goes to the provider in the path, in the model's name or in its alias, or to the one with a price at that time", () => {
  const providers = twoProviders();
  const urlOf = (path: string, model: string, priced = "one"): string =>
    route(providers, path, { model, priced }).url;
  assert.equal(urlOf("/two/v1/chat/completions", "m"), "http://two/v1/chat/completions");
  assert.equal(urlOf(chat, "two/m"), "http://two/v1/chat/completions");
  assert.equal(urlOf(chat, "m", "one"), "http://one/v1/chat/completions");
  assert.equal(urlOf(chat, "m", "two"), "http://two/v1/chat/completions");
  assert.deepEqual(
    [
      route(providers, chat, { model: "fast" }).model,
      route(providers, chat, { model: "fast" }).provider.name,
    ],
    ["small", "two"],
  );
  assert.throws(() => route(providers, chat, { model: "m", priced: "none" }), {
    code: "not_found",
  });
});

test("a path is matched with its method", () => {
  const providers = twoProviders();
  assert.equal(targetOf(providers, chat).endpoint.metering, "metered");
  assert.notEqual(targetOf(providers, chat, "GET").endpoint.metering, "metered");
  assert.equal(targetOf(providers, chat).endpoint.metering, "metered");
});

test("invented models do not fill the cache, and are reported in a form that a header can carry", () => {
  const providers = twoProviders();
  const first = route(providers, chat, { model: "m" });
  for (let number = 0; number < 10_000; number++)
    route(providers, chat, { model: `made-up-${number}` });
  assert.notEqual(route(providers, chat, { model: "m" }), first);
  assert.deepEqual(route(providers, chat, { model: "m" }), first);
  const long = "m".repeat(1000);
  assert.notEqual(route(providers, chat, { model: long }), route(providers, chat, { model: long }));
  assert.equal(route(providers, chat, { model: "größe" }).title, "one/gr%C3%B6%C3%9Fe");
});

test("a provider is found under each of its common names, and shown under one", () => {
  const xai = provider("xai");
  const { aliases } = twoProviders();
  const providers: Providers = { byName: new Map([["xai", xai]]), aliases };
  for (const name of ["xai", "x-ai", "grok"]) {
    assert.equal(targetOf(providers, `/${name}/v1/chat/completions`).provider, xai);
    assert.equal(
      route(providers, chat, { model: `${name}/grok-4`, priced: "none" }).title,
      "xai/grok-4",
    );
    assert.equal(commonName(name), "xai");
  }
  const own: Providers = {
    byName: new Map([...providers.byName, ["grok", provider("grok")]]),
    aliases,
  };
  assert.equal(targetOf(own, "/grok/v1/chat/completions").provider?.name, "grok");
  assert.equal(commonName("openai"), "openai");
});
