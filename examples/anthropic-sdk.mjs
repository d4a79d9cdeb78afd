// Calls a model through Purser with the `@anthropic-ai/sdk` package, attributed to a project and a
// user.
//
//   PURSER_KEY=purser_... node examples/anthropic-sdk.mjs

import Anthropic from "@anthropic-ai/sdk";

const url = process.env.PURSER_URL ?? "http://127.0.0.1:4141";
const client = new Anthropic({ baseURL: url, apiKey: process.env.PURSER_KEY });
const request = {
  model: "sim/sim-large",
  max_tokens: 200,
  messages: [{ role: "user", content: "Hello" }],
};
const headers = { "x-purser-project": "example", "x-purser-user": "u-17" };

const { data, response } = await client.messages.create(request, { headers }).withResponse();
console.log(data.content[0].text);
console.log(`cost ${response.headers.get("x-purser-cost-usd")} USD`);

const message = await client.messages.stream(request, { headers }).finalMessage();
console.log(
  `${message.usage.input_tokens} tokens in, ${message.usage.output_tokens} out, ended by ${message.stop_reason}`,
);
