/** Derives from a model's name how it answers, and whether it was tuned. */

import { Memo } from "../../domain/memo.ts";

/**
 * Models whose reasoning is billed and not streamed: OpenAI's o series, GPT-5 and later (except the
 * chat variants that answer at once), codex, and Grok 4. DeepSeek, Qwen and Grok 3 mini stream it
 * as `reasoning_content`. A name may begin with a vendor (`openai/`) or `ft:`, and end with a date.
 */
const hidden = /(^|[/:])(o[134]|gpt-([5-9]|\d\d)|gpt-oss|codex|grok-([4-9]|code))(?![a-z0-9])/;
const answersAtOnce = /chat-latest|non-reasoning|(^|[/:])gpt-oss|search-(preview|api)/;
const showsReasoning = /deepseek|qwen|grok-3-mini|kimi|glm|minimax|gpt-oss/;
/** OpenAI's models that search in every call, for one fee. */
const searchModels = /search-(preview|api)/;
/** OpenRouter's suffix for a search in every call. */
const searches = /:online$/;

interface Traits {
  readonly showsReasoning: boolean;
  /** When the request asks for no effort. */
  readonly hidesReasoning: boolean;
  readonly isSearchModel: boolean;
  readonly searchesAlways: boolean;
}

/** Computed once for each name. Bounded, because callers choose the names. */
const known = new Memo<string, Traits>(1000);

/** Whether reasoning is billed and not streamed. @param effort The requested effort, if any. */
export function hidesReasoning(model: string, effort: string | undefined): boolean {
  const traits = traitsOf(model);
  if (traits.showsReasoning) return false;
  return effort === undefined ? traits.hidesReasoning : effort !== "none" && effort !== "minimal";
}

/**
 * Whether it is an OpenAI chat model that searches in every call, which its answer does not report.
 */
export function isSearchModel(model: string): boolean {
  return traitsOf(model).isSearchModel;
}

/** Whether a search of the web is part of every call. */
export function searchesAlways(model: string): boolean {
  return traitsOf(model).searchesAlways;
}

function traitsOf(model: string): Traits {
  return known.get(model) ?? known.keep(model, workOut(model));
}

function workOut(model: string): Traits {
  const name = model.toLowerCase();
  return {
    showsReasoning: showsReasoning.test(name),
    hidesReasoning: hidden.test(name) && !answersAtOnce.test(name),
    isSearchModel: searchModels.test(name),
    searchesAlways: searchModels.test(name) || searches.test(name),
  };
}

/**
 * The name of a tuned model; undefined for one that the vendor offers: `ft:gpt-4o:org::id` at
 * OpenAI, `ft:open-mistral-7b:...` at Mistral, formerly `davinci:ft-org...`. A checkpoint belongs
 * to its model.
 */
export function tunedModel(model: string): string | undefined {
  return /^ft:|:ft-/.test(model) ? model.replace(/:ckpt-step-\d+$/, "") : undefined;
}
