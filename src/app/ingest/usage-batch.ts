/** Charges batches of usage that was metered elsewhere: each row once, whatever the others do. */

import { setImmediate } from "node:timers/promises";
import type { Principal } from "../caller/principal.ts";
import type { ReportPricing } from "../desk/settle.ts";
import { announceChange, type Audience } from "../hold/announce.ts";
import type { Clock } from "../port/clock.ts";
import { announceEnd, type EndAudience } from "../settle/announce-end.ts";
import { PurserError } from "../../domain/error.ts";
import type { RecordCommand, SettleAnswer } from "../../domain/ledger/command.ts";
import { idOfOperation } from "../../domain/ledger/operation.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import type { UsageFlag } from "../../domain/usage/usage.ts";
import { Batch, type UsageRow } from "./usage-row.ts";

export interface IngestContext extends ReportPricing, Audience, EndAudience {
  readonly observer: Audience["observer"] & EndAudience["observer"];
  readonly clock: Clock;
}

/** What became of a row. */
export type RowAnswer =
  | {
      /** `repeated`: the same row was recorded before; nothing more was charged. */
      readonly status: "recorded" | "repeated";
      readonly operationId: string;
      /** The charge; of a repeated row that was corrected since, the corrected one. */
      readonly cost: PicoUsd;
      readonly flags: readonly UsageFlag[];
    }
  | {
      /** `conflict`: the id was used for something else. */
      readonly status: "invalid" | "conflict";
      /** Null if the row has none, or could not be read. */
      readonly operationId: string | null;
      readonly error: PurserError;
    };

/** A row, or why it could not be read. */
export type RowToRecord = UsageRow | PurserError;

/** Rows decided in one turn of the event loop: calls at the gateway wait at most that long. */
const rowsPerTurn = 50;

/**
 * Charges each valid row, and resolves when all of them are on disk. The rows are not charged all or
 * none: after an error or a crash, repeat the batch, which charges only what is missing.
 *
 * @returns An answer per row, in order.
 * @throws PurserError `store_unavailable` or `shutting_down`: some rows may be charged.
 */
export async function recordUsage(
  context: IngestContext,
  caller: Principal,
  rows: readonly RowToRecord[],
): Promise<readonly RowAnswer[]> {
  const batch = new Batch(context, caller, context.clock.now());
  const answers: Promise<RowAnswer | Failure>[] = [];
  for (const [place, row] of rows.entries()) {
    if (place > 0 && place % rowsPerTurn === 0) await setImmediate();
    answers.push(recordRow(context, batch, row));
  }
  return (await Promise.all(answers)).map((answer) => {
    if (answer instanceof Failure) throw answer.cause;
    return answer;
  });
}

/** An error that concerns the whole batch. */
class Failure {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** Never rejects: the other rows of the batch have to be awaited first. */
async function recordRow(
  context: IngestContext,
  batch: Batch,
  row: RowToRecord,
): Promise<RowAnswer | Failure> {
  const id = row instanceof PurserError ? null : row.id;
  try {
    if (row instanceof PurserError) throw row;
    const command = batch.command(row);
    const answer = await context.ledger.commit(command);
    if (!answer.repeated) announce(context, command, answer);
    return {
      status: answer.repeated ? "repeated" : "recorded",
      operationId: idOfOperation(command.operationId),
      cost: answer.cost.usd,
      flags: command.outcome.flags,
    };
  } catch (error) {
    if (!(error instanceof PurserError) || !rowErrors.has(error.code)) return new Failure(error);
    const status = error.code === "conflict" ? "conflict" : "invalid";
    return { status, operationId: id, error };
  }
}

/** What is wrong with one row; anything else concerns all of them. */
const rowErrors: ReadonlySet<PurserError["code"]> = new Set([
  "invalid_request",
  "forbidden",
  "not_found",
  "conflict",
]);

function announce(context: IngestContext, command: RecordCommand, answer: SettleAnswer): void {
  const { route, outcome } = command;
  if (answer.crossed.length > 0) announceChange(context, answer.crossed);
  announceEnd(context, { provider: route.provider, outcome });
}
