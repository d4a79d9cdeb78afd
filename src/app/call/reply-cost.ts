/** States the cost of a call in its reply: in the headers, or in a comment after a stream. */

import type { SettleAnswer } from "../../domain/ledger/command.ts";
import type { Outcome } from "../../domain/ledger/entry.ts";
import { formatUsd, pico } from "../../domain/money/money.ts";
import type { WireFormat } from "../../wire/wire.ts";
import { isEventStream } from "../header/answer-headers.ts";
import type { UpstreamHeaders } from "../port/upstream.ts";
import { lacksPrice } from "../settle/unpriced.ts";

/** Adds the cost to the headers of a whole answer. */
export function addCost(
  headers: Record<string, string | readonly string[]>,
  outcome: Outcome,
  { tightest }: SettleAnswer,
): void {
  headers["x-purser-cost-usd"] = formatUsd(outcome.cost.usd);
  if (lacksPrice(outcome)) headers["x-purser-unpriced"] = "true";
  if (tightest) headers["x-purser-budget-remaining-usd"] = formatUsd(pico(tightest.available));
}

/**
 * The last line of a stream, which official SDKs and clients built on them skip; undefined in
 * formats without comments.
 */
export function costComment(
  outcome: Outcome,
  headers: UpstreamHeaders,
  { stream }: Pick<WireFormat, "stream">,
): Uint8Array | undefined {
  if (!isEventStream(headers)) return undefined;
  const unpriced = lacksPrice(outcome) ? " unpriced=true" : "";
  const comment = stream.comment(
    `purser cost_usd=${formatUsd(outcome.cost.usd)} status=${outcome.status}${unpriced}`,
  );
  return comment === null ? undefined : Buffer.from(comment);
}
