/** The upstream's constant answers: what a provider would send, precomputed. */

export const promptTokens = 24;
export const completionTokens = 16;

const usage = {
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
};
const identity = {
  id: "chatcmpl-bench0000000000000000000000",
  created: 1_767_225_600,
  model: "bench-model",
};

/** A non-streamed answer, headers and body. */
export function wholeAnswer(): Buffer {
  const content =
    "The budget of the team has room for three more calls of this size before the month is over.";
  const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }];
  const body = JSON.stringify({ ...identity, object: "chat.completion", choices, usage });
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: req_bench\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

export interface StreamBytes {
  /** The headers and the first event. */
  readonly begin: Buffer;
  /** An event with one token. */
  readonly token: Buffer;
  /** The finish reason, the usage and the end of the stream. */
  readonly end: Buffer;
}

/** @param tokens Output tokens to report. */
export function streamBytes(tokens: number): StreamBytes {
  const piece = (choices: readonly object[], more: object = {}): string =>
    `data: ${JSON.stringify({ ...identity, object: "chat.completion.chunk", choices, ...more })}\n\n`;
  const delta = (delta: object, finish: string | null = null): string =>
    piece([{ index: 0, delta, finish_reason: finish }]);
  const head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  const counted = { ...usage, completion_tokens: tokens, total_tokens: promptTokens + tokens };
  return {
    begin: Buffer.from(head + chunk(delta({ role: "assistant", content: "" }))),
    token: Buffer.from(chunk(delta({ content: " token" }))),
    end: Buffer.from(
      `${chunk(delta({}, "stop"))}${chunk(piece([], { usage: counted }))}${chunk("data: [DONE]\n\n")}0\r\n\r\n`,
    ),
  };
}

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
