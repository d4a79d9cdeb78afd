/** Checks the notifiers of a running server: whether events arrive. */

import type { NotifierJson, NotifiersJson } from "../contract/notifier.ts";
import type { RuleJson, RulesJson } from "../contract/rule.ts";
import { ask, type Connection } from "./connection.ts";
import { ApiProblem } from "./failure.ts";
import { type Finding, warning, well } from "./finding.ts";
import { counted } from "./terminal/number.ts";

/** @returns Nothing for a server of an earlier version, which has no notifiers. */
export async function inspectNotifiers(connection: Connection): Promise<readonly Finding[]> {
  try {
    const path = "/api/v1/notifiers";
    const { data } = (await ask(connection, "GET", { path })) as NotifiersJson;
    return [...data.map(notifierFinding), ...(await inspectRules(connection, data))];
  } catch (error) {
    if (error instanceof ApiProblem) return [];
    throw error;
  }
}

/** Rules that name a notifier that is gone: their alerts do not go where they should. */
async function inspectRules(
  connection: Connection,
  notifiers: readonly NotifierJson[],
): Promise<readonly Finding[]> {
  const { data } = (await ask(connection, "GET", { path: "/api/v1/rules" })) as RulesJson;
  const configured = notifiers.map(({ name }) => name);
  return data.flatMap((rule) => ruleFindings(rule, configured));
}

export function ruleFindings(
  { rule_id: id, notify, escalate }: Pick<RuleJson, "rule_id" | "notify" | "escalate">,
  configured: readonly string[],
): readonly Finding[] {
  const names = new Set([...(notify ?? []), ...(escalate?.notify ?? [])]);
  return [...names]
    .filter((name) => !configured.includes(name))
    .map((name) =>
      warning(`rule ${id}`, {
        message: `names notifier "${name}", which is not configured`,
        remedy: `Add it under notifiers in purser.yaml, or set the rule with other names. Until then, alerts that would reach no notifier go to all.`,
      }),
    );
}

export function notifierFinding(notifier: NotifierJson): Finding {
  const { name, kind, last_delivered: last, failing, dead_letters: letters } = notifier;
  const subject = `notifier ${name}`;
  if (failing !== null)
    return warning(subject, {
      message: `failing since ${failing.since} (${counted(failing.attempts, "attempt")}): ${failing.message}`,
      remedy: `Check the receiver and the settings, then run \`purser notify test ${name}\`.`,
    });
  const gone =
    notifier.dropped_letters > 0
      ? `, ${notifier.dropped_letters} of earlier ones were dropped`
      : "";
  if (letters > 0)
    return warning(subject, {
      message: `${counted(letters, "event")} could not be delivered${gone}`,
      remedy: `See \`purser notify dead-letters ${name}\`; send them again with \`purser notify replay ${name}\`.`,
    });
  const when = last === null ? "nothing delivered yet" : `last delivered at ${last.at}`;
  return well(subject, `${kind}, ${when}`);
}
