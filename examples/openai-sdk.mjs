// Calls a model through Purser with the `openai` package: once without streaming, once as a stream.
//
//   PURSER_KEY=purser_... node examples/openai-sdk.mjs

import OpenAI from "openai";

const url = process.env.PURSER_URL ?? "http://127.0.0.1:4141";
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: process.env.PURSER_KEY });
const request = {
  model: "sim/sim-small",
  max_tokens: 200,
  messages: [{ role: "user", content: "Hello" }],
};

const { data, response } = await client.chat.completions.create(request).withResponse();
console.log(data.choices[0].message.content);
console.log(
  `cost ${response.headers.get("x-purser-cost-usd")} USD, call ${response.headers.get("x-purser-operation-id")}`,
);

const stream = await client.chat.completions.create({ ...request, stream: true });
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");
console.log();

try {
  await client.chat.completions.create(
    { ...request, model: "sim/no-such-model" },
    { headers: { "x-purser-project": "example" } },
  );
} catch (error) {
  // A hard budget on the project refuses a model without a price, instead of treating it as free.
  if (!(error instanceof OpenAI.APIError) || error.status !== 402) throw error;
  console.log(`refused: ${error.code} by budget ${error.error.purser.budget_id}`);
}
