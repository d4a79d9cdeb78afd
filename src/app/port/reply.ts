/** The port to the caller: what a call answers with. */

export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>;

export interface Reply {
  /** Whether the caller has left: then nothing reaches it any more. */
  readonly gone: boolean;
  head(status: number, headers: ReplyHeaders): void;
  /** Breaks the connection off, so that the caller sees an answer that is not whole. */
  abort(): void;
  /** @returns false when the caller reads too slowly; `onDrain` tells when to go on. */
  write(bytes: Uint8Array): boolean;
  end(bytes?: Uint8Array | string): void;
  onDrain(listener: () => void): void;
  /** Called once when the caller leaves before `end`. */
  onGone(listener: () => void): void;
}
