/**
 * A stub provider in every format that grants all access and records requests: whatever it
 * receives, the gateway let through.
 */

import type { ServerResponse } from "node:http";
import { startRecorder, type Recorded, type Recorder } from "./recording.ts";
import { providerKey, type ProviderSettings } from "./settings.ts";

export interface Account extends Recorder {
  /** Providers as in `purser.yaml`. */
  readonly providers: Readonly<Record<string, ProviderSettings>>;
}

/** @param more Extra settings of every provider, such as `{ stored: "own" }`. */
export async function startAccount(more: Partial<ProviderSettings> = {}): Promise<Account> {
  let made = 0;
  const recorder = await startRecorder((request, response) =>
    answer(request, response, () => (made += 1)),
  );
  const at = (name: string, path: string): ProviderSettings => ({
    base_url: recorder.url + path,
    api_key: providerKey(name),
    ...more,
  });
  return {
    ...recorder,
    providers: {
      openai: at("openai", "/v1"),
      anthropic: at("anthropic", ""),
      gemini: at("gemini", ""),
    },
  };
}

function answer(
  { method, url, body }: Recorded,
  response: ServerResponse,
  next: () => number,
): void {
  const path = url.split("?", 1)[0] ?? "";
  const value = method === "POST" ? made(path, next) : kept(path);
  if (url.includes("/responses") && body.includes('"stream":true')) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const events = [
      {
        type: "response.created",
        sequence_number: 0,
        response: { ...value, usage: null, output: [] },
      },
      { type: "response.completed", sequence_number: 1, response: value },
    ];
    response.end(
      events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""),
    );
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

/** Of a tuning job, the model that it made; and the models of the account. */
function kept(path: string): object {
  const job = /\/fine_tuning\/jobs\/([^/]+)$/.exec(path)?.[1];
  if (job !== undefined)
    return {
      id: job,
      object: "fine_tuning.job",
      status: "succeeded",
      fine_tuned_model: tunedBy(job),
    };
  if (path.endsWith("/models"))
    return {
      object: "list",
      data: ["sim-small", operatorsModel, tunedBy("thing-1")].map((id) => ({ id })),
    };
  return { secret: "of the whole account" };
}

/** Tuned by the operator, not through the gateway. */
export const operatorsModel = "ft:sim-small:org::operator";

export function tunedBy(job: string): string {
  return `ft:sim-small:org::${job}`;
}

function made(path: string, next: () => number): object {
  const model = "sim-small";
  if (path.endsWith("/chat/completions")) {
    const choices = [
      { index: 0, message: { role: "assistant", content: "Yes." }, finish_reason: "stop" },
    ];
    return {
      id: `chatcmpl-${next()}`,
      object: "chat.completion",
      created: 1,
      model,
      choices,
      usage: openaiUsage,
    };
  }
  if (path.endsWith("/responses")) {
    const number = next();
    const output = [
      {
        type: "message",
        id: `msg_${number}`,
        role: "assistant",
        content: [{ type: "output_text", text: "Yes." }],
      },
    ];
    const usage = { input_tokens: 7, output_tokens: 2, total_tokens: 9 };
    return { id: `resp_${number}`, object: "response", status: "completed", model, output, usage };
  }
  if (path.endsWith("/embeddings"))
    return {
      object: "list",
      data: [],
      model: "sim-embed",
      usage: { prompt_tokens: 7, total_tokens: 7 },
    };
  if (path.endsWith("/messages")) {
    const content = [{ type: "text", text: "Yes." }];
    return {
      id: "msg",
      type: "message",
      role: "assistant",
      model,
      content,
      stop_reason: "end_turn",
      usage: { input_tokens: 7, output_tokens: 2 },
    };
  }
  if (path.endsWith(":generateContent")) {
    const candidates = [{ content: { parts: [{ text: "Yes." }] }, finishReason: "STOP" }];
    return {
      candidates,
      usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 2, totalTokenCount: 9 },
      modelVersion: model,
    };
  }
  return { id: `thing-${next()}` };
}

const openaiUsage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 };
