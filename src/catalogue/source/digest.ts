/** Names the content of a price list whose version is not known. */

import { createHash } from "node:crypto";
import type { ExactJson } from "./exact-json.ts";

export function digestOf(json: ExactJson): string {
  return createHash("sha256").update(JSON.stringify(json)).digest("hex").slice(0, 12);
}
