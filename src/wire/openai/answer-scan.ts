/**
 * Finds usage, model, tier and billed tool calls in an answer object: a whole body, or the
 * `response` of a stream's event.
 */

import { reportsError } from "../answer/error-body.ts";
import type { PassedOutput } from "../answer/passed-output.ts";
import { answerScanner, type ScannedBody } from "../body/index.ts";
import { afterQuoted } from "../bytes.ts";
import { toObjects, toText } from "../count/count.ts";
import type { UsagePart } from "../../domain/usage/usage.ts";
import type { AnswerRecord } from "./answer-record.ts";
import { valueAfterKey, countTextBytes, endOfValue } from "./text-bytes.ts";
import { serverTypes, ToolTally } from "./responses/tool-tally.ts";
import { readUsage } from "./usage.ts";
import { openBrace } from "../ascii.ts";

const nested = ["usage", "x_groq", "tool_usage", "tool_usage.web_search"];
export const scanAnswer = answerScanner({
  nested: ["response", ...nested, ...nested.map((name) => `response.${name}`)],
  values: ["finish_reason"],
});

const usageKey = Buffer.from('usage"');
const escape = Buffer.from("\\u");

/** The paths of an answer object's fields, built once for each of its two places. */
interface AnswerPaths {
  readonly model: string;
  readonly serviceTier: string;
  readonly usage: string;
  readonly groq: string;
  readonly groqUsage: string;
  readonly output: string;
  readonly tools: string;
  readonly toolUsage: string;
  readonly webSearch: string;
  readonly searches: string;
  readonly imageTool: string;
  readonly errors: readonly string[];
  readonly choices: string;
}

const topPaths = pathsBelow("");
const responsePaths = pathsBelow("response.");

/**
 * @param at Where the answer object is: at the top (`""`), or in `response.`.
 * @throws PurserError `invalid_request` when a field that is read has another type.
 */
export function takeAnswer(
  body: ScannedBody,
  record: AnswerRecord,
  at: { readonly prefix: "" | "response."; readonly passed?: PassedOutput },
): void {
  const paths = at.prefix === "" ? topPaths : responsePaths;
  record.nameModel(toText(body.json(paths.model)));
  record.nameTier(toText(body.json(paths.serviceTier)));
  if (reportsError(body, paths.errors) || body.valueCount("finish_reason", "error") > 0)
    record.fail();
  if (body.isRepeated(paths.usage)) record.flag("usage_repeated");
  const usage = usageBytes(body, paths);
  if (usage) record.takeUsage(usage, at.passed);
  if (body.kind(paths.output) === "array") record.countTools(tallyOf(body, paths));
  takeToolUsage(body, record, paths);
}

/**
 * Bytes of the text in a whole answer: its messages, tool calls and reasoning. The message of an
 * error is not text.
 */
export function countGeneratedBytes(body: ScannedBody): number {
  const choices =
    body.valueCount("finish_reason", "error") > 0
      ? withoutErrors(body)
      : arrayBytes(body, topPaths.choices);
  const output = arrayBytes(body, topPaths.output);
  return sumBelow(choices, choiceKeys) + sumBelow(output, itemKeys);
}

/** OpenRouter puts the error on the choice that it ended. */
function withoutErrors(body: ScannedBody): Buffer {
  const choices = toObjects(body.json(topPaths.choices)).map(
    ({ error: _error, ...choice }) => choice,
  );
  return Buffer.from(JSON.stringify(choices));
}

const choiceKeys = ['message"', 'text"'].map((key) => Buffer.from(key));
const itemKeys = ['content"', 'arguments"', 'summary"', 'input"', 'code"'].map((key) =>
  Buffer.from(key),
);

function arrayBytes(body: ScannedBody, path: string): Buffer | undefined {
  const field = body.kind(path) === "array" ? body.field(path) : undefined;
  return field && body.bytes.subarray(field.start, field.end);
}

function sumBelow(part: Buffer | undefined, keys: readonly Buffer[]): number {
  return part === undefined ? 0 : keys.reduce((sum, key) => sum + countTextBytes(part, key), 0);
}

function pathsBelow(prefix: "" | "response."): AnswerPaths {
  return {
    model: `${prefix}model`,
    serviceTier: `${prefix}service_tier`,
    usage: `${prefix}usage`,
    groq: `${prefix}x_groq`,
    groqUsage: `${prefix}x_groq.usage`,
    output: `${prefix}output`,
    tools: `${prefix}tools`,
    toolUsage: `${prefix}tool_usage`,
    webSearch: `${prefix}tool_usage.web_search`,
    searches: `${prefix}tool_usage.web_search.num_requests`,
    imageTool: `${prefix}tool_usage.image_gen`,
    errors: [`${prefix}error`, `${prefix}x_groq.error`],
    choices: `${prefix}choices`,
  };
}

function usageBytes(body: ScannedBody, paths: AnswerPaths): Buffer | undefined {
  const path =
    body.kind(paths.usage) === "object"
      ? paths.usage
      : body.kind(paths.groq) === "object"
        ? paths.groqUsage
        : undefined;
  const field = path === undefined || body.kind(path) !== "object" ? undefined : body.field(path);
  if (field) return body.bytes.subarray(field.start, field.end);
  // Some servers put it on a choice.
  return paths === topPaths ? lastUsage(body.bytes) : undefined;
}

/**
 * Whether a key may be written with escapes, as JSON allows: a search for its bytes would miss it.
 */
export function mayHideKeys(payload: Buffer): boolean {
  return payload.includes(escape);
}

/** The last usage that is not null, found without looking at the rest. */
export function lastUsage(payload: Buffer): Buffer | undefined {
  let found: Buffer | undefined;
  let at = afterQuoted(payload, usageKey);
  while (at >= 0) {
    const value = valueAfterKey(payload, at);
    let end = at;
    if (value >= 0 && payload[value] === openBrace) {
      end = endOfValue(payload, value);
      found = payload.subarray(value, end);
    }
    at = afterQuoted(payload, usageKey, end);
  }
  return found;
}

/** The output is built only if it has a tool of the provider's. */
function tallyOf(body: ScannedBody, paths: AnswerPaths): ToolTally | undefined {
  if (!serverTypes.some((type) => body.valueCount("type", type) > 0)) return undefined;
  const tally = new ToolTally();
  for (const item of body.json(paths.output) as readonly unknown[]) tally.take(item);
  return tally;
}

/**
 * OpenAI's own count of searches, if any, and the tokens of the image tool, which another model
 * uses.
 */
function takeToolUsage(body: ScannedBody, record: AnswerRecord, paths: AnswerPaths): void {
  if (body.kind(paths.toolUsage) !== "object") return;
  if (body.kind(paths.webSearch) === "object") {
    const searches = body.integer(paths.searches);
    if (searches !== undefined && searches > 0) record.countSearches(searches);
  }
  if (body.kind(paths.imageTool) !== "object") return;
  const { usage } = readUsage(body.raw(paths.imageTool) ?? "", true);
  if (usage && Object.values(usage).some((count) => count > 0))
    record.addParts([imagePart(body, paths, usage)]);
}

function imagePart(body: ScannedBody, paths: AnswerPaths, usage: UsagePart["usage"]): UsagePart {
  const tools =
    body.kind(paths.tools) === "array" ? (body.json(paths.tools) as readonly unknown[]) : [];
  const tool = tools
    .map((entry) => (entry ?? {}) as { type?: unknown; model?: unknown })
    .find(({ type }) => type === "image_generation");
  return { model: typeof tool?.model === "string" ? tool.model : "gpt-image-1", usage };
}
