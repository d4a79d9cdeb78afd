/** Reads `notifiers`: where events are sent, which ones, and when. */

import type { NotifierSettings, QuietHours } from "../app/port/notifier-settings.ts";
import { notifierKinds } from "../app/port/notifier-settings.ts";
import { dimensions } from "../domain/attribution/attribution.ts";
import { eventTypes } from "../domain/event/event.ts";
import { factNames } from "../domain/event/facts.ts";
import { checkTypes, matchesType } from "../domain/event/selection.ts";
import { parseTemplate, type Template } from "../domain/event/template.ts";
import {
  type Fields,
  invalid,
  isObject,
  openFields,
  optionalFlag,
  optionalText,
  optionalTexts,
  optionalWord,
  show,
} from "../domain/input/fields.ts";
import { suggest } from "../domain/input/nearest.ts";
import type { Faults } from "./fault.ts";
import { readList, readShortName } from "./list.ts";
import { readTarget, targetFields } from "./notifier-target.ts";
import { readTimeZone } from "../domain/budget/define.ts";
import { readTime } from "./time-of-day.ts";

export interface NotifierReading {
  readonly faults: Faults;
  readonly isFromEnvironment: (field: string) => boolean;
}

/** What happens to money and needs someone: not every call, and no change of the set-up. */
const usualEvents = eventTypes.filter((type) =>
  /^budget\.(?!changed$|window_started$)|^rule\.|^export\.failed$/.test(type),
);

const commonFields = [
  "name",
  "kind",
  "events",
  "only",
  "quiet_hours",
  "allow_private_address",
] as const;

/** Kinds whose messages people read. */
const withTemplate: ReadonlySet<string> = new Set([
  "slack",
  "teams",
  "discord",
  "telegram",
  "email",
]);

/** Errors are added to `faults`, without showing secrets. */
export function readNotifiers(
  fields: Fields,
  reading: NotifierReading,
): readonly NotifierSettings[] {
  const list = fields.values.get("notifiers");
  const inputs: readonly unknown[] = Array.isArray(list) ? list : [];
  return readList(fields, reading.faults, {
    section: "notifiers",
    item: "notifier",
    idField: "name",
    idOf: ({ name }) => name,
    standIns: (index) => ({ name: `notifier-${index}`, ...standInsOf(inputs[index]) }),
    read: (input, prefix) => readNotifier(input, { prefix, reading }),
  });
}

/** The names in the file, also of notifiers with faults. */
export function notifierNamesOf(fields: Fields): readonly string[] {
  const list = fields.values.get("notifiers");
  const inputs: readonly unknown[] = Array.isArray(list) ? list : [];
  return inputs.flatMap((input) => {
    const name = isObject(input) ? input["name"] : undefined;
    return typeof name === "string" ? [name] : [];
  });
}

function standInsOf(input: unknown): Readonly<Record<string, unknown>> {
  const kind = isObject(input) ? input["kind"] : undefined;
  const protocol = kind === "nats" || kind === "redis" ? kind : "https";
  return {
    url: `${protocol}://example.com`,
    host: "smtp.example.com",
    chat_id: "1",
    from: "purser@example.com",
    to: ["purser@example.com"],
  };
}

interface Place {
  readonly prefix: string;
  readonly reading: NotifierReading;
}

function readNotifier(input: unknown, { prefix, reading }: Place): NotifierSettings {
  const kind = kindIn(input, prefix);
  const known = [
    ...commonFields,
    ...(withTemplate.has(kind) ? ["template"] : []),
    ...targetFields[kind],
  ];
  const fields = openFields(input, { prefix, known });
  const events = checkTypes(
    optionalTexts(fields, "events", "Give a list of types, such as [budget.*].") ?? usualEvents,
    `${prefix}events`,
  );
  const allowPrivateAddress = optionalFlag(fields, "allow_private_address") ?? false;
  return {
    name: readShortName(fields),
    events,
    only: readOnly(fields),
    quietHours: readQuietHours(fields),
    template: readTemplate(fields, events),
    allowPrivateAddress,
    target: readTarget(kind, fields, { allowPrivateAddress, ...reading }),
  };
}

/** The other fields depend on the kind, so it is read first. */
function kindIn(input: unknown, prefix: string): NotifierSettings["target"]["kind"] {
  const values = new Map(isObject(input) ? Object.entries(input) : []);
  const kind = optionalWord({ prefix, values }, "kind", notifierKinds);
  if (kind !== undefined) return kind;
  if (!isObject(input)) openFields(input, { prefix, known: [...commonFields] });
  throw invalid(`${prefix}kind`, "is missing", `Give one of ${notifierKinds.join(", ")}.`);
}

function readOnly(fields: Fields): Readonly<Record<string, string>> {
  const value = fields.values.get("only");
  const field = `${fields.prefix}only`;
  const remedy = "Give dimensions and values, such as { team: search }.";
  if (value === undefined) return {};
  if (!isObject(value)) throw invalid(field, `must be an object, not ${show(value)}`, remedy);
  for (const [name, wanted] of Object.entries(value)) {
    if (!name.startsWith("tag:") && !dimensions.some((known) => known === name))
      throw invalid(`${field}.${name}`, "is not a dimension", suggest(name, dimensions));
    if (typeof wanted !== "string" || wanted === "")
      throw invalid(`${field}.${name}`, `must be text, not ${show(wanted)}`, remedy);
  }
  return Object.fromEntries(Object.entries(value).map(([name, wanted]) => [name, String(wanted)]));
}

function readQuietHours(fields: Fields): QuietHours | null {
  const value = fields.values.get("quiet_hours");
  if (value === undefined) return null;
  const prefix = `${fields.prefix}quiet_hours.`;
  const hours = openFields(value, { prefix, known: ["from", "to", "time_zone"] });
  const [from, to] = [readTime(hours, "from"), readTime(hours, "to")];
  if (from === to)
    throw invalid(`${prefix}to`, "is the same time as from", "Give an end that differs.");
  return { from, to, timeZone: readTimeZone(hours, "time_zone") };
}

function readTemplate(fields: Fields, events: readonly string[]): Template | null {
  const field = `${fields.prefix}template`;
  const remedy = 'Give text, such as "Search: {text}".';
  const text = optionalText(fields, "template", remedy);
  if (text === undefined) return null;
  if (text.length > mostTemplate)
    throw invalid(field, `has ${text.length} characters`, `Give at most ${mostTemplate}.`);
  const types = eventTypes.filter((type) => events.some((pattern) => matchesType(pattern, type)));
  return parseTemplate(text, { field, known: factNames(types) });
}

const mostTemplate = 1000;
