/** Anthropic's SDK, with its stream helper. */

import Anthropic from "@anthropic-ai/sdk";
import { takeSeat, weather } from "./seat.mjs";

const { name, description, schema } = weather;

await takeSeat(async ({ url, key, prompt, model, withTool }, seen) => {
  const client = new Anthropic({ baseURL: `${url}/anthropic`, apiKey: key, authToken: null });
  const tools = withTool ? { tools: [{ name, description, input_schema: schema }] } : {};
  const stream = client.messages.stream({
    model,
    max_tokens: 8000,
    messages: [{ role: "user", content: prompt }],
    ...tools,
  });
  stream.on("text", (text) => (seen.text += text));
  stream.on("contentBlock", (block) => {
    if (block.type === "tool_use") seen.tools.push(block.name);
  });
  stream.on("streamEvent", (event) => {
    if (event.type !== "message_delta") return;
    seen.finish = event.delta.stop_reason;
    seen.output = event.usage.output_tokens;
  });
  await stream.finalMessage();
});
