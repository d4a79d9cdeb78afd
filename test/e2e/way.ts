/**
 * Request bodies for `fetch` in every format, whole and streamed. SDKs are not used because they
 * hide how an answer ended.
 */

/** A kind of call: a format, whole or streamed. */
export interface Way {
  readonly name: string;
  readonly stream: boolean;
  readonly path: string;
  body(text: string): object;
}

/** The output ceiling of each request. */
export const most = 40;
const gemini = "/gemini/v1beta/models/sim-small";
export const ways: readonly Way[] = [false, true].flatMap((stream): Way[] => [
  {
    name: "chat",
    stream,
    path: "/openai/v1/chat/completions",
    body: (text) => ({
      model: "sim-small",
      max_tokens: most,
      stream,
      messages: [{ role: "user", content: text }],
    }),
  },
  {
    name: "responses",
    stream,
    path: "/openai/v1/responses",
    body: (text) => ({ model: "sim-small", max_output_tokens: most, stream, input: text }),
  },
  {
    name: "messages",
    stream,
    path: "/anthropic/v1/messages",
    body: (text) => ({
      model: "sim-large",
      max_tokens: most,
      stream,
      messages: [{ role: "user", content: text }],
    }),
  },
  {
    name: "content",
    stream,
    path: stream ? `${gemini}:streamGenerateContent?alt=sse` : `${gemini}:generateContent`,
    body: (text) => ({
      contents: [{ role: "user", parts: [{ text }] }],
      generationConfig: { maxOutputTokens: most },
    }),
  },
]);
