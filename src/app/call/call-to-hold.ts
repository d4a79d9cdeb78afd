/** Prepares the hold of a call: its operation id, and its estimate at each attempt to hold it. */

import { PurserError } from "../../domain/error.ts";
import type { Attribution } from "../../domain/attribution/attribution.ts";
import type { Quantities } from "../../domain/ledger/entry.ts";
import { anonymousOwner, operationOf } from "../../domain/ledger/operation.ts";
import type { Headers } from "../caller/identify.ts";
import { makeOperationId, readOperationId } from "../caller/operation-id.ts";
import { closingRun } from "../hold/closing-run.ts";
import { boundOfBytes, estimate, type CallToEstimate } from "../hold/estimate.ts";
import type { CallToHold } from "../hold/hold.ts";
import type { InputCount } from "../hold/input-count.ts";
import { sheetToHold, withAudioSeconds, withUnit } from "../hold/unit-estimate.ts";
import { withOtherModels } from "../hold/other-models.ts";
import type { CallContext } from "./call-context.ts";
import type { RoutedCall } from "./route-call.ts";

interface CallParts {
  readonly input: InputCount;
  /** What the items of its header cost; undefined for none. */
  readonly charges: Quantities | undefined;
}

/** @throws PurserError `invalid_request` for a header that cannot be read. */
export function callToHold(
  context: CallContext,
  { at, prices, caller, headers, route, replaced, request: { facts } }: RoutedCall,
  { input, charges }: CallParts,
): CallToHold {
  const given = readOperationId(headers);
  const fit = readFit(headers);
  const closing = readClosing(headers, caller.attribution);
  const keyId = caller.key?.keyId ?? null;
  const { provider, model } = route;
  const callRoute = context.router.callRoute(route, keyId);
  return {
    at,
    operationId: given === null ? makeOperationId(at) : operationOf(given, keyId ?? anonymousOwner),
    repeat: given === null ? "new" : "next",
    attribution: caller.attribution,
    route: replaced ? { ...callRoute, replaced } : callRoute,
    budgets: caller.key?.budgets ?? none,
    ...(closing !== null && { closing }),
    ...(charges && { charges }),
    estimate: (now, counted) => {
      const found = prices.sheet({ provider: provider.name, model, at: now });
      const sheet = sheetToHold(found, facts, now);
      const unlisted: CallToEstimate["unlisted"] = (query) =>
        prices.ceiling({ ...query, provider: provider.name, at: now });
      const byTokens = estimate(context, { route, facts, sheet, unlisted, fit }, counted);
      const { limits } = context;
      const byUnit = withUnit(byTokens, { facts, sheet, provider, at: now });
      const own = withAudioSeconds(byUnit, { facts, sheet, at: now, limits });
      return withOtherModels(prices, { route, facts, estimate: own, at: now, limits });
    },
    // A count of a form or of a prompt outside a chat is no upper bound.
    count: () =>
      facts.unit === undefined
        ? input.count()
        : Promise.resolve({ tokens: boundOfBytes(facts), digest: "" }),
  };
}

const none: readonly string[] = [];

/**
 * Whether an answer may be shortened to fit the budgets.
 *
 * @throws PurserError `invalid_request` for anything but on and off.
 */
function readFit(headers: Headers): boolean {
  const value = headers["x-purser-fit"];
  if (value === undefined || value === "on") return true;
  if (value === "off") return false;
  throw new PurserError(
    "invalid_request",
    `x-purser-fit: "${String(value)}" is neither "on" nor "off"`,
    {
      field: "x-purser-fit",
      remedy:
        "Leave it out to let max_tokens be fitted to the budget, or send `off` to be refused instead.",
    },
  );
}

/**
 * @returns The run that the call closes; null for an ordinary call.
 * @throws PurserError `invalid_request` for anything but true and false, and without a run.
 */
function readClosing(headers: Headers, attribution: Attribution): string | null {
  const value = headers["x-purser-closing"];
  if (value === undefined || value === "false") return null;
  const field = "x-purser-closing";
  if (value !== "true")
    throw new PurserError(
      "invalid_request",
      `${field}: "${String(value)}" is neither "true" nor "false"`,
      { field, remedy: "Send `true` with the last call of a run, or leave it out." },
    );
  return closingRun(attribution, field);
}
