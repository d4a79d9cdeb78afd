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
  const mayHide = played.name === "cut" && hideCut.has(client);
  return { line, fault: seen ? faultOf(played, seen, mayHide) : "the client ended before the scene was over" };
}

function faultOf({ name, purse, entries, refusals }: Played, seen: NonNullable<Played["seen"]>, mayHide: boolean): string | null {
  const message = seen.error?.message ?? "";
  if (name === "stream" || name === "tools") return seen.error ? message : null;
  if (entries.length + refusals > 1) return `${entries.length + refusals} requests where one was to be made`;
  if (name === "refused" && !new RegExp(`${purse.name}.*refused`, "s").test(message)) return "its user does not read which budget refused";
  if (name === "cut" && !mayHide && !new RegExp(`${purse.name}.*ended this answer`, "s").test(message))
    return "its user does not read which budget ended it";
  return null;
}
