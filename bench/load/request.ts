/**
 * Request bodies like those of agents: a message history with prose, code and tool output, then the
 * settings.
 */

import type { RequestSpec } from "./job.ts";

const prose =
  "The budget of the team is checked before each call, and what is left decides how long the answer may be. ";
const code =
  'const left = budgets.map((budget) => budget.limit - budget.spent); // "left" is never below zero\n\tif (left < 0n) return;\n';
const messageBytes = 4000;

/** The whole request, headers and body, ready to write to a socket. */
export function requestBytes(port: number, spec: RequestSpec): Buffer {
  const body = Buffer.from(bodyText(spec));
  const headers = Object.entries({
    host: `127.0.0.1:${port}`,
    "content-type": "application/json",
    "content-length": String(body.length),
    ...spec.headers,
  });
  const head = `POST ${spec.path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Messages come first, as SDKs serialize them. */
export function bodyText({ model, promptBytes, maxTokens, stream }: RequestSpec): string {
  const messages: { role: string; content: string }[] = [];
  for (let left = promptBytes; left > 0; left -= messageBytes) {
    messages.push({
      role: messages.length % 2 === 0 ? "user" : "assistant",
      content: content(Math.min(left, messageBytes)),
    });
  }
  const streaming = stream ? { stream: true, stream_options: { include_usage: true } } : {};
  return JSON.stringify({ messages, model, max_tokens: maxTokens, ...streaming });
}

function content(bytes: number): string {
  return (prose + code).repeat(Math.ceil(bytes / (prose.length + code.length))).slice(0, bytes);
}
