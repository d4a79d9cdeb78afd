/**
 * The endpoint `/v1/embeddings`: a unit vector derived from the text's hash, as numbers or base64.
 */

import { PurserError } from "../../domain/error.ts";
import { vectorOf } from "../answer/vector.ts";
import { promptsOf } from "../ask/prompt.ts";
import type { Ask, Format, Plan } from "../call.ts";
import { textField, wholeField, type JsonObject } from "../ask/json.ts";
import { tagOf } from "./chat-request.ts";
import { plainAsk } from "../ask/plain.ts";

const defaultDimensions = 256;

/** An embedding request also keeps its inputs and the form of its answer. */
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
  const inputs = promptsOf(body["input"]);
  if (inputs === null) throw noInput();
  return {
    ...plainAsk,
    model: textField(body, "model"),
    stream: false,
    inputTokens: inputs.reduce((sum, { tokens }) => sum + tokens, 0),
    lastText: inputs.at(-1)?.text ?? "",
    maxTokens: 0,
    tag: tagOf(body),
    inputs: inputs.map(({ text }) => text),
    dimensions: wholeField(body, "dimensions", 1) ?? defaultDimensions,
    base64: body["encoding_format"] === "base64",
  };
}

function noInput(): PurserError {
  return new PurserError(
    "invalid_request",
    "input is missing, or is not a string or a list of strings",
    {
      field: "input",
      remedy: "Send input as a string, a list of strings, or a list of token ids.",
    },
  );
}

function embeddingsAnswer(plan: Plan): string {
  const { inputs, dimensions, base64 } = plan.ask as EmbeddingAsk;
  const data = inputs.map((text, index) => {
    const vector = vectorOf(text, dimensions);
    const shown = base64
      ? `"${Buffer.from(vector.buffer).toString("base64")}"`
      : JSON.stringify([...vector]);
    return `{"object":"embedding","index":${index},"embedding":${shown}}`;
  });
  const tokens = plan.claimed ? plan.claimed.input + plan.claimed.cache_read : null;
  const usage =
    tokens === null ? "" : `,"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}`;
  return `{"object":"list","data":[${data.join(",")}],"model":${JSON.stringify(plan.model)}${usage}}`;
}
