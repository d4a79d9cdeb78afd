/** Says in one plain sentence or two what an event is about, with its figures. */

import type { CloudEvent } from "./cloud-event.ts";
import { formatAmountOf, formatCount, formatFigure, percentOf } from "./figure.ts";

type Data = CloudEvent["data"];

/** The type of the event that a test of a notifier sends. It is in no ledger. */
export const testType = "purser.test";

/** Plain text: names in it are as their owners wrote them, so each target escapes the whole. */
export function sentenceOf(event: CloudEvent): string {
  const say = Object.hasOwn(sentences, event.type) ? sentences[event.type] : undefined;
  return (say ?? unknownType)(event);
}

const sentences: Readonly<Record<string, (event: CloudEvent) => string>> = {
  "budget.warning": ({ data }) => `${budget(data)} has used ${spent(data)}.${reset(data)}`,
  "budget.exceeded": ({ data }) =>
    `${budget(data)} has reached its limit: ${spent(data)} is used.${reset(data)}`,
  "budget.paused": ({ data }) => {
    const figures = spent(data);
    const used = figures === "" ? "" : ` ${figures} is used.`;
    return `${budget(data)} is paused: new calls are refused until it is resumed.${used}${reset(data)}`;
  },
  "budget.resumed": ({ data }) => `${budget(data)} is resumed: new calls are accepted.`,
  "budget.extended": ({ data }) =>
    `${budget(data)} got ${formatAmountOf(Number(text(data, "amount") ?? 0), text(data, "currency") ?? "USD")} more for this window.${reset(data)}`,
  "budget.approval_requested": ({ data }) => {
    const currency = text(data, "currency") ?? "USD";
    const needed = formatAmountOf(Number(text(data, "needed") ?? 0), currency);
    // Below zero if a reserve is in use.
    const left = formatAmountOf(Math.max(0, Number(text(data, "available") ?? 0)), currency);
    const until = text(data, "expires_at");
    const time = until === null ? "" : ` Answer by ${until.slice(11, 16)} UTC.`;
    return `${budget(data)} asks for more: a call needs ${needed} and waits, ${left} is left. ${text(data, "remedy") ?? ""}${time}`;
  },
  "budget.approval_declined": ({ data }) => {
    const reason = text(data, "reason");
    return `${budget(data)} gets no more money: ${text(data, "by") ?? "someone"} declined${reason === null ? "" : `: ${reason}`}. Calls that waited are refused.`;
  },
  "budget.window_started": ({ data }) =>
    `A new window of ${lowered(budget(data))} has begun, with ${formatFigure(data, "budget_amount") ?? "its limit"} to spend.${reset(data)}`,
  "budget.changed": ({ data, subject }) => {
    const fields = Array.isArray(data["fields"]) ? data["fields"].map(String).join(", ") : "";
    const change = text(data, "change") ?? "changed";
    return `Budget ${text(data, "budget_id") ?? subject} was ${change}${fields === "" ? "" : `: ${fields}`}.`;
  },
  "call.refused": ({ data }) => {
    const by = text(data, "budget_id");
    const refuser = by === null ? "" : ` by budget ${by}`;
    const currency = text(data, "currency") ?? "USD";
    const needed = Number(text(data, "needed") ?? Number.NaN);
    const figure = Number.isFinite(needed) ? ` It needs ${formatAmountOf(needed, currency)}.` : "";
    return `A call to ${model(data)} was refused${refuser} (${words(text(data, "reason"))}).${figure}`;
  },
  "cost.recorded": ({ data }) => {
    const tokens = data["total_tokens"];
    const count = typeof tokens === "number" ? ` for ${formatCount(tokens)} tokens` : "";
    return `A call to ${model(data)} cost ${formatFigure(data, "total_cost") ?? "nothing"}${count}.`;
  },
  "cost.corrected": ({ data, subject }) =>
    `The charge of call ${subject} is now ${formatFigure(data, "total_cost") ?? "corrected"}: ${text(data, "reason") ?? "no reason given"}.`,
  "price.missing": ({ data }) =>
    data["refused"] === true
      ? `${model(data)} has no price, so a call was refused.`
      : `${model(data)} has no price, so a call was counted as zero cost.`,
  "hold.unresolved": ({ data, subject }) =>
    `Call ${subject} to ${model(data)} ended without a known cost; ${formatAmountOf(Number(text(data, "cost_usd") ?? 0), "USD")} is charged.`,
  "hold.expired": ({ data, subject }) =>
    `Call ${subject} to ${model(data)} was not settled in time; what it held is free again.`,
  "key.created": (event) => `Key ${keyName(event)} was created.`,
  "key.changed": (event) => `Key ${keyName(event)} was changed.`,
  "key.first_used": (event) => `Key ${keyName(event)} was used for the first time.`,
  "prices.updated": ({ data, subject }) =>
    `Prices were ${text(data, "change") ?? "updated"}: ${subject ?? text(data, "source") ?? "the price book"}.`,
  "rule.fired": ({ data }) => alert(data),
  "rule.escalated": ({ data }) => `Nobody has acknowledged it: ${alert(data)}`,
  "rule.acknowledged": ({ data }) => {
    const note = text(data, "note");
    const by = text(data, "acknowledged_by") ?? "someone";
    return `Rule ${text(data, "rule_id") ?? "?"} (${text(data, "value") ?? "?"}) was acknowledged by ${by}${note === null ? "" : `: ${note}`}.`;
  },
  "epoch.started": ({ data, subject }) =>
    `Figures restart from zero: epoch ${text(data, "name") ?? subject ?? "?"} has started.`,
  "export.done": ({ data }) =>
    `Export ${text(data, "schedule") ?? "?"} was made: ${text(data, "file") ?? "?"}.`,
  "export.failed": ({ data }) =>
    `Export ${text(data, "schedule") ?? "?"} failed: ${text(data, "error") ?? "for an unknown reason"}. It is tried again.`,
  [testType]: ({ data }) => {
    const rule = text(data, "rule_id");
    const what = rule === null ? "Purser" : `rule ${rule} of Purser`;
    return `This is a test of ${what}: notifier ${text(data, "notifier") ?? ""} works.`;
  },
};

