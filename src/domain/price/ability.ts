/** What a model cannot do, by its name: its prices are not shown to people. */

/** Models that return vectors, ranks or flags, and never text. */
const withoutOutput = /embed|rerank|moderation/i;

/** Further models that call no tools: they hear, speak, draw, film or read pages. */
const withoutTools =
  /whisper|transcribe|(?:^|[-_./])(?:tts|stt|ocr|asr)(?=[-_./\d]|$)|dall-e|gpt-image|imagen|(?:^|[-_./])(?:veo|sora)-/i;

const speech = /(?:^|[-_./])tts(?=[-_./\d]|$)/i;

/** Whether an answer of the model has output tokens. */
export function hasOutput(model: string): boolean {
  return !withoutOutput.test(model);
}

/** Whether the output of the model is speech, even if its price is stated for output of any kind. */
export function speaks(model: string): boolean {
  return speech.test(model);
}

/** Whether the model can use tools with a fee, such as web search. */
export function hasTools(model: string): boolean {
  return hasOutput(model) && !withoutTools.test(model);
}
