/** The texts that ids in journal rows refer to; each is written once and never changes. */

import { hash } from "node:crypto";
import type { Attribution } from "../../domain/attribution/attribution.ts";
import type { CallRoute, CounterKey } from "../../domain/ledger/entry.ts";
import { pico } from "../../domain/money/money.ts";
import type { Rate } from "../../domain/price/row/rate.ts";
import type { OpenMeter } from "../../domain/usage/usage.ts";

/** Stored on disk: never reuse a number. */
export const nameKinds = {
  attribution: 1,
  route: 2,
  rate: 3,
  counter: 4,
  text: 5,
  shape: 6,
  meter: 7,
} as const;

export type NameKind = (typeof nameKinds)[keyof typeof nameKinds];

/** A route with the served model, or null before that is known. */
export interface ServedRoute {
  readonly route: CallRoute;
  readonly served: string | null;
}

/** Finds what the ids in rows refer to. */
export interface Names {
  attribution(id: number): Attribution;
  route(id: number): ServedRoute;
  rate(id: number): Rate;
  counter(id: number): CounterKey;
  meter(id: number): OpenMeter;
  text(id: number): string;
  shape(id: number): string;
}

/** Gives each text an id: the one it has, or a new one that is defined with the entry. */
export interface NameIds {
  /** Names requested from now on are used by this entry. */
  beginEntry(seq: number): void;
  attribution(attribution: Attribution): number;
  /** @param served The model that the provider says it served; null before that is known. */
  route(route: CallRoute, served: string | null): number;
  rate(rate: Rate): number;
  counter(key: CounterKey): number;
  meter(meter: OpenMeter): number;
  text(text: string): number;
}

/**
 * The look-up key of a name: 48 bits of the SHA-256 of its text. The text distinguishes equal
 * digests.
 */
export function digestOf(text: string): number {
  return hash("sha256", text, "buffer").readUIntBE(0, 6);
}

export function routeText(
  { provider, model, endpoint, keyId, replaced }: CallRoute,
  served: string | null,
): string {
  const fields = [provider, model, endpoint, keyId, served];
  return JSON.stringify(replaced ? [...fields, replaced.model, replaced.ruleId] : fields);
}

export function readRoute(text: string): ServedRoute {
  const [provider, model, endpoint, keyId, served, asked, ruleId] = JSON.parse(text) as [
    string,
    string,
    string,
    string | null,
    string | null,
    string?,
    string?,
  ];
  const replaced =
    asked === undefined || ruleId === undefined ? {} : { replaced: { model: asked, ruleId } };
  return { route: { provider, model, endpoint, keyId, ...replaced }, served };
}

export function counterText({
  budgetId,
  value,
  windowStart,
  windowEnd,
  currency,
}: CounterKey): string {
  return JSON.stringify([budgetId, value, windowStart, windowEnd, currency]);
}

export function readCounter(text: string): CounterKey {
  type Fields = [string, string, number, number | null, CounterKey["currency"]];
  const [budgetId, value, windowStart, windowEnd, currency] = JSON.parse(text) as Fields;
  return { budgetId, value, windowStart, windowEnd, currency };
}

export function rateText(rate: Rate): string {
  const {
    provider,
    model,
    meter,
    perUnit,
    serviceTier,
    region,
    context,
    match,
    source,
    version,
    validFrom,
  } = rate;
  const limits = context ? [context.tokens, context.inclusive] : null;
  const fields = [
    provider,
    model,
    meter,
    `${perUnit}`,
    serviceTier,
    limits,
    match,
    source,
    version,
    validFrom ?? null,
  ];
  return JSON.stringify(region === undefined ? fields : [...fields, region]);
}

export function readRate(text: string): Rate {
  type Fields = [
    string,
    string,
    Rate["meter"],
    string,
    Rate["serviceTier"],
    [number, boolean] | null,
    Rate["match"],
    string,
    string,
    string | null,
    string?,
  ];
  const [
    provider,
    model,
    meter,
    perUnit,
    serviceTier,
    limits,
    match,
    source,
    version,
    validFrom,
    region,
  ] = JSON.parse(text) as Fields;
  return {
    provider,
    model,
    meter,
    perUnit: pico(BigInt(perUnit)),
    serviceTier,
    ...(region !== undefined && { region }),
    ...(limits && { context: { tokens: limits[0], inclusive: limits[1] } }),
    match,
    source,
    version,
    ...(validFrom !== null && { validFrom }),
  };
}

export function readAttribution(text: string): Attribution {
  return JSON.parse(text) as Attribution;
}
