/** Names of tuned models in OpenAI's format. */

/**
 * A model that was tuned, and not one that the vendor offers: `ft:gpt-4o:org::id` of OpenAI, `ft:open-mistral-7b:...` of Mistral,
 * `davinci:ft-org...` of old. A checkpoint belongs to its model.
 */
export function tunedModel(model: string): string | undefined {
  return /^ft:|:ft-/.test(model) ? model.replace(/:ckpt-step-\d+$/, "") : undefined;
}
