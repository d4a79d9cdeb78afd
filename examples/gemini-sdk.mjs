// Calls a model through Purser with the `@google/genai` package: once without streaming, once as a
// stream.
//
//   PURSER_KEY=purser_... node examples/gemini-sdk.mjs

import { GoogleGenAI } from "@google/genai";

const url = process.env.PURSER_URL ?? "http://127.0.0.1:4141";
const client = new GoogleGenAI({
  apiKey: process.env.PURSER_KEY,
  httpOptions: { baseUrl: `${url}/sim` },
});
const request = { model: "sim-small", contents: "Hello", config: { maxOutputTokens: 200 } };

const answer = await client.models.generateContent(request);
console.log(answer.text);
console.log(`${answer.usageMetadata.totalTokenCount} tokens`);

for await (const chunk of await client.models.generateContentStream(request))
  process.stdout.write(chunk.text ?? "");
console.log();
