/** `/v1/embeddings`: a unit vector made of the text's hash, as numbers or base64. */

import { PurserError } from "../../domain/error.ts";
import type { Ask, Format, Plan } from "../call.ts";
import { textField, wholeField, type JsonObject } from "../ask/json.ts";
import { tagOf } from "./chat-request.ts";

const defaultDimensions = 256;

/** An embedding's request has more to keep than other asks: its inputs and the form of its answer. */
interface EmbeddingAsk extends Ask {
  readonly inputs: readonly string[];
  readonly dimensions: number;
  readonly base64: boolean;
}

export const embeddings: Format = {
  wire: "openai",
  endpoint: "embeddings",
  billed: true,
  read: readEmbeddings,
  answer: embeddingsAnswer,
  idPrefix: () => "emb_sim_",
};

function readEmbeddings(body: JsonObject): EmbeddingAsk {
  const inputs = inputsOf(body["input"]);
  return {
    model: textField(body, "model"),
    stream: false,
    inputTokens: inputs.reduce((sum, { tokens }) => sum + tokens, 0),
    lastText: inputs.at(-1)?.text ?? "",
    maxTokens: 0,
    choices: 1,
    tools: [],
    tool: null,
    schema: null,
    thinks: false,
    usageAsked: true,
    cache: null,
    tag: tagOf(body),
    inputs: inputs.map(({ text }) => text),
    dimensions: wholeField(body, "dimensions", 1) ?? defaultDimensions,
    base64: body["encoding_format"] === "base64",
  };
}

/** Texts, or lists of token ids. */
function inputsOf(input: unknown): readonly { readonly text: string; readonly tokens: number }[] {
  if (typeof input === "string") return [{ text: input, tokens: Math.max(1, Math.ceil(Buffer.byteLength(input) / 4)) }];
  if (!Array.isArray(input) || input.length === 0) throw noInput();
  if (input.every((item) => typeof item === "number")) return [{ text: input.join(" "), tokens: input.length }];
  return input.flatMap((item: unknown) => inputsOf(item));
}

function noInput(): PurserError {
  return new PurserError("invalid_request", "input is missing, or is not a text or a list of texts", {
    field: "input",
    remedy: "Send input as a text, a list of texts, or a list of token ids.",
  });
}

function embeddingsAnswer(plan: Plan): string {
  const { inputs, dimensions, base64 } = plan.ask as EmbeddingAsk;
  const data = inputs.map((text, index) => {
    const vector = vectorOf(text, dimensions);
    const shown = base64 ? `"${Buffer.from(vector.buffer).toString("base64")}"` : JSON.stringify([...vector]);
    return `{"object":"embedding","index":${index},"embedding":${shown}}`;
  });
  const tokens = plan.claimed ? plan.claimed.input + plan.claimed.cache_read : null;
  const usage = tokens === null ? "" : `,"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}`;
  return `{"object":"list","data":[${data.join(",")}],"model":${JSON.stringify(plan.model)}${usage}}`;
}

/** FNV-1a of the text seeds a linear congruential generator; the same text always gives the same vector. */
function vectorOf(text: string, dimensions: number): Float32Array {
  let state = 2166136261;
  for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 16777619);
  const vector = new Float32Array(dimensions);
  let square = 0;
  for (let index = 0; index < dimensions; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const value = state / 2147483648;
    vector[index] = value;
    square += value * value;
  }
  const length = Math.sqrt(square) || 1;
  return vector.map((value) => value / length);
}
