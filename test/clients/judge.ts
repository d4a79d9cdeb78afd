/** Says whether a user saw what a user should see. */

import type { Played } from "./stage.ts";

export interface Sight {
  /** Client, scene, requests, time and what was seen, on one line. */
  readonly line: string;
  /** What was otherwise than expected; null when nothing was. */
  readonly fault: string | null;
}

/** Clients that end their reading of a cut stream before its reason comes, and show its stop reason instead (decision 17). */
const hideCut: ReadonlySet<string> = new Set(["litellm anthropic", "aider openai", "aider anthropic"]);

export function judge(client: string, played: Played): Sight {
  const { name, seen, entries, refusals } = played;
  const told = seen?.error
    ? `${seen.error.type}: ${seen.error.message}`
    : `${seen?.text.length ?? 0} characters, ${seen?.finish ?? "ended"}`;
  const line = `${client}, ${name}: ${entries.length + refusals} requests, ${seen?.ms ?? 0} ms, ${told.slice(0, 160)}`;
  return { line, fault: seen ? faultOf(client, played, seen) : "the client ended before the scene was over" };
}

function faultOf(client: string, played: Played, seen: NonNullable<Played["seen"]>): string | null {
  const { name, purse, entries, refusals } = played;
  const message = seen.error?.message ?? "";
  const mayHide = name === "cut" && hideCut.has(client);
  if (name === "stream" || name === "tools") return seen.error ? message : faultOfWhole(played, seen);
  if (entries.length + refusals > 1) return `${entries.length + refusals} requests where one was to be made`;
  if (name === "refused" && !new RegExp(`${purse.name}.*refused`, "s").test(message)) return "its user does not read which budget refused";
  if (name === "cut" && !mayHide && !new RegExp(`${purse.name}.*ended this answer`, "s").test(message))
    return "its user does not read which budget ended it";
  if (name === "cut" && seen.text === "") return "its user does not see the text until then";
  if (name === "cut" && entries[0]?.flags.includes("cut") !== true) return "the ledger does not say that it was cut";
  return null;
}

/** An answer that nothing ended: its user sees all of it, and it was charged. */
function faultOfWhole({ name, entries }: Played, seen: NonNullable<Played["seen"]>): string | null {
  if (entries.length === 0 || entries.some(({ status }) => status !== "settled")) return "a call was not charged as reported";
  if (name === "tools") return seen.tools.includes("weather") ? null : "its user does not see that the tool was called";
  return seen.text === "" ? "its user sees no text" : null;
}
