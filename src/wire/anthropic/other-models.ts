/** Reads which other models a Messages request may run: advisors, fallbacks and a compaction. */

import { toObject, toObjects, toText, type JsonObject } from "../count/count.ts";
import type { ScannedBody } from "../body/scan.ts";
import type { OtherModel, RequestFacts } from "../wire.ts";

/** The facts about a request's input. */
type InputFacts = Pick<RequestFacts, "textBytes" | "addedTokens" | "media" | "storedContext">;

/** Runs held for an advisor without `max_uses`, which Anthropic does not limit. */
const advisorRuns = 10;

/**
 * Each run of an advisor reads the whole conversation. Every fallback may restart the answer after
 * another one has generated some output
 * (https://platform.claude.com/docs/en/agents-and-tools/tool-use/advisor-tool and
 * .../build-with-claude/refusals-and-fallback, read 2026-11).
 */
export function readOtherModels(body: ScannedBody, input: InputFacts): readonly OtherModel[] {
  return [...readAdvisors(body), ...readFallbacks(body), ...readCompaction(body, input)];
}

function readAdvisors(body: ScannedBody): readonly OtherModel[] {
  if (![...body.values("type").keys()].some(isAdvisor)) return [];
  return toObjects(body.json("tools"))
    .filter((tool) => isAdvisor(tool["type"]))
    .map((tool) => ({
      model: toText(tool["model"]) ?? null,
      runs: wholeNumber(tool, "max_uses") ?? advisorRuns,
      maxOutputTokens: wholeNumber(tool, "max_tokens"),
    }));
}

function isAdvisor(type: unknown): boolean {
  return typeof type === "string" && /^advisor_\d{8}$/.test(type);
}

/** Each is priced. */
export const mostFallbacks = 1000;

/** `default` leaves the choice to Anthropic. */
function readFallbacks(body: ScannedBody): readonly OtherModel[] {
  const ceiling = body.integer("max_tokens") ?? null;
  if (body.kind("fallbacks") === "string")
    return [{ model: null, runs: 1, maxOutputTokens: ceiling }];
  return toObjects(body.list("fallbacks", mostFallbacks)).map((fallback) => ({
    model: toText(fallback["model"]) ?? null,
    runs: 1,
    maxOutputTokens: wholeNumber(fallback, "max_tokens") ?? ceiling,
  }));
}

/**
 * A summary is a run of the same model over the whole conversation, which `max_tokens` is not
 * documented to limit. It is written if the input reaches the trigger. Text has at most one token a
 * byte; with media, stored context or a server tool, the input can have any length
 * (https://platform.claude.com/docs/en/build-with-claude/compaction-threshold, read 2026-11).
 */
function readCompaction(body: ScannedBody, input: InputFacts): readonly OtherModel[] {
  if (body.valueCount("type", compactionEdit) === 0 || body.kind("context_management") !== "object")
    return [];
  const edits = toObjects(toObject(body.json("context_management"))?.["edits"]).filter(
    ({ type }) => type === compactionEdit,
  );
  const triggers = edits.map(
    ({ trigger }) => wholeNumber(toObject(trigger) ?? {}, "value") ?? usualTrigger,
  );
  const isReached =
    mayGrow(body, input) || input.textBytes + input.addedTokens >= Math.min(...triggers);
  return triggers.length > 0 && isReached ? [{ model: null, runs: 1, maxOutputTokens: null }] : [];
}

/** Whether the input can have more tokens than the request has bytes of text. */
function mayGrow(body: ScannedBody, { media, storedContext }: InputFacts): boolean {
  if (
    storedContext ||
    media.images + media.audios + media.files > 0 ||
    body.valueCount("type", "document") > 0
  )
    return true;
  return (
    body.has("mcp_servers") ||
    toObjects(body.json("tools")).some(({ type }) => type !== undefined && !isOfClient(type))
  );
}

/**
 * A tool that the caller runs. Any other tool, even an unknown one, may add input within the call.
 */
function isOfClient(type: unknown): boolean {
  return (
    typeof type === "string" &&
    /^(?:custom$|bash_|text_editor_|computer_|browser_|memory_)/.test(type)
  );
}

const compactionEdit = "compact_20260112";
const usualTrigger = 150_000;

function wholeNumber(object: JsonObject, field: string): number | null {
  const value = object[field];
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
