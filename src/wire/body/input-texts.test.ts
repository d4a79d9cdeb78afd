/** Tests which parts of a request are counted as input text. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inputTexts } from "./input-texts.ts";

const read = (request: object): { readonly texts: readonly string[]; readonly tokens: number } => {
  const { texts, tokens } = inputTexts(Buffer.from(JSON.stringify(request)));
  return { texts, tokens };
};

test("the texts of a chat are read, and each turn costs its delimiters", () => {
  const messages = [
    { role: "system", content: "Be brief." },
    {
      role: "user",
      name: "ann",
      content: [
        { type: "text", text: "Hello" },
        { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
      ],
    },
  ];
  assert.deepEqual(read({ model: "m", max_tokens: 5, user: "u", messages }), {
    texts: ["Be brief.", "ann", "Hello"],
    tokens: 3 + 4 + 5 + 1,
  });
});

test("declared tools and schemas are read as JSON", () => {
  const tools = [{ type: "function", function: { name: "find", parameters: { type: "object" } } }];
  const { texts, tokens } = read({ messages: [], tools, response_format: { type: "json_object" } });
  assert.deepEqual(texts, [JSON.stringify(tools), '{"type":"json_object"}']);
  assert.equal(tokens, 3 + 16);
});

test("in Anthropic's format, the system prompt, tool calls and text documents are read, but no base64", () => {
  const content = [
    { type: "document", source: { type: "text", media_type: "text/plain", data: "A tale." } },
    {
      type: "document",
      source: { type: "base64", media_type: "application/pdf", data: "JVBERi0" },
    },
    { type: "tool_use", id: "t1", name: "find", input: { place: "here" } },
    { type: "tool_result", tool_use_id: "t1", content: "found" },
  ];
  assert.deepEqual(read({ system: "Be kind.", messages: [{ role: "user", content }] }).texts, [
    "Be kind.",
    "A tale.",
    "find",
    '{"place":"here"}',
    "found",
  ]);
});

test("in Gemini's format, the parts and the system instruction are read", () => {
  const contents = [
    {
      role: "user",
      parts: [{ text: "Hello" }, { inlineData: { mimeType: "image/png", data: "AAAA" } }],
    },
  ];
  const systemInstruction = { parts: [{ text: "Be brief." }] };
  assert.deepEqual(read({ contents, systemInstruction }).texts, ["Hello", "Be brief."]);
});

test("token ids count as one each", () => {
  assert.deepEqual(read({ input: [1, 2, 3] }), { texts: [], tokens: 3 + 3 * 4 + 3 });
  assert.deepEqual(read({ prompt: [[1, 2], [3]] }), { texts: [], tokens: 3 + 3 });
});
