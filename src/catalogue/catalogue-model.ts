/** A model of the catalogue, regardless of its current price. */

export interface CatalogueModel {
  readonly provider: string;
  readonly model: string;
  readonly source: string;
  readonly version: string;
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
}
