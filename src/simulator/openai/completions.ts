/** The endpoint `/v1/completions`, whole and streamed: one or more prompts, and a text for each. */

import { PurserError } from "../../domain/error.ts";
import { closing, frame, tokenSteps } from "../answer/step.ts";
import { isObject, textField, wholeField, type JsonObject } from "../ask/json.ts";
import { promptsOf } from "../ask/prompt.ts";
import type { Ask, Format, Plan, Step } from "../call.ts";
import { finishReason } from "./chat-answer.ts";
import { tagOf } from "./chat-request.ts";
import { chatUsage, usageFields } from "./usage.ts";
import { plainAsk } from "../ask/plain.ts";

/**
 * OpenAI's default of `max_tokens` at this endpoint (openai 7.57, `CompletionCreateParams`, read
 * 2026-11).
 */
const usualTokens = 16;

const idPrefix = "cmpl-sim-";

export const completions: Format = {
  wire: "openai",
  endpoint: "completions",
  billed: true,
  read: readCompletions,
  answer: completionsAnswer,
  stream: completionsStream,
  idPrefix: () => idPrefix,
};

function readCompletions(body: JsonObject): Ask {
  const prompts = promptsOf(body["prompt"] ?? "");
  if (prompts === null) {
    throw new PurserError("invalid_request", "prompt is not a string or a list of strings", {
      field: "prompt",
      remedy: "Send prompt as a string, a list of strings, or a list of token ids.",
    });
  }
  return {
    ...plainAsk,
    model: textField(body, "model"),
    stream: body["stream"] === true,
    inputTokens: prompts.reduce((sum, { tokens }) => sum + tokens, 0),
    lastText: prompts.at(-1)?.text ?? "",
    maxTokens: wholeField(body, "max_tokens", 1) ?? usualTokens,
    choices: (wholeField(body, "n", 1) ?? 1) * prompts.length,
    usageAsked:
      isObject(body["stream_options"]) && body["stream_options"]["include_usage"] === true,
    tag: tagOf(body),
  };
}

function headOf(plan: Plan): string {
  return `{"id":"${idPrefix}${plan.number}","object":"text_completion","created":${plan.createdSeconds},"model":${JSON.stringify(plan.model)}`;
}

function choice(index: number, text: string, finish: string | null): string {
  return `{"text":${text},"index":${index},"logprobs":null,"finish_reason":${finish === null ? "null" : `"${finish}"`}}`;
}

function completionsAnswer(plan: Plan): string {
  const text = JSON.stringify(plan.content.slice(0, plan.content.tokens));
  const choices = Array.from({ length: plan.ask.choices }, (_, index) =>
    choice(index, text, finishReason(plan)),
  );
  return `${headOf(plan)},"choices":[${choices.join(",")}]${usageFields(plan, chatUsage)}}`;
}

function* completionsStream(plan: Plan): Generator<Step> {
  const head = `data: ${headOf(plan)},"choices":[`;
  for (let index = 0; index < plan.ask.choices; index++) {
    yield* tokenSteps(
      { plan, content: plan.content, reasoning: false },
      (text) => `${head}${choice(index, text, null)}]}\n\n`,
    );
    yield frame(`${head}${choice(index, '""', finishReason(plan))}]}\n\n`);
  }
  if (plan.ask.usageAsked && plan.claimed)
    yield frame(`${head}]${usageFields(plan, chatUsage)}}\n\n`);
  yield closing("data: [DONE]\n\n");
}
