/** Decodes journal rows into entries. */

import { readStoredOverride, type StoredOverride } from "../../domain/price/text/override.ts";
import type { PriceUpdate } from "../../domain/price/update/price-update.ts";
import { assert } from "../../domain/assert.ts";
import type { Budget } from "../../domain/budget/budget.ts";
import type { Key } from "../../domain/key/key.ts";
import type {
  CallId,
  CorrectionEntry,
  CountedCounter,
  CounterKey,
  Entry,
  HoldEntry,
  PriceEntry,
  PriceRemovalEntry,
  PriceRevertEntry,
  PriceUpdateEntry,
  Quantities,
  Recount,
  SettleEntry,
} from "../../domain/ledger/entry.ts";
import type { Epoch } from "../../domain/ledger/epoch.ts";
import type { ExportRun } from "../../domain/ledger/export-run.ts";
import { pico } from "../../domain/money/money.ts";
import type { JournalRow } from "./chain.ts";
import { decodeControl, isControl } from "./control-codec.ts";
import type {
  StoredBudget,
  StoredHold,
  StoredRecount,
  StoredRefusal,
  StoredThreshold,
  StoredTopUp,
} from "./encode.ts";
import { loadInteger } from "./integer.ts";
import { isCorrection, kinds, statusOf } from "./kind.ts";
import type { Names } from "./name.ts";
import { decodeOutcome, type StoredOutcome } from "./outcome-codec.ts";
import { decodeRuleEntry } from "./rule-codec.ts";

/** @param callOf Finds the call whose hold has this `seq`. */
export function decodeEntry(
  row: JournalRow,
  context: { names: Names; callOf: (seq: number) => CallId },
): Entry {
  const { at } = row;
  const { names } = context;
  if (isControl(row.kind)) return decodeControl(row, names);
  switch (row.kind) {
    case kinds.hold:
      return decodeHold(row, names);
    case kinds.refusal: {
      const [reason, budgetId, needed] = JSON.parse(row.body) as StoredRefusal;
      const attribution = names.attribution(row.attributionId ?? 0);
      const { route } = names.route(row.routeId ?? 0);
      const operationId = row.operationId ?? "";
      return {
        kind: "refusal",
        at,
        operationId,
        attribution,
        route,
        reason,
        budgetId,
        needed: loadInteger(needed),
      };
    }
    case kinds.threshold: {
      const [counterId, partsPerMillion, spent, limit] = JSON.parse(row.body) as StoredThreshold;
      return {
        kind: "threshold",
        at,
        counter: names.counter(counterId),
        partsPerMillion,
        spent: loadInteger(spent),
        limit: loadInteger(limit),
      };
    }
    case kinds.budget: {
      const [budget, deleted, recounts = []] = JSON.parse(row.body) as StoredBudget;
      const loaded = recounts.map((recount) => loadRecount(recount, names));
      return {
        kind: "budget",
        at,
        budget: loadBudget(budget),
        deleted: deleted === 1,
        recounts: loaded,
      };
    }
    case kinds.key:
      return { kind: "key", at, key: JSON.parse(row.body) as Key };
    case kinds.price:
    case kinds.price_removal:
    case kinds.price_update:
    case kinds.price_revert:
      return decodePriceEntry(row);
    case kinds.rule:
    case kinds.rule_fired:
    case kinds.rule_acknowledged:
    case kinds.rule_escalated:
      return decodeRuleEntry(row);
    case kinds.epoch:
      return { kind: "epoch", at, epoch: JSON.parse(row.body) as Epoch };
    case kinds.export_done:
      return { kind: "export_done", at, run: JSON.parse(row.body) as ExportRun };
    case kinds.export_failed:
      return { kind: "export_failed", at, run: JSON.parse(row.body) as ExportRun };
    default:
      assert(row.call !== null, "an entry that ends a call or adds to it names its hold");
      return decodeAboutCall(row, context.callOf(row.call), names);
  }
}

export function decodeHold(row: JournalRow, names: Names): HoldEntry {
  const [tokens, requests, counterIds, expiresAt = null, fingerprint = null, recordedAt, use] =
    JSON.parse(row.body) as StoredHold;
  return {
    kind: "hold",
    at: row.at,
    operationId: row.operationId ?? "",
    attempt: row.attempt ?? 1,
    attribution: names.attribution(row.attributionId ?? 0),
    route: names.route(row.routeId ?? 0).route,
    amount: {
      usd: pico(BigInt(row.amount)),
      tokens: loadInteger(tokens),
      requests: loadInteger(requests),
    },
    counters: counterIds.map((id) => names.counter(id)),
    expiresAt,
    fingerprint,
    ...(typeof recordedAt === "number" && { recordedAt }),
    ...(use && { closing: { run: use[0], budgets: use.slice(1) } }),
  };
}

