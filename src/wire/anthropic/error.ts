/** Writes errors in the shape of Anthropic's API. */

import type { WireError } from "../wire.ts";

/**
 * Types by HTTP status (https://platform.claude.com/docs/en/api/errors, and the error types of
 * @anthropic-ai/sdk 1.12.0, read 2026-11).
 */
const types: ReadonlyMap<number, string> = new Map([
  [400, "invalid_request_error"],
  [401, "authentication_error"],
  [402, "billing_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [408, "timeout_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [503, "overloaded_error"],
  [504, "timeout_error"],
  [529, "overloaded_error"],
]);

/**
 * The error body as JSON text. The format has no field for a code or a parameter: both are in
 * `purser`, if present.
 */
export function anthropicError({ status, message, code, param, purser }: WireError): string {
  const type = types.get(status) ?? (status >= 500 ? "api_error" : "invalid_request_error");
  return JSON.stringify({
    type: "error",
    error: { type, message },
    ...(purser && { purser: { code, param, ...purser } }),
  });
}
