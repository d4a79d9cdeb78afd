/** Formats a whole chat completion in the dialects of OpenAI, DeepSeek, xAI and OpenRouter. */

import type { Plan, SimulatedProvider } from "../call.ts";
import { saidWords } from "../answer/content.ts";
import { chatUsage, usageFields } from "./usage.ts";

export function chatIdPrefix(provider: SimulatedProvider): string {
  return provider === "openrouter" ? "gen-sim-" : "chatcmpl-sim-";
}

export function chatAnswer(plan: Plan): string {
  const choices: string[] = [];
  for (let index = 0; index < plan.ask.choices; index++) choices.push(choice(plan, index));
  return (
    `{"id":"${chatIdPrefix(plan.provider)}${plan.number}","object":"chat.completion","created":${plan.createdSeconds},` +
    `"model":${JSON.stringify(plan.model)}${extras(plan)},"choices":[${choices.join(",")}]${usageFields(plan, chatUsage)}}`
  );
}

/** The fields that a dialect adds at the start, with a leading comma. */
export function extras(plan: Plan): string {
  const provider = plan.provider === "openrouter" ? ',"provider":"Simulator"' : "";
  const tier = plan.directive.tier ?? (plan.provider === "openai" ? "default" : null);
  return (
    provider + (tier === null ? "" : `,"service_tier":"${tier}"`) + ',"system_fingerprint":"fp_sim"'
  );
}

export function finishReason(plan: Plan): string {
  if (plan.cut) return "length";
  return plan.tool ? "tool_calls" : "stop";
}

/** The message field for the reasoning; null if the provider hides it. */
export function reasoningField(provider: SimulatedProvider): string | null {
  if (provider === "deepseek" || provider === "xai") return "reasoning_content";
  return provider === "openrouter" ? "reasoning" : null;
}

export function callId(plan: Plan, index: number): string {
  return `call_sim_${plan.number}_${index}`;
}

function choice(plan: Plan, index: number): string {
  const text = JSON.stringify(plan.content.slice(0, plan.content.tokens));
  const field = plan.reasoningEach > 0 ? reasoningField(plan.provider) : null;
  const reasoning = field
    ? `,"${field}":"${saidWords(plan.reasoningEach).slice(0, plan.reasoningEach)}"`
    : "";
  const said = plan.tool
    ? `"content":null${reasoning},"refusal":null,"tool_calls":[{"id":"${callId(plan, index)}","type":"function",` +
      `"function":{"name":${JSON.stringify(plan.tool.name)},"arguments":${text}}}]`
    : `"content":${text}${reasoning},"refusal":null,"annotations":[]`;
  return `{"index":${index},"message":{"role":"assistant",${said}},"logprobs":null,"finish_reason":"${finishReason(plan)}"}`;
}
