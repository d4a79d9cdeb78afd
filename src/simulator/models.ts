/** `GET /v1/models` in each format. A call can name any model; these are the ones listed. */

import type { SimulatedProvider } from "./call.ts";

/** Listed first, so a client that picks a model gets one it can call. */
const shown: Readonly<Record<SimulatedProvider, readonly string[]>> = {
  openai: ["sim-small", "sim-large"],
  deepseek: ["sim-small", "sim-large"],
  xai: ["sim-small", "sim-large"],
  openrouter: ["sim/small", "sim/large"],
  anthropic: ["sim-small", "sim-large"],
  gemini: ["sim-small", "sim-large"],
};

const created = 1_767_225_600;

/** JSON text of the list, or of one model if the path names one. */
export function modelsAnswer(provider: SimulatedProvider, model: string | null): string {
  const one = (id: string): object => modelOf(provider, id);
  if (model !== null) return JSON.stringify(one(model));
  const data = shown[provider].map(one);
  if (provider === "gemini") return JSON.stringify({ models: data });
  if (provider !== "anthropic") return JSON.stringify({ object: "list", data });
  return JSON.stringify({
    data,
    has_more: false,
    first_id: shown[provider].at(0),
    last_id: shown[provider].at(-1),
  });
}

function modelOf(provider: SimulatedProvider, id: string): object {
  if (provider === "gemini")
    return {
      name: `models/${id}`,
      version: "1",
      displayName: id,
      supportedGenerationMethods: [
        "generateContent",
        "countTokens",
        "embedContent",
        "batchEmbedContents",
      ],
    };
  if (provider === "anthropic")
    return { type: "model", id, display_name: id, created_at: "2026-01-01T00:00:00Z" };
  return { id, object: "model", created, owned_by: "simulator" };
}
