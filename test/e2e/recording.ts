/**
 * A stub provider that records every request byte for byte and sends the answer set by the test.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after } from "node:test";

export interface Recorded {
  readonly method: string;
  readonly url: string;
  /** Names and values as received. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface Recorder {
  readonly url: string;
  readonly requests: readonly Recorded[];
  close(): Promise<void>;
}

const plainAnswer = {
  id: "chatcmpl-recorded",
  object: "chat.completion",
  created: 1,
  model: "sim-small",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "Yes." },
      finish_reason: "stop",
      logprobs: null,
    },
  ],
  usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
};

/** @param answer By default, a chat completion with seven input and two output tokens. */
export async function startRecorder(
  answer: (request: Recorded, response: ServerResponse) => void = answerPlainly,
): Promise<Recorder> {
  const requests: Recorded[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const recorded = {
        method: request.method ?? "",
        url: request.url ?? "",
        rawHeaders: request.rawHeaders,
        body,
      };
      requests.push(recorded);
      answer(recorded, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  after(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close };
}

function answerPlainly(_request: Recorded, response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "application/json",
    "set-cookie": "session=of-the-provider",
  });
  response.end(JSON.stringify(plainAnswer));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
