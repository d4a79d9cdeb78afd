/**
 * Seeded random SDK calls of every kind, each with an operation id that also appears in the
 * simulator's books.
 */

import type Anthropic from "@anthropic-ai/sdk";
import { Type } from "@google/genai";
import type OpenAI from "openai";
import { anthropicAt, collect, geminiAt, openaiAt, steer } from "./client.ts";

export interface MixedCaller {
  readonly url: string;
  readonly key: string;
}

/** One call of the mix. Resolves when the SDK has read the whole answer. */
export type MixedCall = (caller: MixedCaller) => Promise<void>;

/** @returns A number in [0, 1). */
export type Random = () => number;

/** Mulberry32, public domain. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function drawCall(random: Random, tag: string): MixedCall {
  const draw = { random, tag, headers: { "x-purser-operation-id": tag } };
  const kind = kinds[Math.floor(random() * kinds.length)];
  if (!kind) throw new Error("a random number is below 1");
  return kind(draw);
}

interface Draw {
  readonly random: Random;
  readonly tag: string;
  readonly headers: Record<string, string>;
}

const kinds: readonly ((draw: Draw) => MixedCall)[] = [
  chat,
  chat,
  dialect,
  response,
  embedding,
  message,
  message,
  content,
];

function whole({ random }: Draw, most: number): number {
  return Math.floor(random() * most) + 1;
}

function text(draw: Draw, names: readonly string[]): string {
  const counts = names
    .filter(() => draw.random() < 0.7)
    .map((name) => `${name}=${whole(draw, 4000)}`);
  const output = whole(draw, 40);
  const reasoning = draw.random() < 0.3 ? ` reasoning=${Math.floor(output / 2)}` : "";
  return steer(
    `tag=${draw.tag} ${counts.join(" ")} output=${output}${reasoning}`,
    "word ".repeat(whole(draw, 60)),
  );
}

function chat(draw: Draw): MixedCall {
  const unified = draw.random() < 0.5;
  const model = draw.random() < 0.5 ? "sim-small" : "sim-large";
  return chatAt(
    draw,
    unified ? { path: "", model: `openai/${model}` } : { path: "/openai", model },
  );
}

function dialect(draw: Draw): MixedCall {
  const provider =
    (["deepseek", "xai", "openrouter"] as const)[Math.floor(draw.random() * 3)] ?? "xai";
  return chatAt(draw, { path: `/${provider}`, model: "sim-small" });
}

function chatAt(
  draw: Draw,
  { path, model }: { readonly path: string; readonly model: string },
): MixedCall {
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: "user", content: text(draw, ["input", "cached"]) },
  ];
  const n = draw.random() < 0.2 ? 3 : 1;
  const ceiling = draw.random() < 0.5 ? { max_tokens: whole(draw, 40) } : {};
  const request = { model, messages, n, ...ceiling };
  const include_usage = draw.random() < 0.5;
  const way = Math.floor(draw.random() * 3);
  return async (caller) => {
    const { completions } = openaiAt(caller, { key: caller.key, path }).chat;
    const options = { headers: draw.headers };
    if (way === 0) await completions.create(request, options);
    else if (way === 1) await completions.stream(request, options).finalChatCompletion();
    else
      await collect(
        await completions.create(
          { ...request, stream: true, stream_options: { include_usage } },
          options,
        ),
      );
  };
}

function response(draw: Draw): MixedCall {
  const request = {
    model: "sim-small",
    input: text(draw, ["input", "cached"]),
    max_output_tokens: whole(draw, 60),
  };
  const stream = draw.random() < 0.5;
  return async (caller) => {
    const { responses } = openaiAt(caller, { key: caller.key, path: "/openai" });
    if (stream) await responses.stream(request, { headers: draw.headers }).finalResponse();
    else await responses.create(request, { headers: draw.headers });
  };
}

function embedding(draw: Draw): MixedCall {
  const input = ["one", steer(`tag=${draw.tag}`, "word ".repeat(whole(draw, 100)))];
  return async (caller) => {
    await openaiAt(caller, { key: caller.key, path: "/openai" }).embeddings.create(
      { model: "sim-embed", input },
      { headers: draw.headers },
    );
  };
}

function message(draw: Draw): MixedCall {
  const unified = draw.random() < 0.5;
  const model = draw.random() < 0.5 ? "sim-small" : "sim-large";
  const system: Anthropic.TextBlockParam[] | undefined =
    draw.random() < 0.5
      ? [
          {
            type: "text",
            text: `Rule ${whole(draw, 5)}. `.repeat(30),
            cache_control: { type: "ephemeral", ttl: draw.random() < 0.5 ? "5m" : "1h" },
          },
        ]
      : undefined;
  const counts = system ? [] : ["input", "cached", "cache_write", "cache_write_1h"];
  const request: Anthropic.MessageCreateParamsNonStreaming = {
    model: unified ? `anthropic/${model}` : model,
    max_tokens: whole(draw, 60),
    messages: [{ role: "user", content: text(draw, counts) }],
    ...(system && { system }),
  };
  const stream = draw.random() < 0.5;
  return async (caller) => {
    const { messages } = anthropicAt(caller, {
      key: caller.key,
      path: unified ? "" : "/anthropic",
    });
    if (stream) await messages.stream(request, { headers: draw.headers }).finalMessage();
    else await messages.create(request, { headers: draw.headers });
  };
}

function content(draw: Draw): MixedCall {
  const unified = draw.random() < 0.3;
  const model = draw.random() < 0.5 ? "sim-small" : "sim-large";
  const tool = {
    name: "look",
    parameters: { type: Type.OBJECT, properties: { place: { type: Type.STRING } } },
  };
  const config =
    draw.random() < 0.3
      ? { tools: [{ functionDeclarations: [tool] }] }
      : { maxOutputTokens: whole(draw, 60) };
  const request = {
    model: unified ? `gemini/${model}` : model,
    contents: text(draw, ["input", "cached"]),
    config,
  };
  const stream = draw.random() < 0.5;
  return async (caller) => {
    const { models } = geminiAt(caller, {
      key: caller.key,
      path: unified ? "" : "/gemini",
      headers: draw.headers,
    });
    if (stream) await collect(await models.generateContentStream(request));
    else await models.generateContent(request);
  };
}
