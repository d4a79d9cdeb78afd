/** Checks that a user saw what they should. */

import type { Played } from "./stage.ts";

export interface Sight {
  /** Client, scene, requests, time and what was seen, on one line. */
  readonly line: string;
  /** What was unexpected; null if nothing was. */
  readonly fault: string | null;
}

/**
 * Clients that stop reading a cut stream before the error, and show its stop reason instead
 * (decision 17).
 */
const hideCut: ReadonlySet<string> = new Set([
  "litellm anthropic",
  "aider openai",
  "aider anthropic",
]);

export function judge(client: string, played: Played): Sight {
  const { name, seen, entries, refusals } = played;
  const outcome = seen?.error
    ? `${seen.error.type}: ${seen.error.message}`
    : `${seen?.text.length ?? 0} characters, ${seen?.finish ?? "ended"}`;
  const line = `${client}, ${name}: ${entries.length + refusals} requests, ${seen?.ms ?? 0} ms, ${outcome.slice(0, 160)}`;
  return {
    line,
    fault: seen ? faultOf(client, played, seen) : "the client exited before the scene ended",
  };
}

function faultOf(client: string, played: Played, seen: NonNullable<Played["seen"]>): string | null {
  const { name, purse, entries, refusals } = played;
  const message = seen.error?.message ?? "";
  const mayHide = name === "cut" && hideCut.has(client);
  if (name === "stream" || name === "tools")
    return seen.error ? message : faultOfWhole(played, seen);
  if (entries.length + refusals > 1) return `${entries.length + refusals} requests instead of one`;
  if (name === "refused" && !new RegExp(`${purse.name}.*refused`, "s").test(message))
    return "its user does not see which budget refused";
  if (
    name === "cut" &&
    !mayHide &&
    !new RegExp(`${purse.name}.*ended this answer`, "s").test(message)
  )
    return "its user does not read which budget ended it";
  if (name === "cut" && seen.text === "") return "its user does not see the text until then";
  if (name === "cut" && entries[0]?.flags.includes("cut") !== true)
    return "the ledger does not say that it was cut";
  return null;
}

/** Checks a complete answer: its user sees all of it, and it was charged. */
function faultOfWhole({ name, entries }: Played, seen: NonNullable<Played["seen"]>): string | null {
  if (entries.length === 0 || entries.some(({ status }) => status !== "settled"))
    return "a call was not charged as reported";
  if (name === "tools")
    return seen.tools.includes("weather") ? null : "its user does not see that the tool was called";
  return seen.text === "" ? "its user sees no text" : null;
}
