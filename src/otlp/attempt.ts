/** Keeps the error of one item from failing the whole request. */

import { PurserError } from "../domain/error.ts";

/** @returns The error if the item is invalid. */
export function attempt<Value>(make: () => Value): Value | PurserError {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof PurserError) || error.code !== "invalid_request") throw error;
    return error;
  }
}
