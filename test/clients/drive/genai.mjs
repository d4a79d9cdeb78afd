/** Google's SDK, in the version named by the first argument. */

import { takeSeat, weather } from "./seat.mjs";

const { GoogleGenAI } = await import(process.argv[2] === "1" ? "genai-1" : "@google/genai");
const { name, description, schema: parametersJsonSchema } = weather;

await takeSeat(async ({ url, key, prompt, model, withTool }, seen) => {
  const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: `${url}/gemini` } });
  const config = withTool
    ? { tools: [{ functionDeclarations: [{ name, description, parametersJsonSchema }] }] }
    : {};
  const stream = await client.models.generateContentStream({ model, contents: prompt, config });
  for await (const chunk of stream) {
    seen.text += chunk.text ?? "";
    for (const call of chunk.functionCalls ?? []) seen.tools.push(call.name);
    const [candidate] = chunk.candidates ?? [];
    if (candidate?.finishReason) seen.finish = candidate.finishReason;
    if (candidate?.finishMessage) seen.notes = [candidate.finishMessage];
    seen.output = chunk.usageMetadata?.candidatesTokenCount ?? seen.output;
  }
});
