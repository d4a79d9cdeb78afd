/** What Anthropic stores: the paths that address it, the request fields that refer to it, and the answers that contain its ids. */

import type { ScannedBody } from "../body/scan.ts";
import { MadeIds } from "../stored/made-ids.ts";
import {
  jsonObjectOf,
  referencesIn,
  referencesOfScanned,
  usesNothing,
  type Reference,
  type ReferenceRules,
  type StoredUse,
} from "../stored/references.ts";
import type { StoredPlace } from "../wire.ts";

const collection = /^\/v1\/(?:messages\/batches|files|skills)(?:\/([^/]+))?(\/.*)?$/;

const openPosts: readonly string[] = ["/v1/messages", "/v1/messages/count_tokens", "/v1/complete"];
const openReads = /^\/v1\/models(?:\/[^/]+)?$/;

/** @returns undefined for a path that any caller may ask. */
export function storedPlace(method: string, path: string): StoredPlace | undefined {
  const place = (path.split("?", 1)[0] ?? "").replace(/\/+$/, "");
  if (method === "POST" && openPosts.includes(place)) return undefined;
  if ((method === "GET" || method === "HEAD") && openReads.test(place)) return undefined;
  const found = collection.exec(place);
  const id = found?.[1] ?? null;
  return { id, makes: method === "POST" && found !== null && id === null };
}

/** Anthropic's own skills (`pptx`, `xlsx`) are everybody's. What a model wrote for a tool of the caller's is not read by the provider. */
const rules: ReferenceRules = {
  ids: new Set(["container", "file_id"]),
  holders: new Set(["container"]),
  data: new Set(["metadata", "input_schema", "schema"]),
  isData: (object, key) => key === "input" && typeof object["type"] === "string" && object["type"].endsWith("tool_use"),
  own: ({ type, skill_id: skill }) => (type === "custom" ? skill : undefined),
};

const wholeFields = ["container", "messages", "tools"];

export const referenceKeys: readonly string[] = [...rules.ids, "skill_id"];

/** Code that runs at the provider does so in a container, which later requests may name, with the files that it made. */
export function storedUse(body: ScannedBody): StoredUse {
  const isNamed = referenceKeys.some((key) => body.keyCount(key) > 0);
  const runsCode = [...body.values("type").keys()].some((type) => type.startsWith("code_execution"));
  const uses = isNamed ? referencesOfScanned(body, wholeFields, rules) : usesNothing.uses;
  return { uses, makes: runsCode || body.keyCount("container") > 0 };
}

/** @returns None for a body that is not JSON. */
export function referencesOf(bytes: Uint8Array): readonly Reference[] {
  return referencesIn(jsonObjectOf(bytes), rules);
}

export function anthropicMadeIds(how: { readonly isStream: boolean; readonly onIds: (ids: readonly string[]) => void }): MadeIds {
  return new MadeIds({
    ...how,
    markers: ['"container"', '"file_id"'],
    read: (value) => [...referencesIn(value, rules).map(({ id }) => id), ...(typeof value["id"] === "string" ? [value["id"]] : [])],
  });
}
