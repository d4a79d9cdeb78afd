/** Tests how many searches of a Gemini answer are billed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { FeeMeter, Usage } from "../../domain/usage/usage.ts";
import { Grounding } from "./grounding.ts";

const web = { web: { uri: "https://example.com/a" } };
const maps = { maps: { uri: "https://maps.example/?cid=1", title: "Cafe" } };

/** The billed units of candidates, each with this grounding metadata. */
function units(
  model: string | null,
  metadata: readonly object[],
  offered?: readonly FeeMeter[],
): Usage {
  const grounding = new Grounding(offered);
  for (const groundingMetadata of metadata) grounding.add({ groundingMetadata });
  return grounding.units(model);
}

test("from Gemini 3 on, each distinct query is billed; before it, a grounded prompt once", () => {
  const chunks = [
    { webSearchQueries: ["a", "b", ""] },
    { webSearchQueries: ["b", "c"], imageSearchQueries: ["d"] },
  ];
  assert.deepEqual(units("gemini-3-pro-preview", chunks), { web_search: 4 });
  assert.deepEqual(units("gemini-2.5-flash", chunks), { web_search: 1 });
  assert.deepEqual(units("gemini-2.0-flash", chunks), { web_search: 1 });
  assert.deepEqual(units("gemini-10-flash", chunks), { web_search: 4 });
  assert.deepEqual(units(null, chunks), { web_search: 4 });
});

test("an answer with a source page was grounded even without a query; one without any source was not", () => {
  assert.deepEqual(units("gemini-3-pro", [{}]), {});
  assert.deepEqual(units("gemini-3-pro", [{ groundingChunks: [web, web] }]), { web_search: 1 });
  assert.deepEqual(units("gemini-2.5-pro", [{ groundingChunks: [web] }]), { web_search: 1 });
});

test("a prompt grounded in maps is billed once, however many queries it made", () => {
  for (const model of ["gemini-2.5-flash", "gemini-3.5-flash"]) {
    assert.deepEqual(units(model, [{ groundingChunks: [maps, maps] }]), { maps_grounding: 1 });
    assert.deepEqual(
      units(model, [{ groundingChunks: [maps], webSearchQueries: ["cafes near me", "bars"] }]),
      { maps_grounding: 1 },
    );
    assert.deepEqual(units(model, [{ googleMapsWidgetContextToken: "widgetcontent/1" }]), {
      maps_grounding: 1,
    });
    assert.deepEqual(
      units(model, [{ webSearchQueries: ["cafes near me"] }], ["maps_grounding"]),
      {},
    );
  }
});

test("maps and web pages are billed separately", () => {
  const both = [{ groundingChunks: [maps, web], webSearchQueries: ["one", "two"] }];
  assert.deepEqual(units("gemini-2.5-flash", both), { web_search: 1, maps_grounding: 1 });
  assert.deepEqual(units("gemini-3.5-flash", both, ["web_search", "maps_grounding"]), {
    web_search: 2,
    maps_grounding: 1,
  });
});

test("pages whose addresses are in the prompt are not searches, and neither are the caller's own documents", () => {
  const grounding = new Grounding();
  const urlContextMetadata = {
    urlMetadata: [
      { retrievedUrl: "https://example.com/a", urlRetrievalStatus: "URL_RETRIEVAL_STATUS_SUCCESS" },
    ],
  };
  grounding.add({ urlContextMetadata });
  grounding.add({ groundingMetadata: { groundingChunks: [web] } });
  assert.deepEqual(grounding.units("gemini-2.5-flash"), {});
  grounding.add({ groundingMetadata: { webSearchQueries: ["and a search"] } });
  assert.deepEqual(grounding.units("gemini-2.5-flash"), { web_search: 1 });
  assert.deepEqual(
    units("gemini-2.5-flash", [{ groundingChunks: [{ retrievedContext: { uri: "files/1" } }] }]),
    {},
  );
});
