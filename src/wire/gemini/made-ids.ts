/** Reads the names of the objects that Gemini created from its answers. */

import { MadeIds } from "../stored/made-ids.ts";
import { isObject } from "../stored/references.ts";
import type { WatchedAnswer } from "../wire.ts";
import { tunedModel } from "./stored.ts";

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
      ];
      return made
        .filter((name): name is string => typeof name === "string" && name !== "")
        .map((name) => tunedModel(name) ?? name);
    },
  });
}
