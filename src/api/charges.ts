/** Serves `/api/v1/charges`: money that was spent on anything but a model call. */

import type { z } from "zod";
import { findItem, readQuantity, type ItemReport } from "../app/charge/item.ts";
import {
  recordShared,
  type ChargeToShare,
  type SharedPart,
  type Sharing,
} from "../app/ingest/shared-charge.ts";
import type { Principal } from "../app/caller/principal.ts";
import { recordUsage, type RowAnswer, type RowToRecord } from "../app/ingest/usage-batch.ts";
import type { UsageRow } from "../app/ingest/usage-row.ts";
import {
  chargeAnswerSchema,
  chargeBatchSchema,
  chargeInput,
  chargeRowSchema,
  mostChargeRows,
  type ChargeAnswerJson,
} from "../contract/charge.ts";
import type { Attribution } from "../domain/attribution/attribution.ts";
import { PurserError } from "../domain/error.ts";
import { parseInstant } from "../domain/input/scalar.ts";
import { add, formatUsd, zero } from "../domain/money/money.ts";
import { chargeEndpoint, itemProviders } from "../domain/price/text/item.ts";
import { readUsd } from "./amount.ts";
import { countsOf, errorJson, idIn } from "./batch-answer.ts";
import type { ApiContext } from "./context.ts";
import { answer, callers, ok, problem, route, type Route } from "./route.ts";
import { check } from "./validate.ts";

export const chargeRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/charges",
    access: callers,
    tag: "charges",
    summary: "Record costs other than model calls, each once",
    description:
      `One charge, or up to ${mostChargeRows} in \`data\`, each answered by itself. ` +
      "After an error or a lost answer, send it again: it charges only what is missing. " +
      "No budget refuses a charge, since the money is spent: what goes past a limit is an overrun. " +
      "A caller's key records at most what its budgets have left.",
    body: chargeInput,
    responses: {
      200: answer("An answer for each charge, in order.", chargeAnswerSchema),
      400: problem("The batch, or the only charge, is invalid."),
      403: problem("The key may not record the only charge."),
      409: problem("The id of the only charge was used for another body."),
    },
    async handler({ body, caller, context }) {
      const isBatch = "data" in body;
      const inputs = isBatch ? check(chargeBatchSchema, body).data : [body];
      const charges = inputs.map((input) => readOrRefuse(context, input));
      const answers = await recordCharges(context, caller, charges);
      const [first] = answers;
      if (!isBatch && first && "error" in first) throw named(first.error);
      return ok(answersJson(answers, inputs));
    },
  }),
];

type ChargeAnswer = RowAnswer & { readonly parts?: readonly SharedPart[] };

interface SharedCharge {
  readonly charge: ChargeToShare;
  readonly sharing: Sharing;
}

function isShared(one: RowToRecord | SharedCharge): one is SharedCharge {
  return "sharing" in one;
}

async function recordCharges(
  context: ApiContext,
  caller: Principal,
  charges: readonly (RowToRecord | SharedCharge)[],
): Promise<readonly ChargeAnswer[]> {
  const plain = charges.flatMap((one) => (isShared(one) ? [] : [one]));
  const recorded = (await recordUsage(context, caller, plain)).values();
  const answers: ChargeAnswer[] = [];
  for (const one of charges) {
    const next = isShared(one) ? await share(context, caller, one) : recorded.next().value;
    if (next) answers.push(next);
  }
  return answers;
}

/** Answers for all parts together. */
async function share(
  context: ApiContext,
  caller: Principal,
  { charge, sharing }: SharedCharge,
): Promise<ChargeAnswer> {
  try {
    if (caller.role !== "admin")
      throw new PurserError("forbidden", "share: only an administrator may share a charge", {
        field: "share",
        remedy: "Use an administrator's key.",
      });
    const parts = await recordShared(context, { caller, charge }, sharing);
    const answers = parts.map((part) => part.answer);
    const cost = answers.reduce((sum, one) => ("error" in one ? sum : add(sum, one.cost)), zero);
    const failed = answers.find((one) => "error" in one);
    if (failed) return failed;
    const status = answers.some((one) => one.status === "recorded") ? "recorded" : "repeated";
    return { status, operationId: charge.id, cost, flags: [], parts };
  } catch (error) {
    if (!(error instanceof PurserError) || !rowErrors.has(error.code)) throw error;
    return { status: "invalid", operationId: charge.id, error };
  }
}

