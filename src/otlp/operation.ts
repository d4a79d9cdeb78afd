/** Says whether a span is a model call itself, or something around it such as an agent. */

import type { Attributes } from "../app/port/telemetry.ts";
import { textOf } from "./attribute.ts";

/** The operations that cost money, by the conventions of OpenTelemetry. */
export type Inference = "chat" | "text_completion" | "generate_content" | "embeddings";

/**
 * `around`: an agent, a workflow, a tool or the like, whose usage repeats that of its model calls.
 * `unknown`: nothing says what the span is.
 */
export type Operation = Inference | "around" | "unknown";

export function operationOf(attributes: Attributes): Operation {
  for (const [name, operations] of conventions) {
    const value = textOf(attributes, [name])?.toLowerCase();
    if (value !== undefined) return operations.get(value.replace(/^gen_ai\./, "")) ?? "around";
  }
  return "unknown";
}

type Operations = ReadonlyMap<string, Inference>;

const standard: Operations = new Map<string, Inference>([
  ["chat", "chat"],
  ["text_completion", "text_completion"],
  ["generate_content", "generate_content"],
  ["embeddings", "embeddings"],
  // LiteLLM and older conventions.
  ["completion", "text_completion"],
  ["acompletion", "chat"],
  ["responses", "chat"],
  ["aresponses", "chat"],
  ["embedding", "embeddings"],
  ["aembedding", "embeddings"],
]);

/** The attributes that say what a span is, the most specific first. */
const conventions: readonly (readonly [name: string, operations: Operations])[] = [
  // Vercel's AI SDK: `ai.generateText` is around its calls, which are `ai.generateText.doGenerate`.
  [
    "ai.operationId",
    new Map<string, Inference>([
      ["ai.generatetext.dogenerate", "chat"],
      ["ai.streamtext.dostream", "chat"],
      ["ai.generateobject.dogenerate", "chat"],
      ["ai.streamobject.dostream", "chat"],
      ["ai.embed.doembed", "embeddings"],
      ["ai.embedmany.doembed", "embeddings"],
    ]),
  ],
  ["gen_ai.operation.name", standard],
  // OpenInference.
  [
    "openinference.span.kind",
    new Map<string, Inference>([
      ["llm", "chat"],
      ["embedding", "embeddings"],
    ]),
  ],
  // Traceloop: a span of a workflow, or of a call.
  ["traceloop.span.kind", new Map()],
  ["llm.request.type", standard],
  ["sentry.op", standard],
];
