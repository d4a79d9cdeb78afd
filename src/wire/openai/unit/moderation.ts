/** Bounds a request that classifies texts or images: free at OpenAI, billed by tokens at others. */

import { openMeter } from "../../../domain/usage/open-meter.ts";
import { toObject } from "../../count/count.ts";
import type { Bounds } from "./bounds.ts";
import type { Fields } from "./fields.ts";

const family = openMeter("moderations");

/** A list of messages may be one conversation: then its length is an upper bound. */
export function moderationBounds(fields: Fields): Bounds {
  const input = fields.json("input") ?? fields.string("input");
  const members: readonly unknown[] = Array.isArray(input) ? input : [input];
  return {
    unit: {
      meters: [family],
      family,
      count: members.length,
      isExact: members.every((member) => typeof member === "string"),
      output: "output",
    },
    images: members.filter((member) => toObject(member)?.["type"] === "image_url").length,
    maxOutputTokens: 0,
  };
}
