/** Tests where calls go, and that the cache never mixes them up. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { PriceBook } from "../../domain/price/sheet.ts";
import { anthropicWire } from "../../wire/anthropic/index.ts";
import { geminiWire } from "../../wire/gemini/index.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import { commonName } from "../../domain/price/id/provider-name.ts";
import type { Provider, Providers } from "../port/provider.ts";
import { Router } from "./router.ts";
import type { Route, Target, Wires } from "./target.ts";
import { aProvider } from "../port/parts.test-kit.ts";

const wires: Wires = [openaiWire(), anthropicWire, geminiWire];

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
    row: {
      provider: priced,
      model,
      ids: { equals: model },
      rates: {},
      cacheWrites: "asked",
      source: "test",
      version: "1",
    },
    pricesTokens: true,
    openMeters: [],
    upcoming: [],
    unitRates: () => new Map(),
    possibleTerms: () => [],
    validUntil: Infinity,
    rowUntil: () => Infinity,
    charge: () => [],
    prices: () => true,
    dearest: () => assert.fail("not asked for"),
    foundBy: () => assert.fail("not asked for"),
  });
  return {
    version: priced,
    sheet: ({ provider: asked, model }) => (asked === priced ? sheet(model) : undefined),
    ceiling: () => undefined,
  };
}

const routerOf = (providers: Providers): Router => new Router({ providers, wires });

function targetOf(router: Router, path: string, method = "POST"): Target {
  const target = router.target({ method, path });
  assert.ok(target);
  return target;
}

function route(
  router: Router,
  path: string,
  { model, priced = "one" }: { readonly model: string; readonly priced?: string },
): Route {
  return router.route(targetOf(router, path), model, { prices: bookOf(priced), at: 0 });
}

const chat = "/v1/chat/completions";

test("a bare model goes to its own vendor before providers that resell it, whatever their names", () => {
  const resold = provider("a", { isReseller: true });
  const router = routerOf({
    byName: new Map([resold, provider("b")].map((one) => [one.name, one])),
    aliases: new Map(),
  });
  const priced = bookOf("b");
  const prices = {
    ...priced,
    sheet: ({ model, at }: Parameters<PriceBook["sheet"]>[0]) =>
      priced.sheet({ provider: "b", model, at }),
  };
  assert.equal(router.route(targetOf(router, chat), "m", { prices, at: 0 }).provider.name, "b");
});

test("the same path, model and key give the same objects; different ones give different objects", () => {
  const router = routerOf(twoProviders());
  const first = route(router, chat, { model: "m" });
  assert.equal(route(router, chat, { model: "m" }), first);
  assert.equal(route(router, chat, { model: "one/m" }), first);
  assert.notEqual(route(router, chat, { model: "n" }), first);
  assert.notEqual(route(router, "/v1/responses", { model: "m" }), first);
  assert.notEqual(route(routerOf(twoProviders()), chat, { model: "m" }), first);
  assert.equal(router.callRoute(first, "key"), router.callRoute(first, "key"));
  assert.deepEqual(router.callRoute(first, null), {
    provider: "one",
    model: "m",
    endpoint: "chat",
    keyId: null,
  });
  assert.deepEqual(router.callRoute(first, "key"), {
    provider: "one",
    model: "m",
    endpoint: "chat",
    keyId: "key",
  });
});

test("a route goes to the provider in the path, in the model's name or in its alias, or to the one with a price at that time", () => {
  const router = routerOf(twoProviders());
  const urlOf = (path: string, model: string, priced = "one"): string =>
    route(router, path, { model, priced }).url;
  assert.equal(urlOf("/two/v1/chat/completions", "m"), "http://two/v1/chat/completions");
  assert.equal(urlOf(chat, "two/m"), "http://two/v1/chat/completions");
  assert.equal(urlOf(chat, "m", "one"), "http://one/v1/chat/completions");
  assert.equal(urlOf(chat, "m", "two"), "http://two/v1/chat/completions");
  assert.deepEqual(
    [
      route(router, chat, { model: "fast" }).model,
      route(router, chat, { model: "fast" }).provider.name,
    ],
    ["small", "two"],
  );
  assert.throws(() => route(router, chat, { model: "m", priced: "none" }), {
    code: "not_found",
  });
});

test("a path is matched with its method", () => {
  const router = routerOf(twoProviders());
  assert.equal(targetOf(router, chat).endpoint.metering, "metered");
  assert.notEqual(targetOf(router, chat, "GET").endpoint.metering, "metered");
  assert.equal(targetOf(router, chat).endpoint.metering, "metered");
});

test("invented models do not fill the cache, and are reported in a form that a header can carry", () => {
  const router = routerOf(twoProviders());
  const first = route(router, chat, { model: "m" });
  for (let number = 0; number < 10_000; number++)
    route(router, chat, { model: `made-up-${number}` });
  assert.notEqual(route(router, chat, { model: "m" }), first);
  assert.deepEqual(route(router, chat, { model: "m" }), first);
  const long = "m".repeat(1000);
  assert.notEqual(route(router, chat, { model: long }), route(router, chat, { model: long }));
  assert.equal(route(router, chat, { model: "größe" }).title, "one/gr%C3%B6%C3%9Fe");
});

test("the cache does not grow with the number of providers, or with long encoded models", () => {
  const names = Array.from({ length: 8 }, (_, number) => `p${number}`);
  const router = routerOf({
    byName: new Map(names.map((name) => [name, provider(name)])),
    aliases: new Map(),
  });
  const made = Array.from({ length: 16_000 }, (_, number) => {
    const path = `/${names[number % names.length]}${chat}`;
    const find = (): Route => route(router, path, { model: `made-up-${number}` });
    return { find, first: find() };
  });
  const kept = made.filter(({ find, first }) => find() === first);
  assert.ok(kept.length <= 10_000, `${kept.length} routes are kept`);
  const wide = "界".repeat(200);
  assert.notEqual(
    route(router, chat, { model: `p1/${wide}` }),
    route(router, chat, { model: `p1/${wide}` }),
  );
});

test("a provider is found under each of its common names, and shown under one", () => {
  const xai = provider("xai");
  const { aliases } = twoProviders();
  const byName = new Map([["xai", xai]]);
  const router = routerOf({ byName, aliases });
  for (const name of ["xai", "x-ai", "grok"]) {
    assert.equal(targetOf(router, `/${name}/v1/chat/completions`).provider, xai);
    assert.equal(
      route(router, chat, { model: `${name}/grok-4`, priced: "none" }).title,
      "xai/grok-4",
    );
    assert.equal(commonName(name), "xai");
  }
  const own = routerOf({ byName: new Map([...byName, ["grok", provider("grok")]]), aliases });
  assert.equal(targetOf(own, "/grok/v1/chat/completions").provider?.name, "grok");
  assert.equal(commonName("openai"), "openai");
});

test("a typo in a path that is billed by unit is suggested, wherever it is", () => {
  const router = routerOf(twoProviders());
  const cases = [
    ["/v1/audio/transcriptons", "/v1/audio/transcriptions"],
    ["/v1/vidoes", "/v1/videos"],
    ["/v1/image/generations", "/v1/images/generations"],
    ["/v1/images/generation", "/v1/images/generations"],
    ["/v1/rerankk", "/v1/rerank"],
    ["/one/v1/audio/speach", "/one/v1/audio/speech"],
    ["/one/v1/video/generations", "/one/v1/videos/generations"],
  ] as const;
  for (const [path, meant] of cases) {
    const { problem } = targetOf(router, path);
    assert.equal(problem?.code, "not_found", path);
    assert.match(problem?.detail.remedy ?? "", new RegExp(`^Did you mean ${meant}\\? `));
  }
  for (const place of ["videos/edits", "videos/extensions", "videos/vid_1/remix", "audio/voices"])
    assert.equal(targetOf(router, `/one/v1/${place}`).problem, undefined, place);
});

test("a path that the provider could interpret differently has a problem, every time", () => {
  const router = routerOf(twoProviders());
  for (const path of [
    "/one/v1/chat/completions/../../secret",
    "/one/v1/x/%2e%2e/y",
    "/one/v1/a\\b",
  ])
    for (let time = 0; time < 2; time++)
      assert.equal(router.target({ method: "POST", path })?.problem?.detail.field, "path", path);
  assert.equal(targetOf(router, "/one/v1/files?file=../x", "GET").problem, undefined);
});

test("two routers share nothing, even for the same providers", () => {
  const providers = twoProviders();
  const [first, second] = [routerOf(providers), routerOf(providers)];
  assert.equal(targetOf(first, chat), targetOf(first, chat));
  assert.notEqual(targetOf(first, chat), targetOf(second, chat));
  const routed = route(first, chat, { model: "m" });
  assert.notEqual(route(second, chat, { model: "m" }), routed);
  assert.notEqual(first.callRoute(routed, "key"), second.callRoute(routed, "key"));
});

test("a remembered path gives every key the same target", () => {
  const path = "/v1/deployments/m/chat/completions";
  const headers = { "anthropic-version": "2023-06-01" };
  const router = routerOf(twoProviders());
  const foreign = router.target({ method: "POST", path, headers });
  assert.equal(router.target({ method: "POST", path }), foreign);
  assert.equal(foreign?.wire, wires[0]);
});

test("a provider with several formats is called in the one to which the path belongs", () => {
  const all = { openai: "http://all/o", anthropic: "http://all/a", gemini: "http://all/g" };
  const byName = new Map([["all", provider("all", { bases: all })]]);
  const router = routerOf({ byName, aliases: new Map() });
  for (const [path, wire] of [
    ["/all/v1/chat/completions", "openai"],
    ["/all/v1/models", "openai"],
    ["/all/v1/messages", "anthropic"],
    ["/all/v1/models/m:generateContent", "gemini"],
    ["/all/v1beta/models/m:generateContent", "gemini"],
  ] as const)
    assert.equal(targetOf(router, path).wire.name, wire, path);
});
