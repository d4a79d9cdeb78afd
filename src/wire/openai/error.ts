/** Writes errors in the shape of OpenAI's API, so that its SDKs raise their own errors. */

import type { WireError } from "../wire.ts";

/** OpenAI's names of errors. `insufficient_quota` is the well-known one for an exhausted budget. */
const types: ReadonlyMap<number, string> = new Map([
  [401, "authentication_error"],
  [402, "insufficient_quota"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [409, "conflict_error"],
  [429, "rate_limit_error"],
]);

export function openaiError(error: WireError): string {
  const type =
    types.get(error.status) ?? (error.status >= 500 ? "server_error" : "invalid_request_error");
  // SDKs show the fields of `error`; `purser` is where programs find the same in every format.
  const purser = error.purser === undefined ? {} : { purser: error.purser };
  // litellm, and with it aider, retries a 402 unless the body has these words.
  const sort = error.status === 402 ? { category: "invalid_request_error" } : {};
  return JSON.stringify({
    error: {
      message: error.message,
      type,
      param: error.param,
      code: error.code,
      ...sort,
      ...purser,
    },
    ...purser,
  });
}
