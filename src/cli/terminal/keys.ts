/** The keys that end what is watched on a terminal. */

/** A terminal such as `process.stdin`. */
export interface KeyStream {
  readonly isTTY?: boolean | undefined;
  setRawMode(on: boolean): unknown;
  on(event: "data", listener: (keys: Buffer | string) => void): unknown;
  off(event: "data", listener: (keys: Buffer | string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** `q`, and Ctrl-C, which a terminal that hands over single keys does not make a signal of. */
const ending = ["q", "Q", "\u{3}"] as const;

/** Calls `end` at the first key that ends. Call `release` when nothing is watched any more. Without a terminal it does nothing. */
export function onEndKey(stream: KeyStream, end: () => void): { release(): void } {
  if (stream.isTTY !== true) return { release: () => undefined };
  const read = (keys: Buffer | string): void => {
    if (ending.some((key) => String(keys).includes(key))) end();
  };
  stream.setRawMode(true);
  stream.on("data", read);
  stream.resume();
  return {
    release: () => {
      stream.off("data", read);
      stream.setRawMode(false);
      stream.pause();
    },
  };
}
