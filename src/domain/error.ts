/** Expected failures. A refusal by a budget is not one of them: it is a return value. */

/**
 * The closed list of error codes. HTTP statuses and exit codes are assigned where an error leaves
 * the process.
 *
 * - `invalid_request` a field of a request is missing, of the wrong type or out of range
 * - `invalid_configuration` the same for a configuration file; `detail.line` has the line
 * - `unauthenticated` no key, or one that is unknown, revoked or expired
 * - `forbidden` the key is valid but may not do this
 * - `not_found` no such budget, key, hold, model or path
 * - `conflict` the same id was used with another body, or is still in flight
 * - `too_large` a body or header over its limit
 * - `unsupported_encoding` a body in a content encoding that is not known
 * - `websocket_unsupported` a request to upgrade to a WebSocket; the path is served over HTTP
 * - `too_many` more concurrent calls than the key may have, or checks of price lists; try again
 * - `unpriced` no price for the model and the policy is to block
 * - `unmetered` an endpoint whose cost cannot be known, and the configuration does not allow it
 * - `upstream_unreachable` the provider did not answer
 * - `upstream_timeout` the provider did not answer in time
 * - `store_unavailable` the ledger is not writable; no call is forwarded
 * - `shutting_down` the process is shutting down and accepts no new calls
 * - `bug` an assertion failed
 */
export type ErrorCode =
  | "invalid_request"
  | "invalid_configuration"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "too_large"
  | "unsupported_encoding"
  | "websocket_unsupported"
  | "too_many"
  | "unpriced"
  | "unmetered"
  | "upstream_unreachable"
  | "upstream_timeout"
  | "store_unavailable"
  | "shutting_down"
  | "bug";

const retryableCodes: ReadonlySet<ErrorCode> = new Set([
  "too_many",
  "upstream_unreachable",
  "upstream_timeout",
  "store_unavailable",
  "shutting_down",
]);

/** How to fix the input: which field, and what to do. */
export interface ErrorDetail {
  /** The invalid field, as named in the input: `max_tokens`, `budgets[2].amount`. */
  readonly field?: string;
  /** How to fix it, as a sentence. */
  readonly remedy?: string;
  /** One-based line of a configuration file. */
  readonly line?: number;
  /** The missing environment variable, if setting it fixes the error. */
  readonly variable?: string;
  /** All faults of a configuration file, in file order; the error itself is about the first. */
  readonly faults?: readonly ConfigurationFault[];
}

/** One fault of a configuration file. */
export interface ConfigurationFault {
  /** One-based. */
  readonly line: number;
  readonly message: string;
  readonly field?: string;
  readonly remedy?: string;
  /** The missing environment variable. */
  readonly variable?: string;
}

export class PurserError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(
    code: ErrorCode,
    message: string,
    detail: ErrorDetail & { readonly cause?: unknown } = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = "PurserError";
    this.code = code;
    this.detail = detail;
  }

  /** Whether the same request may succeed later, unchanged. */
  get retryable(): boolean {
    return retryableCodes.has(this.code);
  }
}
