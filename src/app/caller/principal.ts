/** Identifies who uses the control plane. */

import type { Key, Role } from "../../domain/key/key.ts";

export interface Principal {
  /** `public` presented no key, on a path that needs none. */
  readonly role: Role | "public";
  /** Null for the public, and for an administrator whose secret is not a key in the ledger. */
  readonly key: Key | null;
}
