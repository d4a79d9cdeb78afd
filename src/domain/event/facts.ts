/** What a person wants to know of an event, by name: the fields of templates for messages. */

import type { CloudEvent } from "./cloud-event.ts";
import { formatCount, formatFigure, percentOf } from "./figure.ts";
import { sentenceOf } from "./sentence.ts";

const everyEvent = ["text", "type", "id", "time", "subject", "link"];

const budgetFields = [
  "budget_id",
  "budget_type",
  "resource_id",
  "value",
  "used",
  "limit",
  "percent",
  "resets_at",
  "reason",
];

const callFields = [
  "operation_id",
  "provider",
  "model",
  "key_id",
  "cost",
  "needed",
  "tokens",
  "budget_id",
  "reason",
];

/** By the first part of the type. */
const fieldsByFamily: Readonly<Record<string, readonly string[]>> = {
  budget: budgetFields,
  call: callFields,
  cost: callFields,
  price: callFields,
  hold: callFields,
  key: ["key_id", "name", "role"],
  rule: [
    "rule_id",
    "when",
    "value",
    "owner",
    "used",
    "limit",
    "percent",
    "budget_id",
    "operation_id",
  ],
  epoch: ["epoch_id", "name", "by", "note"],
  export: ["schedule", "from", "to", "file", "attempt", "bytes", "error"],
  prices: ["change", "source", "version"],
};

/** The names that a template for events of these types may use. */
export function factNames(types: readonly string[]): readonly string[] {
  const own = types.flatMap((type) => fieldsByFamily[type.split(".")[0] ?? ""] ?? []);
  return [...new Set([...everyEvent, ...own])];
}

export type Facts = ReadonlyMap<string, string>;

/**
 * The values of all names that the event has.
 *
 * @param link The address of what the event is about; null if there is none.
 */
export function factsOf(event: CloudEvent, link: string | null): Facts {
  const { type, id, time, subject = "" } = event;
  return new Map([
    ...dataFacts(event),
    ["type", type],
    ["id", id],
    ["time", time],
    ["subject", subject],
    ["text", sentenceOf(event)],
    ["link", link ?? ""],
  ]);
}

function dataFacts({ data }: CloudEvent): readonly (readonly [string, string])[] {
  const facts: [name: string, value: string][] = [];
  for (const [name, value] of Object.entries(data))
    if (typeof value === "string" || typeof value === "number") facts.push([name, String(value)]);
  const { served_model: served, model_id: charged, requested_model: requested } = data;
  const model = [charged, served, requested].find((name) => typeof name === "string");
  if (typeof model === "string") facts.push(["model", model]);
  const window = data["window"];
  if (typeof window === "object" && window !== null && "end" in window)
    facts.push(["resets_at", typeof window.end === "string" ? window.end : "never"]);
  const percent = percentOf(data);
  if (percent !== null) facts.push(["percent", percent]);
  const figures = { used: "current_usage", limit: "budget_amount", cost: "total_cost" };
  for (const [name, field] of Object.entries(figures)) {
    const figure = formatFigure(data, field);
    if (figure !== null) facts.push([name, figure]);
  }
  if (typeof data["cost_usd"] === "string") facts.push(["cost", `${data["cost_usd"]} USD`]);
  if (typeof data["total_tokens"] === "number")
    facts.push(["tokens", formatCount(data["total_tokens"])]);
  return facts;
}
