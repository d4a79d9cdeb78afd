/** Checks the name of the model that a call asks for. */

import { PurserError } from "../error.ts";

/** A header of the answer repeats the name, and clients limit the length of headers. */
const longestModelName = 256;

/** @throws PurserError `invalid_request` for a name that is absent, empty or too long. */
export function checkedModelName(model: string | undefined): string {
  if (model !== undefined && model !== "" && model.length <= longestModelName) return model;
  throw new PurserError(
    "invalid_request",
    `model must be a name of 1 to ${longestModelName} characters`,
    { field: "model", remedy: "Name the model to call." },
  );
}
