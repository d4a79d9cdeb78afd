/** Decides which events a key may see: those about the figures and budgets that it may read. */

import { attributedTo, type AttributionKey } from "../../domain/attribution/attribution.ts";
import type { Event } from "../../domain/event/event.ts";
import type { Principal } from "../caller/principal.ts";
import { confine, visibleValue } from "../report/scope.ts";

/**
 * An administrator sees everything. Others see no keys, epochs and exports; calls within their attribution; and of
 * budgets the counters that they may read.
 */
export function isVisible(caller: Principal, { about }: Event): boolean {
  switch (about.kind) {
    case "call":
    case "rule":
      return Object.entries(confine(caller, {})).every(
        ([name, value]) => attributedTo(about.attribution, name as AttributionKey) === value,
      );
    case "budget": {
      const own = visibleValue(caller, about.budget);
      return own === null || (own !== undefined && (about.value ?? own) === own);
    }
    case "key":
    case "epoch":
    case "export":
      return caller.role === "admin";
    case "prices":
  }
  return true;
}
