/** Port to providers: sends a request and receives its answer in pieces. */

/** Header names are in lower case. */
export type UpstreamHeaders = Readonly<Record<string, string | readonly string[]>>;

export interface UpstreamRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null for a request without a body. */
  readonly body: Uint8Array | null;
}

/**
 * Why no complete answer arrived.
 *
 * `reached`: whether the provider may have seen, and so may bill, the request.
 */
export interface UpstreamFailure {
  readonly reached: boolean;
  readonly timedOut: boolean;
  readonly message: string;
}

/** Calls `head`, `data`*, then `end` or `fail` once. `fail` may come first. */
export interface UpstreamReceiver {
  head(status: number, headers: UpstreamHeaders): void;
  data(chunk: Uint8Array): void;
  end(): void;
  fail(failure: UpstreamFailure): void;
}

export interface UpstreamExchange {
  /**
   * Closes the connection once all received data is read. `fail` follows if the answer had not
   * ended.
   *
   * @returns Resolves when no more `data` will come.
   */
  abort(reason: { readonly message: string; readonly timedOut: boolean }): Promise<void>;
  pause(): void;
  resume(): void;
  /**
   * Ends interest in the answer. The connection is kept if the provider ends it soon, otherwise
   * closed.
   */
  finish(): void;
}

export interface Upstream {
  forward(request: UpstreamRequest, receiver: UpstreamReceiver): UpstreamExchange;
  close(): Promise<void>;
}
