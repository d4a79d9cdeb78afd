/** Where the known price lists are published. Nothing is fetched unless a user asks for it. */

import type { ListName } from "../../domain/price/update/list-name.ts";

/** By name. Public, without a key (read 2026-11-28). */
export const listAddresses: Readonly<Record<ListName, string>> = {
  "genai-prices": "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/data.json",
  litellm:
    "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json",
  "models.dev": "https://models.dev/api.json",
  openrouter: "https://openrouter.ai/api/v1/models",
};
