/** A published price list, as catalogue rows. */

import type { CatalogueRow } from "../../domain/price/row/row.ts";

export interface PublishedList {
  /** `genai-prices`, `litellm`, `models.dev` or `openrouter`. */
  readonly source: string;
  /** Of the publisher's release if it was given, else a digest of the data. */
  readonly version: string;
  /** Providers have the catalogue's ids. At most one row of a model is valid at any time. */
  readonly rows: readonly CatalogueRow[];
  /** Models with prices that a row cannot express. */
  readonly skipped: readonly SkippedModel[];
  /** When vendors stop serving models, past or future; absent if the list does not say. */
  readonly ends?: readonly EndOfModel[];
}

export interface EndOfModel {
  readonly provider: string;
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly on: number;
}

export interface SkippedModel {
  readonly provider: string;
  readonly model: string;
  /** Where the list has it: `[0].models[3]`. */
  readonly path: string;
  /** A sentence without a subject: `charges reasoning apart from output`. */
  readonly why: string;
  /** Absent if the entry is the model's price by use, which a row cannot express. */
  readonly lacks?: LackOfPrice;
}

/**
 * - `price` the entry has no price of what the model is billed for
 * - `own_price` it is another entry of a model that has one, or of a variant billed like the model
 * - `price_by_use` it is capacity
 */
export type LackOfPrice = "price" | "own_price" | "price_by_use";

/** Why an entry is skipped. */
export type Unread = Pick<SkippedModel, "why" | "lacks">;

export interface ReadOptions {
  /** The release, such as `0.2.3`: the data itself does not say. */
  readonly version?: string;
  /** When it is read, in milliseconds since the epoch. */
  readonly at: number;
}
