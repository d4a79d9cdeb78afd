/** The figures of a call that ended without a charge, as reports show it. */

import type { CallRow } from "../app/port/reader.ts";
import { zero } from "../domain/money/money.ts";

export const releasedCall = {
  status: "released",
  usage: {},
  parts: [],
  charges: [],
  cost: zero,
  reportedCost: null,
  rawUsage: null,
  flags: [],
  latencyMs: 0,
  priceVersion: "",
  correction: null,
} as const satisfies Partial<CallRow>;
