/** Limits how many event streams a key has open: each reads every entry of the journal. */

import { PurserError } from "../domain/error.ts";

/** Of one key, or of administrators without one. */
export const mostStreams = 20;

/** By the server's feed, so that servers in one process do not share them. */
const open = new WeakMap<object, Map<string, number>>();

/**
 * Takes a place for a stream.
 *
 * @returns Gives the place back; further calls do nothing.
 * @throws PurserError `too_many` if all are taken.
 */
export function takePlace(feed: object, keyId: string): () => void {
  const taken = open.get(feed) ?? new Map<string, number>();
  open.set(feed, taken);
  const streams = taken.get(keyId) ?? 0;
  if (streams >= mostStreams)
    throw new PurserError("too_many", `the key has ${streams} streams of events open`, {
      remedy: "Close one, or read pages: send `Accept: application/json`.",
    });
  taken.set(keyId, streams + 1);
  let isTaken = true;
  return () => {
    if (!isTaken) return;
    isTaken = false;
    const left = (taken.get(keyId) ?? 1) - 1;
    if (left === 0) taken.delete(keyId);
    else taken.set(keyId, left);
  };
}
