/** Reads the content type of a request. */

import type { Headers } from "../caller/identify.ts";

/** @returns undefined for a header that is absent or repeated. */
export function contentTypeOf({ "content-type": type }: Headers): string | undefined {
  return typeof type === "string" ? type : undefined;
}
