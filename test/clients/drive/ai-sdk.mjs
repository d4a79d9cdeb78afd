/**
 * Vercel's AI SDK over the provider named by the first argument: `openai` (Responses),
 * `openai-chat`, `anthropic`, `google`.
 */

import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { jsonSchema, streamText, tool } from "ai";
import { takeSeat, weather } from "./seat.mjs";

const models = {
  openai: ({ url, apiKey, model }) => createOpenAI({ baseURL: `${url}/openai/v1`, apiKey })(model),
  "openai-chat": ({ url, apiKey, model }) =>
    createOpenAI({ baseURL: `${url}/openai/v1`, apiKey }).chat(model),
  anthropic: ({ url, apiKey, model }) =>
    createAnthropic({ baseURL: `${url}/anthropic/v1`, apiKey })(model),
  google: ({ url, apiKey, model }) =>
    createGoogleGenerativeAI({ baseURL: `${url}/gemini/v1beta`, apiKey })(model),
};

const tools = {
  weather: tool({ description: weather.description, inputSchema: jsonSchema(weather.schema) }),
};

await takeSeat(async ({ url, key, prompt, model, withTool }, seen) => {
  const made = models[process.argv[2]]({ url, apiKey: key, model });
  let failure = null;
  const { fullStream } = streamText({
    model: made,
    prompt,
    ...(withTool ? { tools } : {}),
    onError: ({ error }) => (failure = error),
  });
  for await (const part of fullStream) {
    if (part.type === "text-delta") seen.text += part.text;
    if (part.type === "tool-call") seen.tools.push(part.toolName);
    if (part.type === "text-end") seen.closed = true;
    if (part.type === "finish") {
      seen.finish = part.finishReason;
      seen.output = part.totalUsage.outputTokens;
    }
  }
  if (failure) throw failure;
});
