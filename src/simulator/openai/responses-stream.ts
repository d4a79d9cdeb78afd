/** Streams `/v1/responses`: the sequence of events that the official SDKs reassemble. */

import type { Plan, Step } from "../call.ts";
import {
  finalStatus,
  outputItems,
  responseObject,
  textPart,
  wholeText,
  type OutputItem,
} from "./responses-answer.ts";
import { closing, frame, tokenSteps, unseen } from "../answer/step.ts";

/** Numbers the events of one stream. */
type Event = (type: string, fields: string) => string;

function numbered(): Event {
  let sequence = 0;
  return (type, fields) =>
    `event: ${type}\ndata: {"type":"${type}",${fields},"sequence_number":${sequence++}}\n\n`;
}

export function* responsesStream(plan: Plan): Generator<Step> {
  const event = numbered();
  const items = outputItems(plan);
  const empty = responseObject(plan, { status: "in_progress", items: [], usage: false });
  yield frame(event("response.created", `"response":${empty}`));
  yield frame(event("response.in_progress", `"response":${empty}`));
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (!item) continue;
    yield frame(
      event("response.output_item.added", `"output_index":${index},"item":${item.started}`),
    );
    yield* itemSteps(plan, item, { event, index });
    yield frame(event("response.output_item.done", `"output_index":${index},"item":${item.done}`));
  }
  const status = finalStatus(plan);
  const whole = responseObject(plan, { status, items, usage: true });
  yield closing(event(`response.${status}`, `"response":${whole}`));
}

interface ItemPlace {
  readonly event: Event;
  readonly index: number;
}

function* itemSteps(plan: Plan, item: OutputItem, place: ItemPlace): Generator<Step> {
  // Reasoning is billed but not shown.
  if (item.kind === "reasoning") yield unseen(plan.reasoningEach);
  if (item.kind === "web_search_call") yield* searchSteps(item, place);
  if (item.kind === "function_call") yield* callSteps(plan, item, place);
  if (item.kind === "message") yield* messageSteps(plan, item, place);
}

function* searchSteps(item: OutputItem, { event, index }: ItemPlace): Generator<Step> {
  for (const state of ["in_progress", "searching", "completed"]) {
    yield frame(
      event(`response.web_search_call.${state}`, `"output_index":${index},"item_id":"${item.id}"`),
    );
  }
}

function* callSteps(plan: Plan, item: OutputItem, { event, index }: ItemPlace): Generator<Step> {
  const where = `"item_id":"${item.id}","output_index":${index}`;
  yield* tokenSteps({ plan, content: plan.content, reasoning: false }, (delta) =>
    event("response.function_call_arguments.delta", `${where},"delta":${delta}`),
  );
  const name = JSON.stringify(plan.tool?.name ?? "");
  yield frame(
    event(
      "response.function_call_arguments.done",
      `${where},"name":${name},"arguments":${JSON.stringify(wholeText(plan))}`,
    ),
  );
}

function* messageSteps(plan: Plan, item: OutputItem, { event, index }: ItemPlace): Generator<Step> {
  const where = `"item_id":"${item.id}","output_index":${index},"content_index":0`;
  yield frame(event("response.content_part.added", `${where},"part":${textPart("")}`));
  yield* tokenSteps({ plan, content: plan.content, reasoning: false }, (delta) =>
    event("response.output_text.delta", `${where},"delta":${delta},"logprobs":[]`),
  );
  yield frame(
    event(
      "response.output_text.done",
      `${where},"text":${JSON.stringify(wholeText(plan))},"logprobs":[]`,
    ),
  );
  yield frame(event("response.content_part.done", `${where},"part":${textPart(wholeText(plan))}`));
}
