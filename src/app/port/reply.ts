/** Port to the caller: receives the answer of a call. */

export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>;

export interface Reply {
  /** Whether the caller has disconnected; nothing reaches it then. */
  readonly gone: boolean;
  head(status: number, headers: ReplyHeaders): void;
  /** Resets the connection, so that the caller notices the answer is incomplete. */
  abort(): void;
  /** @returns false if the caller reads too slowly; `onDrain` signals when to continue. */
  write(bytes: Uint8Array): boolean;
  end(bytes?: Uint8Array | string): void;
  onDrain(listener: () => void): void;
  /** Called once if the caller disconnects before `end`. */
  onGone(listener: () => void): void;
}
