/** A key for tests, which fixes and refines nothing. */

import type { Key } from "./key.ts";

export const plainKey: Key = {
  keyId: "key_1",
  name: "ci",
  hash: "00",
  hint: "purser_0",
  role: "caller",
  attribution: {},
  mayRefine: [],
  models: null,
  providers: null,
  budgets: [],
  maxConcurrent: null,
  createdAt: 0,
  expiresAt: null,
  revokedAt: null,
};
