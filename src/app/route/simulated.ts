/** Keeps the simulator's invented money apart from real money, once there is any. */

import type { Budget } from "../../domain/budget/budget.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { CallFilter, LedgerReader } from "../port/reader.ts";

/** The name of the built-in simulator. A configured provider of this name is an ordinary one. */
export const simulator = "sim";

/** The remedy for callers who name the simulator while it is off. */
export const simulatorOff =
  "The simulator is off by default once a provider is configured. Turn it on with `simulator: on` in the configuration.";

interface Setting {
  readonly providers: readonly { readonly name: string }[];
  readonly simulator: "on" | "off" | null;
}

function isNamed({ providers }: Pick<Setting, "providers">): boolean {
  return providers.some(({ name }) => name === simulator);
}

/**
 * Whether the built-in simulator answers: as configured, or by default while no other provider
 * exists.
 */
export function isOn(setting: Setting): boolean {
  if (isNamed(setting)) return false;
  return setting.simulator === null ? setting.providers.length === 0 : setting.simulator === "on";
}

/**
 * Whether simulated calls are kept apart: if the ledger has, or can get, calls of other providers.
 * Until then, budgets and reports can be tried out with the simulator.
 */
export async function isApart(
  setting: Setting,
  reader: Pick<LedgerReader, "totals">,
): Promise<boolean> {
  if (isNamed(setting)) return false;
  const used = (await reader.totals({}, ["provider"], null)).map(({ group }) => group["provider"]);
  const hasSimulated = used.includes(simulator) || isOn(setting);
  return (
    hasSimulated &&
    (setting.providers.length > 0 || used.some((provider) => provider !== simulator))
  );
}

/** The budget limited to real money, unless it names providers itself. */
export function countingReal(budget: Budget): Budget {
  return budget.providers === null ? { ...budget, providers: [`!${simulator}`] } : budget;
}

/**
 * Makes every budget that names no providers count real money only, and recounts the spend of its
 * current window.
 */
export async function setApart({
  ledger,
  clock,
}: {
  readonly ledger: Ledger;
  readonly clock: Clock;
}): Promise<void> {
  for (const budget of ledger.budgets()) {
    if (budget.providers !== null) continue;
    await ledger.commit({
      kind: "put_budget",
      at: clock.now(),
      budget: countingReal(budget),
      when: "replace",
    });
  }
}

/** The filter without simulated calls, unless it selects a provider. */
export function withoutSimulated(filter: CallFilter): CallFilter {
  return filter.provider === simulator ? filter : { ...filter, exceptProvider: simulator };
}
