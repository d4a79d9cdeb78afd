/** Formats errors as each wire does. */

import type { SimulatedWire } from "../call.ts";

export interface Failure {
  readonly status: number;
  readonly message: string;
  /** The field at fault, if any. */
  readonly field: string | null;
  /** The call's number. */
  readonly number: number;
}

const openaiTypes: Readonly<Record<number, string>> = {
  401: "authentication_error",
  404: "not_found_error",
  429: "rate_limit_error",
};

const anthropicTypes: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

const geminiStatuses: Readonly<Record<number, string>> = {
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
};

/** JSON text of the error body. */
export function failureBody(wire: SimulatedWire, failure: Failure): string {
  const { status, message, field } = failure;
  if (wire === "anthropic") {
    const type = anthropicTypes[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
    return JSON.stringify({
      type: "error",
      error: { type, message },
      request_id: `req_sim_${failure.number}`,
    });
  }
  if (wire === "gemini") {
    const code = geminiStatuses[status] ?? (status < 500 ? "INVALID_ARGUMENT" : "INTERNAL");
    return JSON.stringify({ error: { code: status, message, status: code } });
  }
  const type = openaiTypes[status] ?? (status < 500 ? "invalid_request_error" : "server_error");
  return JSON.stringify({
    error: { message, type, param: field, code: status === 429 ? "rate_limit_exceeded" : null },
  });
}
