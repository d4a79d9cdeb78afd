/** LangChain's chat models: `openai`, `anthropic`, `google-genai`. */

import { ChatAnthropic } from "@langchain/anthropic";
import { ChatGoogleGenerativeAI } from "@langchain/google-genai";
import { ChatOpenAI } from "@langchain/openai";
import { takeSeat, weather } from "./seat.mjs";

const models = {
  openai: ({ url, apiKey, model }) =>
    new ChatOpenAI({ model, apiKey, configuration: { baseURL: `${url}/openai/v1` } }),
  anthropic: ({ url, apiKey, model }) =>
    new ChatAnthropic({ model, apiKey, anthropicApiUrl: `${url}/anthropic`, maxTokens: 8000 }),
  "google-genai": ({ url, apiKey, model }) =>
    new ChatGoogleGenerativeAI({ model, apiKey, baseUrl: `${url}/gemini` }),
};

await takeSeat(async ({ url, key, prompt, model, withTool }, seen) => {
  const chat = models[process.argv[2]]({ url, apiKey: key, model });
  const bound = withTool ? chat.bindTools([weather]) : chat;
  let whole;
  for await (const chunk of await bound.stream(prompt)) {
    seen.text += chunk.text;
    whole = whole ? whole.concat(chunk) : chunk;
    seen.tools = (whole.tool_calls ?? []).map(({ name }) => name);
    const {
      finish_reason: openai,
      stop_reason: anthropic,
      finishReason: google,
    } = whole.response_metadata;
    seen.finish = openai ?? anthropic ?? whole.additional_kwargs?.stop_reason ?? google ?? null;
    seen.output = whole.usage_metadata?.output_tokens;
  }
});
