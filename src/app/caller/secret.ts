/** The secrets of keys: how they are made, and the form in which they are kept. */

import { hash, randomInt } from "node:crypto";

/** A new secret with all that is kept of it. */
export interface MadeSecret {
  /** Shown once and kept nowhere. */
  readonly secret: string;
  readonly hash: string;
  readonly hint: string;
}

/** Letters and digits only, so that a double click selects all of it. 62^43 is more than 2^256. */
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const length = 43;
const prefix = "purser_";

export function makeSecret(): MadeSecret {
  const secret = prefix + Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
  return { secret, hash: hashSecret(secret), hint: hintOf(secret) };
}

/** SHA-256 in hex. A secret made here is too random to be guessed from it, so that it needs no salt and no slow function. */
export function hashSecret(secret: string): string {
  return hash("sha256", secret, "hex");
}

/** The first characters, to tell keys apart in a list; of a short secret a third at most. */
export function hintOf(secret: string): string {
  return secret.slice(0, Math.min(prefix.length + 4, Math.floor(secret.length / 3)));
}