/** The amount of a top-up. */
export function decodeTopUp(row: Pick<JournalRow, "amount" | "body">): Quantities {
  const [tokens, requests] = JSON.parse(row.body) as StoredTopUp;
  return {
    usd: pico(BigInt(row.amount)),
    tokens: loadInteger(tokens),
    requests: loadInteger(requests),
  };
}

/** The budgets whose reserve a closing call uses from a top-up on. */
export function decodeReserves({ body }: Pick<JournalRow, "body">): readonly string[] {
  const [, , budgets = []] = JSON.parse(body) as StoredTopUp;
  return budgets;
}

/** The counters of a hold after the move. */
export function decodeMove(row: Pick<JournalRow, "body">, names: Names): readonly CounterKey[] {
  return (JSON.parse(row.body) as readonly number[]).map((id) => names.counter(id));
}

export function decodeSettle(
  row: JournalRow,
  call: CallId,
  names: Names,
): SettleEntry | CorrectionEntry {
  const { at } = row;
  const { operationId, attempt } = call;
  const status = statusOf(row.kind);
  assert(status !== "released", "a charge is not a release");
  const model = names.route(row.routeId ?? 0).served ?? "";
  const details = decodeOutcome(
    JSON.parse(row.body) as StoredOutcome,
    { cost: BigInt(row.amount), status, model },
    names,
  );
  const { overruns, late, fingerprint, difference, reason, counters, ...outcome } = details;
  const moved = counters ? { counters } : {};
  if (isCorrection(row.kind))
    return {
      kind: "correction",
      at,
      operationId,
      attempt,
      ...outcome,
      fingerprint,
      difference,
      overruns,
      reason,
      ...moved,
    };
  return {
    kind: "settle",
    at,
    operationId,
    attempt,
    ...outcome,
    overruns,
    late,
    fingerprint,
    ...moved,
  };
}

function decodeAboutCall(row: JournalRow, call: CallId, names: Names): Entry {
  const { at } = row;
  const { operationId, attempt } = call;
  if (row.kind === kinds.top_up) {
    const closing = decodeReserves(row);
    const amount = decodeTopUp(row);
    return {
      kind: "top_up",
      at,
      operationId,
      attempt,
      amount,
      ...(closing.length > 0 && { closing }),
    };
  }
  if (row.kind === kinds.move)
    return { kind: "move", at, operationId, attempt, counters: decodeMove(row, names) };
  if (row.kind === kinds.expire) return { kind: "expire", at, operationId, attempt };
  if (row.kind !== kinds.release) return decodeSettle(row, call, names);
  const [reason] = JSON.parse(row.body) as readonly [string];
  return { kind: "release", at, operationId, attempt, reason };
}

function loadRecount([budgetId, from, stored]: StoredRecount, names: Names): Recount {
  const counters: CountedCounter[] = [];
  for (let place = 0; place + 1 < stored.length; place += 2) {
    counters.push({
      key: names.counter(Number(stored[place])),
      spent: loadInteger(stored[place + 1] ?? 0),
    });
  }
  return { budgetId, from, counters };
}

function loadBudget(stored: Record<string, unknown>): Budget {
  const budget = stored as unknown as Budget;
  const { unpriced } = budget;
  const amount = String(stored["amount"]);
  const reserve = stored["reserveForClosing"];
  const fallback = unpriced.policy === "allow" && unpriced.fallback;
  return {
    ...budget,
    amount: BigInt(amount),
    ...(typeof reserve === "string" && { reserveForClosing: BigInt(reserve) }),
    unpriced: fallback
      ? {
          policy: "allow",
          fallback: { input: pico(BigInt(fallback.input)), output: pico(BigInt(fallback.output)) },
        }
      : unpriced,
  };
}

/** @param row Of a kind that is about prices: it refers to nothing else. */
export function decodePriceEntry({
  kind,
  at,
  body,
}: Pick<JournalRow, "kind" | "at" | "body">):
  | PriceEntry
  | PriceRemovalEntry
  | PriceUpdateEntry
  | PriceRevertEntry {
  const stored = JSON.parse(body) as unknown;
  if (kind === kinds.price)
    return { kind: "price", at, price: readStoredOverride(stored as StoredOverride) };
  if (kind === kinds.price_update)
    return { kind: "price_update", at, update: stored as PriceUpdate };
  const [id] = stored as readonly [string];
  if (kind === kinds.price_removal) return { kind: "price_removal", at, priceId: id };
  assert(kind === kinds.price_revert, "an entry of prices");
  return { kind: "price_revert", at, updateId: id };
}
