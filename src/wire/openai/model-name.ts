/** What a model's name tells about how it answers. */

import { Memo } from "../../domain/memo.ts";

/**
 * Models that think in tokens that are billed and do not pass in the stream: OpenAI's o series, GPT-5 and later (but for the chat
 * variants that answer at once), codex, and Grok 4. DeepSeek's, Qwen's and Grok 3 mini's reasoning passes as `reasoning_content`.
 * Names may carry a vendor before (`openai/`), a fine-tune (`ft:`) and a date after.
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

/** Worked out once for each name. Callers choose the names: what is remembered of them is bounded. */
const known = new Memo<string, Traits>(1000);

/** Reasoning that is billed without passing. @param effort What the request asks for, when it does. */
export function hidesReasoning(model: string, effort: string | undefined): boolean {
  const traits = traitsOf(model);
  if (traits.showsReasoning) return false;
  return effort === undefined ? traits.hidesReasoning : effort !== "none" && effort !== "minimal";
}

/** Whether it is one of OpenAI's chat models that search the web in every call: an answer does not report it. */
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
 * A model that was tuned, and not one that the vendor offers: `ft:gpt-4o:org::id` of OpenAI, `ft:open-mistral-7b:...` of Mistral,
 * `davinci:ft-org...` of old. A checkpoint belongs to its model.
 */
export function tunedModel(model: string): string | undefined {
  return /^ft:|:ft-/.test(model) ? model.replace(/:ckpt-step-\d+$/, "") : undefined;
}
