/** Listens for the keys that quit a live view. */

/** A terminal such as `process.stdin`. */
export interface KeyStream {
  readonly isTTY?: boolean | undefined;
  setRawMode(on: boolean): unknown;
  on(event: "data", listener: (keys: Buffer | string) => void): unknown;
  off(event: "data", listener: (keys: Buffer | string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** `q`, and Ctrl-C, which does not send a signal in raw mode. */
const ending = ["q", "Q", "\u{3}"] as const;

/** Calls `end` at the first quit key. Call `release` at the end. No effect without a terminal. */
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
