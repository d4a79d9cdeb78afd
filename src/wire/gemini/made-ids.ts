/** Reads the names of the objects that Gemini created from its answers. */

import { MadeIds } from "../stored/made-ids.ts";
import { isObject, objectsIn } from "../stored/references.ts";
import type { WatchedAnswer } from "../wire.ts";
import { fileOf, tunedModel } from "./stored.ts";

export function geminiMadeIds(how: WatchedAnswer): MadeIds {
  return new MadeIds({
    ...how,
    markers: [],
    read: (value) => {
      const { file, metadata } = value;
      const made = [
        value["name"],
        isObject(file) ? file["name"] : undefined,
        isObject(metadata) ? metadata["tunedModel"] : undefined,
        ...videosOf(value["response"]),
      ];
      return made
        .filter((name): name is string => typeof name === "string" && name !== "")
        .map((name) => tunedModel(name) ?? name);
    },
  });
}

/** The files in the answer of a finished operation that made videos. */
function videosOf(response: unknown): readonly unknown[] {
  const made = isObject(response) ? response["generateVideoResponse"] : undefined;
  if (!isObject(made)) return [];
  return objectsIn(made["generatedSamples"]).map(({ video }) =>
    isObject(video) && typeof video["uri"] === "string" ? fileOf(video["uri"]) : undefined,
  );
}
