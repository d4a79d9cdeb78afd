/** The price sheet of a model of a provider as it is called here. */

import type { PriceBook, PriceSheet } from "../domain/price/sheet.ts";

export interface PriceDesk {
  prices(): PriceBook;
  /** Whether the cost that a provider reports is the amount billed. */
  tellsBilledCost(provider: string): boolean;
}

export interface PriceQuestion {
  readonly provider: string;
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** @returns undefined for a model without a price. */
export function lookUpPrice(desk: PriceDesk, { provider, model, at }: PriceQuestion): PriceSheet | undefined {
  return desk.prices().sheet({ provider, model, at });
}

/** The model that a call asked for. */
export interface AskedModel extends PriceQuestion {
  readonly sheet: PriceSheet | undefined;
}

export function askedOf(book: PriceBook, question: PriceQuestion): AskedModel {
  const { provider, model, at } = question;
  return { provider, model, at, sheet: book.sheet(question) };
}

/**
 * The sheet that a charge is made by. The model served decides. Where the book does not know it, or knows it only by a shorter
 * name than the model asked for, the model asked for does: providers answer with aliases of their own.
 */
export function sheetOfServed(book: PriceBook, asked: AskedModel, served: string): PriceSheet | undefined {
  if (served === asked.model) return asked.sheet;
  const ofServed = book.sheet({ provider: asked.provider, model: served, at: asked.at });
  if (!ofServed) return asked.sheet;
  return asked.sheet?.match === "exact" && ofServed.match === "prefix" ? asked.sheet : ofServed;
}
