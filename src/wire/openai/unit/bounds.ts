/** The most that a request to an endpoint billed by a unit can be billed for. */

import type { RequestedUnit } from "../../wire.ts";

/** What differs between the endpoints. */
export interface Bounds {
  readonly unit: RequestedUnit;
  /** Tokens beyond one for each byte of text. */
  readonly addedTokens?: number;
  readonly images?: number;
  readonly choices?: number;
  /** The most output tokens of one choice; 0 if no output is billed. */
  readonly maxOutputTokens?: number;
}
