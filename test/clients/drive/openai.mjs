/** OpenAI's SDK: `chat` or `responses`. */

import OpenAI from "openai";
import { takeSeat, weather } from "./seat.mjs";

const { name, description, schema: parameters } = weather;

async function chat({ url, key, prompt, model, withTool }, seen) {
  const client = new OpenAI({ baseURL: `${url}/openai/v1`, apiKey: key });
  const tools = withTool
    ? { tools: [{ type: "function", function: { name, description, parameters } }] }
    : {};
  const messages = [{ role: "user", content: prompt }];
  const stream = await client.chat.completions.create({
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
    ...tools,
  });
  for await (const { choices, usage } of stream) {
    for (const { delta, finish_reason: reason } of choices) {
      seen.text += delta.content ?? "";
      for (const call of delta.tool_calls ?? [])
        if (call.function?.name) seen.tools.push(call.function.name);
      seen.finish = reason ?? seen.finish;
    }
    if (usage) seen.output = usage.completion_tokens;
  }
}

async function responses({ url, key, prompt, model, withTool }, seen) {
  const client = new OpenAI({ baseURL: `${url}/openai/v1`, apiKey: key });
  const tools = withTool
    ? { tools: [{ type: "function", name, description, parameters, strict: false }] }
    : {};
  const stream = await client.responses.create({ model, input: prompt, stream: true, ...tools });
  for await (const event of stream) {
    if (event.type === "response.output_text.delta") seen.text += event.delta;
    if (event.type === "response.output_item.done" && event.item.type === "function_call")
      seen.tools.push(event.item.name);
    if (event.type === "error") seen.notes = [...(seen.notes ?? []), event.message];
    if (["response.completed", "response.incomplete", "response.failed"].includes(event.type)) {
      seen.finish = event.response.status;
      seen.output = event.response.usage?.output_tokens;
      seen.responseError = event.response.error?.message;
    }
  }
}

await takeSeat(process.argv[2] === "responses" ? responses : chat);
