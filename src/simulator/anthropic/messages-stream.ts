/**
 * Streams `/v1/messages`: message_start has the first usage, message_delta the final, cumulative
 * one.
 */

import type { Plan, Step } from "../call.ts";
import { saidWords } from "../answer/content.ts";
import { closing, frame, tokenSteps } from "../answer/step.ts";
import { blocks, message, signature, stopReason, usage, type Block } from "./messages-answer.ts";

function event(type: string, fields: string): string {
  return `event: ${type}\ndata: {"type":"${type}"${fields}}\n\n`;
}

export function* messagesStream(plan: Plan): Generator<Step> {
  yield frame(event("message_start", `,"message":${startMessage(plan)}`));
  yield frame(event("ping", ""));
  let index = 0;
  for (const block of blocks(plan)) {
    yield frame(event("content_block_start", `,"index":${index},"content_block":${block.started}`));
    yield* blockSteps(plan, block, index);
    yield frame(event("content_block_stop", `,"index":${index}`));
    index += 1;
  }
  const { claimed, claimedFirst } = plan;
  const delta = `,"delta":{"stop_reason":"${stopReason(plan)}","stop_sequence":null}`;
  if (claimedFirst)
    yield frame(
      event("message_delta", `${delta},"usage":${usage(plan, claimedFirst, claimedFirst.output)}`),
    );
  // The SDKs always read a usage here; an empty one changes nothing.
  yield frame(
    event(
      "message_delta",
      `${delta},"usage":${claimed ? usage(plan, claimed, claimed.output) : "{}"}`,
    ),
  );
  yield closing(event("message_stop", ""));
}

/** Output is a placeholder of 1 here, as at the provider. */
function startMessage(plan: Plan): string {
  const started = plan.claimed
    ? `,"usage":${usage(plan, plan.claimed, Math.min(1, plan.claimed.output))}`
    : ',"usage":{}';
  return message(plan, { content: "", stopReason: null, usage: started });
}

function* blockSteps(plan: Plan, block: Block, index: number): Generator<Step> {
  const delta = (text: string): string =>
    event("content_block_delta", `,"index":${index},"delta":${text}`);
  const said = { plan, content: plan.content, reasoning: false };
  if (block.kind === "thinking") {
    const thought = { plan, content: saidWords(plan.reasoningEach), reasoning: true };
    yield* tokenSteps(thought, (text) => delta(`{"type":"thinking_delta","thinking":${text}}`));
    yield frame(delta(`{"type":"signature_delta","signature":"${signature}"}`));
  }
  if (block.kind === "search")
    yield frame(delta('{"type":"input_json_delta","partial_json":"{\\"query\\":\\"sample\\"}"}'));
  if (block.kind === "tool")
    yield* tokenSteps(said, (text) => delta(`{"type":"input_json_delta","partial_json":${text}}`));
  if (block.kind === "text")
    yield* tokenSteps(said, (text) => delta(`{"type":"text_delta","text":${text}}`));
}
