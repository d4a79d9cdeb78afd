/** Reads the ids that a provider created at the places of an OpenAI answer where it writes them. */

import { MadeIds, type IdReader } from "../stored/made-ids.ts";
import { isObject, objectsIn, type JsonObject } from "../stored/references.ts";
import type { MadeKind, WatchedAnswer } from "../wire.ts";
import { tunedModel } from "./model-name.ts";

/** The events at which items and responses begin or end: only these contain an id. */
const markers = [
  "response.created",
  "output_item.added",
  "output_item.done",
  '"chat.completion.chunk"',
];

export function openaiMadeIds({ of, ...how }: WatchedAnswer): MadeIds {
  return new MadeIds({
    ...how,
    markers: of === "call" ? markers : [],
    read: how.isStream ? idsOfEvent : readers[of],
  });
}

/** By what the answer is about. */
const readers: Readonly<Record<MadeKind, IdReader>> = {
  call: idsOfAnswer,
  thing: ({ id, request_id: job }) => texts(id ?? job),
  upload: ({ file }) => (isObject(file) ? texts(file["id"]) : []),
  job: ({ id, fine_tuned_model: name }) =>
    texts(id, typeof name === "string" ? tunedModel(name) : undefined),
  batch: ({ id, output_file_id: output, error_file_id: errors }) => texts(id, output, errors),
};

function idsOfEvent(event: JsonObject): readonly string[] {
  switch (event["type"]) {
    case "response.created":
      return isObject(event["response"]) ? texts(event["response"]["id"]) : [];
    case "response.output_item.added":
    case "response.output_item.done":
      return isObject(event["item"]) ? idsOfItem(event["item"]) : [];
    default:
      return event["object"] === "chat.completion.chunk" ? idsOfChat(event) : [];
  }
}

function idsOfAnswer(answer: JsonObject): readonly string[] {
  const items = objectsIn(answer["output"]);
  // A compaction returns the request's own messages, with the caller's ids.
  const made =
    answer["object"] === "response.compaction"
      ? items.filter(({ type }) => type === "compaction")
      : items;
  // xAI names a job that makes a video by the id of its request.
  const job = answer["id"] === undefined ? texts(answer["request_id"]) : [];
  return [...idsOfChat(answer), ...job, ...made.flatMap(idsOfItem)];
}

/** The chat's own id, and those of each choice's audio, whole or in a chunk of a stream. */
function idsOfChat({ id, choices }: JsonObject): readonly string[] {
  const spoken = objectsIn(choices).map(({ message, delta }) => {
    const said = message ?? delta;
    return isObject(said) && isObject(said["audio"]) ? said["audio"]["id"] : undefined;
  });
  return texts(id, ...spoken);
}

/**
 * The item's own id, and those of objects that the provider's tools created (types of the `openai`
 * package 7.57, read 2026-11). Everything else in an item is from a model, from the caller's server
 * (`mcp_list_tools`), or from the caller's files (`attributes` of a search).
 */
function idsOfItem(item: JsonObject): readonly string[] {
  const own = texts(item["id"]);
  switch (item["type"]) {
    case "code_interpreter_call":
      return [...own, ...texts(item["container_id"])];
    case "shell_call":
      return [
        ...own,
        ...(isObject(item["environment"]) ? texts(item["environment"]["container_id"]) : []),
      ];
    case "message":
      return [
        ...own,
        ...objectsIn(item["content"]).flatMap(({ annotations }) =>
          objectsIn(annotations).flatMap(idsOfAnnotation),
        ),
      ];
    default:
      return own;
  }
}

/** A citation of an existing file creates no id. */
function idsOfAnnotation({
  type,
  container_id: container,
  file_id: file,
}: JsonObject): readonly string[] {
  if (type === "container_file_citation") return texts(container, file);
  return type === "file_path" ? texts(file) : [];
}

function texts(...values: readonly unknown[]): readonly string[] {
  return values.filter((value): value is string => typeof value === "string" && value !== "");
}
