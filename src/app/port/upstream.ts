/** The port to providers: one request, and its answer in pieces. */

/** Header names are lower case. */
export type UpstreamHeaders = Readonly<Record<string, string | readonly string[]>>;

export interface UpstreamRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null for a request without a body. */
  readonly body: Uint8Array | null;
}

/**
 * Why no whole answer came.
 *
 * `reached`: whether the provider can have seen the request, so that it may bill it.
 */
export interface UpstreamFailure {
  readonly reached: boolean;
  readonly timedOut: boolean;
  readonly message: string;
}

/** Called in the order `head`, `data`*, then `end` or `fail`, once. `fail` may come first. */
export interface UpstreamReceiver {
  head(status: number, headers: UpstreamHeaders): void;
  data(chunk: Uint8Array): void;
  end(): void;
  fail(failure: UpstreamFailure): void;
}

export interface UpstreamExchange {
  /**
   * Closes the connection, once what has arrived is read. `fail` follows if the answer had not ended.
   *
   * @returns Resolves when no more `data` comes.
   */
  abort(reason: { readonly message: string; readonly timedOut: boolean }): Promise<void>;
  pause(): void;
  resume(): void;
  /** The answer is over: nothing more of it is wanted. The connection is kept if the provider ends it soon, and closed otherwise. */
  finish(): void;
}

export interface Upstream {
  forward(request: UpstreamRequest, receiver: UpstreamReceiver): UpstreamExchange;
  close(): Promise<void>;
}
