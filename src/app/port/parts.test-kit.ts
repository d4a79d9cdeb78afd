/** Test kit: placeholders for parts of a call that a test does not check. */

import type { Observer } from "./observer.ts";
import type { Provider } from "./provider.ts";

/** A provider without a key of its own that only allows metered endpoints. */
export function aProvider(stated: Partial<Provider> = {}): Provider {
  const { name = "p" } = stated;
  return {
    name,
    bases: {},
    apiKey: null,
    headers: {},
    passHeaders: [],
    tokenizer: "other",
    isReseller: false,
    keyCheckPath: null,
    unmetered: "refuse",
    reportsBilledCost: false,
    leastUnits: {},
    stored: "refuse",
    wires: {},
    ...stated,
  };
}

const nothing = (): void => undefined;

export const silentObserver: Observer = {
  answered: nothing,
  callEnded: nothing,
  callUnpriced: nothing,
  callFailed: nothing,
  refused: nothing,
  headerIgnored: nothing,
  thresholdCrossed: nothing,
  pricesChecked: nothing,
  failed: nothing,
};
