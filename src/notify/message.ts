/** Makes the message of an event for people: its text, escaped for a target, and its link. */

import type { CloudEvent } from "../domain/event/cloud-event.ts";
import { factsOf } from "../domain/event/facts.ts";
import { canFill, fillTemplate, type Template } from "../domain/event/template.ts";

export interface MessageStyle {
  readonly template: Template | null;
  /** Where people reach Purser, without a trailing slash; null if that is not configured. */
  readonly publicUrl: string | null;
}

export interface EventMessage {
  readonly text: string;
  /** The address of what the event is about. */
  readonly link: string | null;
}

/**
 * An event that lacks a field of the template has its usual sentence: a message with gaps could
 * leave out what matters.
 *
 * @param escape Makes text literal for the target.
 */
export function messageOf(
  event: CloudEvent,
  { template, publicUrl }: MessageStyle,
  escape: (text: string) => string,
): EventMessage {
  const link = publicUrl === null ? null : `${publicUrl}${pathOf(event)}`;
  const facts = factsOf(event, link);
  const text =
    template && canFill(template, facts)
      ? fillTemplate(template, { facts, escape })
      : escape(facts.get("text") ?? "");
  return { text, link };
}

function pathOf({ data, type }: CloudEvent): string {
  const { budget_id: budget, operation_id: operation } = data;
  if (type.startsWith("budget.") && typeof budget === "string")
    return `/api/v1/budgets/${encodeURIComponent(budget)}`;
  if (typeof operation === "string")
    return `/api/v1/entries?operation_id=${encodeURIComponent(operation)}`;
  return "/";
}