const rowErrors: ReadonlySet<PurserError["code"]> = new Set(["invalid_request", "forbidden"]);

function answersJson(
  answers: readonly ChargeAnswer[],
  inputs: readonly unknown[],
): ChargeAnswerJson {
  return {
    data: answers.map((one, index) => rowJson(one, { index, input: inputs[index] })),
    ...countsOf(answers),
  };
}

function rowJson(
  one: ChargeAnswer,
  { index, input }: { readonly index: number; readonly input: unknown },
): ChargeAnswerJson["data"][number] {
  if (!("error" in one))
    return {
      index,
      charge_id: one.operationId,
      status: one.status,
      cost_usd: formatUsd(one.cost),
      ...(one.parts && { parts: one.parts.flatMap(partJson) }),
    };
  return {
    index,
    charge_id: one.operationId ?? idIn(input, ["charge_id"]),
    status: one.status,
    cost_usd: null,
    error: errorJson(named(one.error), index),
  };
}

function partJson({ value, answer: one }: SharedPart): readonly PartJson[] {
  return "error" in one
    ? []
    : [{ charge_id: one.operationId, value, cost_usd: formatUsd(one.cost) }];
}

type PartJson = NonNullable<ChargeAnswerJson["data"][number]["parts"]>[number];

/** The id of a charge is that of an operation, which its caller does not see. */
function named(error: PurserError): PurserError {
  const rename = (text: string): string => text.replaceAll("operation_id", "charge_id");
  const { field, remedy } = error.detail;
  return new PurserError(error.code, rename(error.message), {
    ...(field !== undefined && { field: rename(field) }),
    ...(remedy !== undefined && { remedy: rename(remedy) }),
    cause: error,
  });
}

function readOrRefuse(context: ApiContext, input: unknown): RowToRecord | SharedCharge {
  try {
    const row = check(chargeRowSchema, input);
    const charge = readCharge(context, row);
    return row.share ? readShared(context, charge, row.share) : charge;
  } catch (error) {
    if (error instanceof PurserError && error.code === "invalid_request") return error;
    throw error;
  }
}

function readShared(
  { clock }: ApiContext,
  charge: Charge,
  { by, how, ...range }: NonNullable<ChargeRow["share"]>,
): SharedCharge {
  const from = parseInstant(range.from, "share.from");
  const to = parseInstant(range.to, "share.to");
  const { id } = charge;
  const refuse = (field: string, problem: string, remedy: string): PurserError =>
    new PurserError("invalid_request", `${field}: ${problem}`, { field, remedy });
  if (id === null) throw refuse("charge_id", "is missing", "Give a shared charge an id.");
  if (to <= from) throw refuse("share.to", "must be after `from`", "Give a later time.");
  if (to > clock.now())
    throw refuse("share.to", "is in the future", "Share a charge when the time is over.");
  if (by in charge.attribution)
    throw refuse(`attribution.${by}`, "is shared by", `Leave ${by} out.`);
  return { charge: { ...charge, id }, sharing: { by, how, from, to } };
}

type ChargeRow = z.output<typeof chargeRowSchema>;

interface Charge extends UsageRow {
  readonly report: ItemReport;
}

function readCharge(context: ApiContext, row: ChargeRow): Charge {
  const { item_id: itemId, quantity, amount_usd, request_id: requestId, timestamp } = row;
  if ((quantity === undefined) === (amount_usd === undefined))
    throw new PurserError("invalid_request", "give either quantity or amount_usd", {
      field: "quantity",
      remedy: "Give one of quantity and amount_usd.",
    });
  const at = timestamp === undefined ? null : parseInstant(timestamp, "timestamp");
  const item = findItem(context, itemId, at ?? context.clock.now());
  return {
    id: row.charge_id ?? null,
    at,
    provider: itemProviders[item?.kind ?? row.kind ?? "other"],
    model: itemId,
    endpoint: chargeEndpoint,
    report: {
      kind: "item",
      quantity: quantity === undefined ? null : readQuantity(quantity, "quantity"),
      amount: amount_usd === undefined ? null : readUsd(amount_usd, "amount_usd"),
      ...(requestId !== undefined && { requestId }),
    },
    status: "settled",
    // A value read from JSON has no fields that are undefined.
    attribution: (row.attribution ?? {}) as Attribution,
    latencyMs: null,
  };
}