/** `Rule whale fired for ann: 21.00 USD, over 20.00 USD.` */
function alert(data: Data): string {
  const named = `Rule ${text(data, "rule_id") ?? "?"} fired for ${text(data, "value") ?? "?"}`;
  const owner = text(data, "owner");
  const whose = owner === null || owner === data["value"] ? "" : `, owner ${owner}`;
  if (data["when"] === "unpriced_model") return `${named}${whose}: the model has no price.`;
  const [figure, limit] = [
    formatFigure(data, "current_usage") ?? "?",
    formatFigure(data, "budget_amount") ?? "?",
  ];
  const verb = data["when"] === "threshold" ? "has reached" : "is over";
  return `${named}${whose}: ${figure} ${verb} ${limit}.${actionOf(data)}`;
}

function actionOf({ action }: Data): string {
  if (action === "pause") return " New calls are refused until the budget is resumed.";
  return action === "model" ? " Cheaper models serve its calls." : "";
}

function unknownType({ type, subject }: CloudEvent): string {
  return subject === undefined ? `Event ${type}.` : `Event ${type}: ${subject}.`;
}

/** `Budget team-a (team atlas)`, and the value that it counts, if it counts each on its own. */
function budget(data: Data): string {
  const [type, resource] = [text(data, "budget_type"), text(data, "resource_id")];
  const value = text(data, "value");
  const about = [type, value ?? resource].filter((part) => part !== null).join(" ");
  return `Budget ${text(data, "budget_id") ?? "?"}${about === "" ? "" : ` (${about})`}`;
}

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

/** `80.40 USD of 100.00 USD (80%)`, or empty. */
function spent(data: Data): string {
  const [used, limit] = [formatFigure(data, "current_usage"), formatFigure(data, "budget_amount")];
  if (used === null || limit === null) return "";
  const percent = percentOf(data);
  return `${used} of ${limit}${percent === null ? "" : ` (${percent}%)`}`;
}

/** When the window ends; empty if it has no end, or the event does not say. */
function reset({ window }: Data): string {
  if (typeof window !== "object" || window === null || !("end" in window)) return "";
  if (typeof window.end !== "string") return "";
  return ` It resets on ${window.end.slice(0, 10)} at ${window.end.slice(11, 16)} UTC.`;
}

function model(data: Data): string {
  const names = ["model_id", "served_model", "requested_model", "model"];
  const name = names.map((field) => text(data, field)).find((found) => found !== null);
  return [text(data, "provider"), name].filter((part) => typeof part === "string").join("/");
}

function keyName({ data, subject }: CloudEvent): string {
  return text(data, "name") ?? subject ?? "?";
}

function words(code: string | null): string {
  return (code ?? "no reason given").replaceAll("_", " ");
}

function text(data: Data, field: string): string | null {
  const value = data[field];
  return typeof value === "string" && value !== "" ? value : null;
}
