/** Writes errors in the shape of Google's APIs. */

import type { WireError } from "../wire.ts";

/**
 * HTTP statuses and their canonical codes
 * (https://cloud.google.com/apis/design/errors#handling_errors, read 2026-11).
 */
const statuses: ReadonlyMap<number, string> = new Map([
  [400, "INVALID_ARGUMENT"],
  [401, "UNAUTHENTICATED"],
  // Google has no code for payment, and uses this one if billing is not enabled. RESOURCE_EXHAUSTED
  // means a rate limit to its clients.
  [402, "FAILED_PRECONDITION"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [408, "DEADLINE_EXCEEDED"],
  [409, "ABORTED"],
  [413, "INVALID_ARGUMENT"],
  [429, "RESOURCE_EXHAUSTED"],
  [499, "CANCELLED"],
  [500, "INTERNAL"],
  [501, "UNIMPLEMENTED"],
  [502, "UNAVAILABLE"],
  [503, "UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
]);

/**
 * The error body as JSON text. `details` contains the code as an ErrorInfo and the field at fault
 * as a BadRequest.
 */
export function geminiError({ status, message, code, param, purser }: WireError): string {
  const name = statuses.get(status) ?? (status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT");
  const info = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    reason: code.toUpperCase(),
    domain: "purser",
  };
  const field = {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    fieldViolations: [{ field: param, description: message }],
  };
  const details = param === null ? [info] : [info, field];
  return JSON.stringify({
    error: { code: status, message, status: name, details },
    ...(purser && { purser }),
  });
}
