/** What a model's name tells about how it answers. */

/**
 * Models that think in tokens that are billed and do not pass in the stream: OpenAI's o series, GPT-5 and later (but for the chat
 * variants that answer at once), codex, and Grok 4. DeepSeek's, Qwen's and Grok 3 mini's reasoning passes as `reasoning_content`.
 * Names may carry a vendor before (`openai/`), a fine-tune (`ft:`) and a date after.
 */
const hidden = /(^|[/:])(o[134]|gpt-([5-9]|\d\d)|gpt-oss|codex|grok-([4-9]|code))(?![a-z0-9])/;
const answersAtOnce = /chat-latest|non-reasoning|(^|[/:])gpt-oss|search-(preview|api)/;
const showsReasoning = /deepseek|qwen|grok-3-mini|kimi|glm|minimax|gpt-oss/;

/** Reasoning that is billed without passing. @param effort What the request asks for, when it does. */
export function hidesReasoning(model: string, effort: string | undefined): boolean {
  const name = model.toLowerCase();
  if (showsReasoning.test(name)) return false;
  if (effort !== undefined) return effort !== "none" && effort !== "minimal";
  return hidden.test(name) && !answersAtOnce.test(name);
}

/** Models that search the web in every call, and OpenRouter's suffix for it. */
export function searchesAlways(model: string): boolean {
  return /search-(preview|api)|:online$/.test(model.toLowerCase());
}
