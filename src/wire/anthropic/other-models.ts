/** What a Messages request may be billed for besides its own answer: advisors, models that take over when one declines, a compaction. */

import { toObject, toObjects, toText, type JsonObject } from "../count/count.ts";
import type { ScannedBody } from "../body/scan.ts";
import type { OtherModel, RequestFacts } from "../wire.ts";

/** What is known of a request's input. */
type InputFacts = Pick<RequestFacts, "textBytes" | "addedTokens" | "media" | "storedContext">;

/** Held for an advisor without `max_uses`: Anthropic sets it no limit. State one. */
const advisorRuns = 10;

/**
 * Each run of an advisor reads the whole conversation. Every fallback may begin the answer anew after another one has generated
 * something (https://platform.claude.com/docs/en/agents-and-tools/tool-use/advisor-tool and .../build-with-claude/refusals-and-fallback,
 * read 2026-11).
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

/** `default` leaves the choice to Anthropic. */
function readFallbacks(body: ScannedBody): readonly OtherModel[] {
  const ceiling = body.integer("max_tokens") ?? null;
  if (body.kind("fallbacks") === "string")
    return [{ model: null, runs: 1, maxOutputTokens: ceiling }];
  if (body.kind("fallbacks") !== "array") return [];
  return toObjects(body.json("fallbacks")).map((fallback) => ({
    model: toText(fallback["model"]) ?? null,
    runs: 1,
    maxOutputTokens: wholeNumber(fallback, "max_tokens") ?? ceiling,
  }));
}

/**
 * A summary of the conversation is a pass of the same model over all of it, which `max_tokens` is not documented to limit. It is
 * written where the input reaches the trigger. Of text alone the input has a token a byte at most; with media, stored context or a
 * server tool it can be of any length (https://platform.claude.com/docs/en/build-with-claude/compaction-threshold, read 2026-11).
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

/** A tool that the caller runs itself. Any other, also one that is not known yet, may add to the input within the call. */
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
