/** The bodies of journal rows about what people decide about budgets in use. */

import type { ControlEntry } from "../../domain/ledger/controls.ts";
import { loadInteger, storeInteger, type StoredInteger } from "./integer.ts";
import { kinds } from "./kind.ts";
import type { NameIds, Names } from "./name.ts";

type StoredPause = readonly [
  budgetId: string,
  value: string | null,
  by: string,
  reason: string | null,
];
type StoredResume = readonly [
  ...StoredPause,
  lifted: readonly (readonly [counterId: number, thresholds: readonly number[]])[],
];
type StoredExtension = readonly [
  counterId: number,
  amount: StoredInteger,
  by: string,
  reason: string | null,
];

type StoredAsk = readonly [
  counterId: number,
  needed: StoredInteger,
  available: StoredInteger,
  until: number,
];
type StoredDecline = readonly [counterId: number, by: string, reason: string | null, until: number];

export function encodeControl(entry: ControlEntry, names: NameIds): string {
  if (entry.kind === "budget_ask") {
    const [needed, available] = [storeInteger(entry.needed), storeInteger(entry.available)];
    const stored: StoredAsk = [names.counter(entry.counter), needed, available, entry.until];
    return JSON.stringify(stored);
  }
  if (entry.kind === "budget_decline") {
    const { counter, by, reason, until } = entry;
    const stored: StoredDecline = [names.counter(counter), by, reason, until];
    return JSON.stringify(stored);
  }
  const { by, reason } = entry;
  if (entry.kind === "budget_extension") {
    const amount = storeInteger(entry.amount);
    const stored: StoredExtension = [names.counter(entry.counter), amount, by, reason];
    return JSON.stringify(stored);
  }
  const pause: StoredPause = [entry.budgetId, entry.value, by, reason];
  if (entry.kind === "budget_pause") return JSON.stringify(pause);
  const lifted = entry.lifted.map(
    ({ counter, thresholds }) => [names.counter(counter), thresholds] as const,
  );
  const stored: StoredResume = [...pause, lifted];
  return JSON.stringify(stored);
}

/** @param row Of a kind that is listed in {@link isControl}. */
export function decodeControl(
  { kind, at, body }: { readonly kind: number; readonly at: number; readonly body: string },
  names: Names,
): ControlEntry {
  const stored = JSON.parse(body) as unknown;
  if (kind === kinds.budget_ask || kind === kinds.budget_decline)
    return decodeQuestion({ kind, at, stored }, names);
  if (kind === kinds.budget_extension) {
    const [counter, amount, by, reason] = stored as StoredExtension;
    const key = names.counter(counter);
    return { kind: "budget_extension", at, counter: key, amount: loadInteger(amount), by, reason };
  }
  if (kind === kinds.budget_pause) {
    const [budgetId, value, by, reason] = stored as StoredPause;
    return { kind: "budget_pause", at, budgetId, value, by, reason };
  }
  const [budgetId, value, by, reason, all] = stored as StoredResume;
  const lifted = all.map(([id, thresholds]) => ({ counter: names.counter(id), thresholds }));
  return { kind: "budget_resume", at, budgetId, value, by, reason, lifted };
}

function decodeQuestion(
  row: { readonly kind: number; readonly at: number; readonly stored: unknown },
  names: Names,
): ControlEntry {
  const { at } = row;
  if (row.kind === kinds.budget_ask) {
    const [id, needed, available, until] = row.stored as StoredAsk;
    const counter = names.counter(id);
    const amounts = { needed: loadInteger(needed), available: loadInteger(available) };
    return { kind: "budget_ask", at, counter, ...amounts, until };
  }
  const [id, by, reason, until] = row.stored as StoredDecline;
  return { kind: "budget_decline", at, counter: names.counter(id), by, reason, until };
}

export function isControl(kind: number): boolean {
  return kind >= kinds.budget_pause && kind <= kinds.budget_decline;
}
