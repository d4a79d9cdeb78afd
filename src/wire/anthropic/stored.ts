/** What Anthropic stores: the paths that address it, and the request fields that refer to it. */

import type { ScannedBody } from "../body/scan.ts";
import { plainPath } from "../stored/plain-path.ts";
import { NamedReader } from "../stored/named.ts";
import {
  keysOf,
  referencesOfScanned,
  type ReferenceRules,
  type StoredUse,
} from "../stored/references.ts";
import type { Named, PassedRequest, StoredPlace } from "../wire.ts";

const collection = /^\/v1\/(?:messages\/batches|files|skills)(?:\/([^/]+))?(\/.*)?$/;

const openPosts: readonly string[] = ["/v1/messages", "/v1/messages/count_tokens", "/v1/complete"];
const openReads = /^\/v1\/models(?:\/[^/]+)?$/;

/** @returns undefined for a path open to every caller. */
export function storedPlace(method: string, path: string): StoredPlace | undefined {
  const place = plainPath(path);
  if (place === undefined) return { id: null, makes: false };
  if (method === "POST" && openPosts.includes(place)) return undefined;
  if ((method === "GET" || method === "HEAD") && openReads.test(place)) return undefined;
  const found = collection.exec(place);
  const id = found?.[1] ?? null;
  const makes = method === "POST" && found !== null && id === null;
  return { id, makes, ...(makes && { made: "thing" }) };
}

/**
 * Anthropic's own skills (`pptx`, `xlsx`) are open to every caller. The provider does not read what
 * a model wrote for the caller's tools.
 */
const rules: ReferenceRules = {
  ids: new Set(["container", "file_id", "previous_message_id", "user_profile_id", "workspace_id"]),
  holders: new Set(["container"]),
  others: ["skill_id"],
  data: new Set(["metadata", "input_schema", "schema"]),
  isData: (object, key) =>
    key === "input" && typeof object["type"] === "string" && object["type"].endsWith("tool_use"),
  own: ({ type, skill_id: id }) =>
    typeof id === "string" && (type !== "anthropic" || id.startsWith("skill_"))
      ? { key: "skill_id", id }
      : undefined,
};

export const referenceKeys: readonly string[] = keysOf(rules);

/**
 * Code at the provider runs in a container; later requests may refer to it and to files created in
 * it. The id of the last message continues a thread, and compares the use of a cache.
 */
export function storedUse(body: ScannedBody): StoredUse {
  const runsCode = [...body.values("type").keys()].some((type) =>
    type.startsWith("code_execution"),
  );
  const isContinued = body.has("thread") || body.has("diagnostics");
  return {
    uses: referencesOfScanned(body, rules),
    makes: runsCode || isContinued || body.keyCount("container") > 0,
  };
}

const reader = new NamedReader(rules);

/** @throws PurserError `invalid_request` for a body that is neither a JSON object nor a form. */
export function named(request: PassedRequest): Named {
  return reader.read(request);
}
