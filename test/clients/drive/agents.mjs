/** OpenAI's Agents SDK over the Responses API. */

import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } from "@openai/agents";
import { takeSeat, weather } from "./seat.mjs";

setTracingDisabled(true);

await takeSeat(async ({ url, key, prompt, model, withTool }, seen) => {
  const ask = tool({
    name: weather.name,
    description: weather.description,
    parameters: { ...weather.schema, additionalProperties: true },
    strict: false,
    execute: () => {
      seen.tools.push(weather.name);
      return "rain";
    },
  });
  const agent = new Agent({ name: "Agent", model, tools: withTool ? [ask] : [] });
  const runner = new Runner({
    modelProvider: new OpenAIProvider({
      apiKey: key,
      baseURL: `${url}/openai/v1`,
      useResponses: true,
    }),
  });
  const result = await runner.run(agent, prompt, { stream: true });
  for await (const event of result) {
    if (event.type === "raw_model_stream_event" && event.data.type === "output_text_delta")
      seen.text += event.data.delta;
  }
  await result.completed;
  seen.output = result.rawResponses.at(-1)?.usage.outputTokens;
});
