/** Generates the secrets of keys, and hashes them for storage. */

import { hash, randomInt } from "node:crypto";

/** A new secret, and the parts of it that are stored. */
export interface MadeSecret {
  /** Shown once and stored nowhere. */
  readonly secret: string;
  readonly hash: string;
  readonly hint: string;
}

/** Letters and digits only, so a double click selects it all. 62^43 is more than 2^256. */
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const length = 43;
const prefix = "purser_";

export function makeSecret(): MadeSecret {
  const secret =
    prefix + Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
  return { secret, hash: hashSecret(secret), hint: hintOf(secret) };
}

/** SHA-256 in hex. Generated secrets are too random to guess, so no salt or slow hash is needed. */
export function hashSecret(secret: string): string {
  return hash("sha256", secret, "hex");
}

/** The first characters, to distinguish keys in a list; at most a third of a short secret. */
export function hintOf(secret: string): string {
  return secret.slice(0, Math.min(prefix.length + 4, Math.floor(secret.length / 3)));
}
