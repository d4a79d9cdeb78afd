/** Counts the billed units of grounding in an answer. */

import type { FeeMeter, Usage } from "../../domain/usage/usage.ts";
import { toObject, toObjects, toText, usageOf, type JsonObject } from "../count/count.ts";

/**
 * Collects the sources of an answer's candidates over its chunks, which may repeat them.
 *
 * Web pages read by `urlContext` are sources too, but not searches; nor are the caller's own
 * documents (https://ai.google.dev/gemini-api/docs/url-context and .../docs/file-search, read
 * 2026-11).
 */
export class Grounding {
  readonly #offered: readonly FeeMeter[] | undefined;
  readonly #queries = new Set<string>();
  #hasPages = false;
  #hasMaps = false;
  #readsUrls = false;

  /** @param offered The fees the request may incur; undefined if unknown. */
  constructor(offered?: readonly FeeMeter[]) {
    this.#offered = offered;
  }

  add(candidate: JsonObject): void {
    if (toObjects(toObject(candidate["urlContextMetadata"])?.["urlMetadata"]).length > 0)
      this.#readsUrls = true;
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
   * Billed units. From Gemini 3 on, every distinct non-empty query is billed; before it, a grounded
   * prompt is billed once, however many queries it made. An unknown model is counted by query,
   * which never undercounts. A prompt grounded in maps is billed once, and its queries are not web
   * searches (https://ai.google.dev/gemini-api/docs/google-search, .../docs/maps-grounding and
   * .../docs/pricing, read 2026-11).
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

  /**
   * Whether all queries went to maps. The answer decides; if it has no source, the tools offered in
   * the request decide.
   */
  #isOfMaps(): boolean {
    if (this.#hasMaps) return !this.#hasPages;
    return !this.#hasPages && this.#offered?.join() === "maps_grounding";
  }
}
