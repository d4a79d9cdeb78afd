/** Epochs: figures restart from zero without deleting anything. */

import { readAttribution } from "../../domain/attribution/value.ts";
import { valuesOf } from "../../domain/attribution/values.ts";
import { PurserError } from "../../domain/error.ts";
import type { KeptEpoch } from "../../domain/ledger/epoch.ts";
import type { Principal } from "../caller/principal.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import { confine } from "./scope.ts";

export interface EpochContext {
  readonly ledger: Pick<Ledger, "commit" | "epochs">;
  readonly clock: Pick<Clock, "now">;
}

export interface NewEpoch {
  readonly name?: string | undefined;
  readonly attribution?: unknown;
  readonly note?: string | undefined;
  /** The id of the key, or `admin`. */
  readonly by: string;
}

/** An epoch as a caller sees it: who started it and why is null for readers. */
export type SeenEpoch = Omit<KeptEpoch, "by"> & { readonly by: string | null };

/**
 * The figures of a scope restart from zero now. Earlier ones can still be read with their own range, and
 * budgets are not affected.
 *
 * @throws PurserError `invalid_request` for an invalid attribution.
 */
export async function startEpoch(
  { ledger, clock }: EpochContext,
  { name = "", attribution = {}, note = "", by }: NewEpoch,
): Promise<KeptEpoch> {
  const epoch = {
    name: name === "" ? null : name,
    attribution: readAttribution(attribution, "attribution."),
    by,
    note: note === "" ? null : note,
  };
  return (await ledger.commit({ kind: "start_epoch", at: clock.now(), epoch })).epoch;
}

/**
 * Those whose attribution is fixed by the caller's key, and those without one, the oldest first.
 * Readers do not see who started an epoch and why.
 */
export function epochsFor(
  { ledger }: Pick<EpochContext, "ledger">,
  caller: Principal,
): readonly SeenEpoch[] {
  const isAdmin = caller.role === "admin";
  const own = confine(caller, {});
  const isConfined = Object.keys(own).length > 0;
  return ledger
    .epochs()
    .filter(
      ({ attribution }) =>
        !isConfined ||
        Object.entries(valuesOf(attribution)).every(([name, value]) => own[name] === value),
    )
    .map(({ by, note, ...epoch }) =>
      isAdmin ? { ...epoch, by, note } : { ...epoch, by: null, note: null },
    );
}

/**
 * When the last epoch began that applies to a filter: one whose every value the filter asks for.
 *
 * @param asked The values of the filter, by dimension.
 * @throws PurserError `invalid_request` if there is none.
 */
export function lastEpochStart(
  { ledger }: Pick<EpochContext, "ledger">,
  asked: Readonly<Record<string, string>>,
): number {
  const last = ledger
    .epochs()
    .findLast(({ attribution }) =>
      Object.entries(valuesOf(attribution)).every(([name, value]) => asked[name] === value),
    );
  if (last) return last.startedAt;
  throw new PurserError("invalid_request", "from: no epoch has begun for these figures", {
    field: "from",
    remedy: "Start one with POST /api/v1/epochs or `purser epoch start`, or give a time.",
  });
}
