/** Reads the ids that Anthropic created at the places of an answer where it writes them. */

import { MadeIds, type IdReader } from "../stored/made-ids.ts";
import { isObject, objectsIn, type JsonObject } from "../stored/references.ts";
import type { WatchedAnswer } from "../wire.ts";

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

/** Only code that the provider runs creates files; other tools return content of other servers. */
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
