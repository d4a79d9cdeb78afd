/** What an answer was grounded in, and how many units of it are billed. */

import type { FeeMeter, Usage } from "../../domain/usage/usage.ts";
import { toObject, toObjects, toText, usageOf, type JsonObject } from "../count/count.ts";

/**
 * Gathers what the candidates of an answer were grounded in, over its chunks, which may repeat it.
 *
 * Web pages that `urlContext` read are sources as well, and no search; nor are documents of the caller's own
 * (https://ai.google.dev/gemini-api/docs/url-context and .../docs/file-search, read 2026-11).
 */
export class Grounding {
  readonly #offered: readonly FeeMeter[] | undefined;
  readonly #queries = new Set<string>();
  #hasPages = false;
  #hasMaps = false;
  #readsUrls = false;

  /** @param offered What the request may be billed for; undefined when that is not known. */
  constructor(offered?: readonly FeeMeter[]) {
    this.#offered = offered;
  }

  add(candidate: JsonObject): void {
    if (toObjects(toObject(candidate["urlContextMetadata"])?.["urlMetadata"]).length > 0) this.#readsUrls = true;
    const metadata = toObject(candidate["groundingMetadata"]);
    if (!metadata) return;
    for (const query of [metadata["webSearchQueries"], metadata["imageSearchQueries"]].flat()) {
      if (typeof query === "string" && query.trim() !== "") this.#queries.add(query);
    }
    for (const chunk of toObjects(metadata["groundingChunks"])) {
      if (toObject(chunk["maps"])) this.#hasMaps = true;
      else if (toObject(chunk["web"]) ?? toObject(chunk["image"])) this.#hasPages = true;
    }
    if (toText(metadata["googleMapsWidgetContextToken"]) !== undefined) this.#hasMaps = true;
  }

  /**
   * Billed units. From Gemini 3 on every distinct query that is not empty is billed, before it a grounded prompt once however many
   * queries it took; a model of unknown name counts by query, so as never to say too little. A prompt that was grounded in maps is
   * billed once, and its queries are no searches of the web
   * (https://ai.google.dev/gemini-api/docs/google-search, .../docs/maps-grounding and .../docs/pricing, read 2026-11).
   */
  units(model: string | null): Usage {
    return usageOf({ web_search: this.#searches(model), maps_grounding: this.#hasMaps ? 1 : 0 });
  }

  #searches(model: string | null): number {
    if (this.#isOfMaps()) return 0;
    if (this.#queries.size === 0) return this.#hasPages && !this.#readsUrls ? 1 : 0;
    const generation = Number(/gemini-(\d+)/.exec(model ?? "")?.[1] ?? Infinity);
    return generation >= 3 ? this.#queries.size : 1;
  }

  /** Whether all queries were asked of maps. The answer decides; where it names no source, what the request offered does. */
  #isOfMaps(): boolean {
    if (this.#hasMaps) return !this.#hasPages;
    return !this.#hasPages && this.#offered?.join() === "maps_grounding";
  }
}
