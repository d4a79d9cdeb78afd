/** The names of the published price lists that Purser knows. */

export const listNames = ["genai-prices", "litellm", "models.dev", "openrouter"] as const;

export type ListName = (typeof listNames)[number];

export function isListName(text: string): text is ListName {
  return listNames.some((name) => name === text);
}
