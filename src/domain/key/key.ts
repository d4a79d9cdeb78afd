/** An API key: whom its calls are charged to, and what its holder may do. */

import type { Attribution, Dimension } from "../attribution/attribution.ts";
import { matchesName } from "../input/name-pattern.ts";
import { permitsModel } from "../price/id/model-pattern.ts";

/**
 * - `caller` makes calls and holds
 * - `reader` reads figures within its attribution
 * - `admin` does everything
 */
export type Role = "caller" | "reader" | "admin";

export interface Key {
  readonly keyId: string;
  readonly name: string;
  /** SHA-256 of the secret, in hex. The secret itself is shown once and never stored. */
  readonly hash: string;
  /** The first characters of the secret, to identify keys in a list. */
  readonly hint: string;
  readonly role: Role;
  /** Fixed; headers cannot change these. */
  readonly attribution: Attribution;
  /** Dimensions that headers may fill in. */
  readonly mayRefine: readonly (Dimension | "tags")[];
  /** Model names or prefixes ending in `*`, in any case; null allows all. */
  readonly models: readonly string[] | null;
  readonly providers: readonly string[] | null;
  /**
   * Budgets that every call of this key draws on, in addition to those selected by its attribution.
   */
  readonly budgets: readonly string[];
  readonly maxConcurrent: number | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

/**
 * Neither revoked nor expired.
 *
 * @param at Milliseconds since the epoch; a key is expired at `expiresAt` itself.
 */
export function isLive(key: Pick<Key, "expiresAt" | "revokedAt">, at: number): boolean {
  return (
    (key.revokedAt === null || key.revokedAt > at) && (key.expiresAt === null || key.expiresAt > at)
  );
}

/** Whether the key may call this model of this provider. */
export function mayCall(
  key: Pick<Key, "models" | "providers">,
  call: { readonly provider: string; readonly model: string },
): boolean {
  return matchesName(key.providers, call.provider) && permitsModel(key.models, call.model);
}

/** Whether the key may hold a limited amount only: any key but an administrator's. */
export function isLimited(key: Key | null): key is Key {
  return key !== null && key.role !== "admin";
}
