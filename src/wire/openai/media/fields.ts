/** The fields of a media request, whether it is JSON or a form. */

import type { IntegerBounds, ScannedBody } from "../../body/index.ts";

/** Getters throw PurserError `invalid_request` for a value of another type, or a repeated field. */
export interface MediaFields {
  text(name: string): string | undefined;
  whole(name: string, bounds: IntegerBounds): number | undefined;
  flag(name: string): boolean | undefined;
  /** The number of entries in a list; 0 if there is none. */
  length(name: string): number;
  /** Bytes that may be read as text. */
  readonly textBytes: number;
}

export function jsonFields(body: ScannedBody): MediaFields {
  return {
    text: (name) => body.string(name),
    whole: (name, bounds) => body.integer(name, bounds),
    flag: (name) => body.boolean(name),
    length: (name) =>
      body.kind(name) === "array" ? (body.json(name) as readonly unknown[]).length : 0,
    textBytes: body.textBytes,
  };
}
