/** What Anthropic stores: the paths that address it, the request fields that refer to it, and the answers that contain its ids. */

import type { ScannedBody } from "../body/scan.ts";
import { MadeIds, type IdReader } from "../stored/made-ids.ts";
import { plainPath } from "../stored/plain-path.ts";
import { NamedReader } from "../stored/named.ts";
import {
  isObject,
  keysOf,
  objectsIn,
  referencesOfScanned,
  type JsonObject,
  type ReferenceRules,
  type StoredUse,
} from "../stored/references.ts";
import type { Named, PassedRequest, StoredPlace, WatchedAnswer } from "../wire.ts";

const collection = /^\/v1\/(?:messages\/batches|files|skills)(?:\/([^/]+))?(\/.*)?$/;

const openPosts: readonly string[] = ["/v1/messages", "/v1/messages/count_tokens", "/v1/complete"];
const openReads = /^\/v1\/models(?:\/[^/]+)?$/;

/** @returns undefined for a path that any caller may ask. */
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

/** Anthropic's own skills (`pptx`, `xlsx`) are everybody's. What a model wrote for a tool of the caller's is not read by the provider. */
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
 * Code that runs at the provider does so in a container, which later requests may name, with the files that it made. A thread is
 * continued, and the use of a cache compared, by the id of the last message.
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

export function anthropicMadeIds({ of, ...how }: WatchedAnswer): MadeIds {
  const isCall = of === "call";
  const read: IdReader = isCall
    ? how.isStream
      ? idsOfEvent
      : idsOfMessage
    : ({ id }) => texts(id);
  return new MadeIds({
    ...how,
    markers: isCall ? ['"container"', '"file_id"', '"message_start"'] : [],
    read,
  });
}

function idsOfEvent(event: JsonObject): readonly string[] {
  const { type, message, delta, content_block: block } = event;
  if (type === "message_start" && isObject(message)) return idsOfMessage(message);
  if (type === "message_delta" && isObject(delta)) return idsOfContainer(delta);
  return type === "content_block_start" && isObject(block) ? idsOfBlock(block) : [];
}

function idsOfMessage(message: JsonObject): readonly string[] {
  return [
    ...texts(message["id"]),
    ...idsOfContainer(message),
    ...objectsIn(message["content"]).flatMap(idsOfBlock),
  ];
}

function idsOfContainer({ container }: JsonObject): readonly string[] {
  return isObject(container) ? texts(container["id"]) : [];
}

/** Files are made by code that the provider runs; what other tools give is from their servers, from the web, or from a model. */
function idsOfBlock({ type, content }: JsonObject): readonly string[] {
  if (
    typeof type !== "string" ||
    !/^(?:bash_)?code_execution_tool_result$/.test(type) ||
    !isObject(content)
  )
    return [];
  const outputs = objectsIn(content["content"]).filter((one) =>
    /^(?:bash_)?code_execution_output$/.test(String(one["type"])),
  );
  return outputs.flatMap((output) => texts(output["file_id"]));
}

function texts(...values: readonly unknown[]): readonly string[] {
  return values.filter((value): value is string => typeof value === "string" && value !== "");
}
