/** Streams `/v1/chat/completions`: chunks, the usage where each dialect puts it, `[DONE]`. */

import type { Plan, Step } from "../call.ts";
import { saidWords } from "../answer/content.ts";
import { closing, frame, tokenSteps, unseen } from "../answer/step.ts";
import { callId, chatIdPrefix, extras, finishReason, reasoningField } from "./chat-answer.ts";
import { chatUsage } from "./usage.ts";

interface Frames {
  /** Everything before the list of choices. */
  readonly head: string;
  /** Everything after it, on every chunk without the usage. */
  readonly tail: string;
}

/**
 * DeepSeek puts usage on the finishing chunk, OpenRouter on an extra one with a choice, OpenAI and
 * xAI on an extra one without.
 */
export function* chatStream(plan: Plan): Generator<Step> {
  const frames = framesOf(plan);
  if (plan.provider === "openrouter") yield frame(": OPENROUTER PROCESSING\n\n");
  for (let index = 0; index < plan.ask.choices; index++) {
    yield* opening(plan, frames, index);
    yield* reasoningSteps(plan, frames, index);
    yield* contentSteps(plan, frames, index);
    yield finishing(plan, frames, index);
  }
  yield* usageSteps(plan, frames);
  yield closing("data: [DONE]\n\n");
}

function framesOf(plan: Plan): Frames {
  const head =
    `data: {"id":"${chatIdPrefix(plan.provider)}${plan.number}","object":"chat.completion.chunk","created":${plan.createdSeconds},` +
    `"model":${JSON.stringify(plan.model)}${extras(plan)},"choices":[`;
  // Without include_usage, OpenAI omits the field; with it, every other chunk has null.
  const nulls = plan.provider === "deepseek" || (plan.provider === "openai" && plan.ask.usageAsked);
  return { head, tail: nulls ? '],"usage":null}\n\n' : "]}\n\n" };
}

function chunk(frames: Frames, index: number, delta: string): string {
  return `${frames.head}{"index":${index},"delta":{${delta}},"logprobs":null,"finish_reason":null}${frames.tail}`;
}

function* opening(plan: Plan, frames: Frames, index: number): Generator<Step> {
  if (!plan.tool) {
    yield frame(chunk(frames, index, '"role":"assistant","content":"","refusal":null'));
    return;
  }
  const call = `{"index":0,"id":"${callId(plan, index)}","type":"function","function":{"name":${JSON.stringify(plan.tool.name)},"arguments":""}}`;
  yield frame(
    chunk(frames, index, `"role":"assistant","content":null,"tool_calls":[${call}],"refusal":null`),
  );
}

function* reasoningSteps(plan: Plan, frames: Frames, index: number): Generator<Step> {
  if (plan.reasoningEach === 0) return;
  const field = reasoningField(plan.provider);
  const content = saidWords(plan.reasoningEach);
  if (field === null) yield unseen(plan.reasoningEach);
  else
    yield* tokenSteps({ plan, content, reasoning: true }, (text) =>
      chunk(frames, index, `"${field}":${text}`),
    );
}

function contentSteps(plan: Plan, frames: Frames, index: number): Iterable<Step> {
  return tokenSteps({ plan, content: plan.content, reasoning: false }, (text) =>
    chunk(
      frames,
      index,
      plan.tool
        ? `"tool_calls":[{"index":0,"function":{"arguments":${text}}}]`
        : `"content":${text}`,
    ),
  );
}

function finishing(plan: Plan, frames: Frames, index: number): Step {
  const last = index === plan.ask.choices - 1;
  const onFinish = plan.provider === "deepseek" && last && plan.claimed;
  const tail = onFinish ? `],"usage":${chatUsage(plan, onFinish)}}\n\n` : frames.tail;
  return frame(
    `${frames.head}{"index":${index},"delta":{},"logprobs":null,"finish_reason":"${finishReason(plan)}"}${tail}`,
  );
}

function* usageSteps(plan: Plan, frames: Frames): Generator<Step> {
  const asked = plan.provider === "openrouter" || plan.ask.usageAsked;
  if (plan.claimedFirst && (asked || plan.provider === "deepseek")) {
    yield frame(`${frames.head}],"usage":${chatUsage(plan, plan.claimedFirst)}}\n\n`);
    if (plan.claimed) yield frame(`${frames.head}],"usage":${chatUsage(plan, plan.claimed)}}\n\n`);
    return;
  }
  if (!asked || !plan.claimed || plan.provider === "deepseek") return;
  const choices =
    plan.provider === "openrouter"
      ? '{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null,"logprobs":null}'
      : "";
  yield frame(`${frames.head}${choices}],"usage":${chatUsage(plan, plan.claimed)}}\n\n`);
}
