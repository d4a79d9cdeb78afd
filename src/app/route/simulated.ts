/** What keeps the invented money of the built-in simulator apart from real money, once there is any. */

import type { Budget } from "../../domain/budget/budget.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { CallFilter, LedgerReader } from "../port/reader.ts";

/** The name of the built-in simulator. A provider of that name in the configuration is one like any other. */
export const simulator = "sim";

/** What is said to a caller who means it where it is off. */
export const simulatorOff =
  "The simulator is off, as it is once a provider is configured: `simulator: on` in the configuration turns it on.";

interface Setting {
  readonly providers: readonly { readonly name: string }[];
  readonly simulator: "on" | "off" | null;
}

export function isNamed({ providers }: Pick<Setting, "providers">): boolean {
  return providers.some(({ name }) => name === simulator);
}

/** Whether the built-in simulator answers: unless the configuration says so, only as long as nobody else does. */
export function isOn(setting: Setting): boolean {
  if (isNamed(setting)) return false;
  return setting.simulator === null ? setting.providers.length === 0 : setting.simulator === "on";
}

/**
 * Whether its calls stand apart: in a ledger that has, or is to have, calls of other providers. Before that there is nothing to keep
 * them apart from, and budgets and figures can be tried with them.
 */
export async function isApart(setting: Setting, reader: Pick<LedgerReader, "totals">): Promise<boolean> {
  if (isNamed(setting)) return false;
  const used = (await reader.totals({}, ["provider"], null)).map(({ group }) => group["provider"]);
  const hasSimulated = used.includes(simulator) || isOn(setting);
  return hasSimulated && (setting.providers.length > 0 || used.some((provider) => provider !== simulator));
}

/** The budget as it counts real money only, unless it names providers itself. */
export function countingReal(budget: Budget): Budget {
  return budget.providers === null ? { ...budget, providers: [`!${simulator}`] } : budget;
}

/** Makes every budget that names no providers count real money only; what it has spent in its window is counted anew. */
export async function setApart({ ledger, clock }: { readonly ledger: Ledger; readonly clock: Clock }): Promise<void> {
  for (const budget of ledger.budgets()) {
    if (budget.providers !== null) continue;
    await ledger.commit({ kind: "put_budget", at: clock.now(), budget: countingReal(budget), when: "replace" });
  }
}

/** The filter without simulated calls, unless it asks for them by provider. */
export function withoutSimulated(filter: CallFilter): CallFilter {
  return filter.provider === simulator ? filter : { ...filter, exceptProvider: simulator };
}
