/** Formats a response in each state of its life, and its output items. */

import type { Plan } from "../call.ts";
import { responsesUsage, usageFields } from "./usage.ts";

export const responsesIdPrefix = "resp_sim_";

export function finalStatus(plan: Plan): "completed" | "incomplete" {
  return plan.cut ? "incomplete" : "completed";
}

/** An output item, with the id used by the stream's events. */
export interface OutputItem {
  readonly id: string;
  readonly kind: "reasoning" | "web_search_call" | "function_call" | "message";
  /** JSON text of the whole item. */
  readonly done: string;
  /** The same before any content. */
  readonly started: string;
}

/** In order: reasoning, the searches, then the text or the tool call. */
export function outputItems(plan: Plan): readonly OutputItem[] {
  const items: OutputItem[] = [];
  if (plan.reasoningEach > 0) {
    const id = `rs_sim_${plan.number}`;
    const item = `{"id":"${id}","type":"reasoning","summary":[]}`;
    items.push({ id, kind: "reasoning", done: item, started: item });
  }
  for (let index = 0; index < plan.counts.web_search; index++) items.push(searchItem(plan, index));
  items.push(plan.tool ? callItem(plan, plan.tool.name) : messageItem(plan));
  return items;
}

function searchItem(plan: Plan, index: number): OutputItem {
  const id = `ws_sim_${plan.number}_${index}`;
  const item = (status: string): string =>
    `{"id":"${id}","type":"web_search_call","status":"${status}","action":{"type":"search","query":"sample","sources":[]}}`;
  return { id, kind: "web_search_call", done: item("completed"), started: item("in_progress") };
}

function callItem(plan: Plan, name: string): OutputItem {
  const id = `fc_sim_${plan.number}`;
  const item = (status: string, text: string): string =>
    `{"id":"${id}","type":"function_call","status":"${status}","arguments":${JSON.stringify(text)},` +
    `"call_id":"call_sim_${plan.number}","name":${JSON.stringify(name)}}`;
  return {
    id,
    kind: "function_call",
    done: item(finalStatus(plan), wholeText(plan)),
    started: item("in_progress", ""),
  };
}

function messageItem(plan: Plan): OutputItem {
  const id = `msg_sim_${plan.number}`;
  const item = (status: string, content: string): string =>
    `{"id":"${id}","type":"message","status":"${status}","content":[${content}],"role":"assistant"}`;
  return {
    id,
    kind: "message",
    done: item(finalStatus(plan), textPart(wholeText(plan))),
    started: item("in_progress", ""),
  };
}

export function wholeText(plan: Plan): string {
  return plan.content.slice(0, plan.content.tokens);
}

export function textPart(text: string): string {
  return `{"type":"output_text","annotations":[],"logprobs":[],"text":${JSON.stringify(text)}}`;
}

interface ResponseState {
  readonly status: "in_progress" | "completed" | "incomplete";
  readonly items: readonly OutputItem[];
  readonly usage: boolean;
}

/** The response object in one state of its life. */
export function responseObject(plan: Plan, { status, items, usage }: ResponseState): string {
  const ceiling = plan.ask.maxTokens ?? "null";
  return (
    `{"id":"${responsesIdPrefix}${plan.number}","object":"response","created_at":${plan.createdSeconds},` +
    `"status":"${status}","background":false,"error":null,` +
    `"incomplete_details":${status === "incomplete" ? '{"reason":"max_output_tokens"}' : "null"},"instructions":null,` +
    `"max_output_tokens":${ceiling},"model":${JSON.stringify(plan.model)},"output":[${items.map((item) => item.done).join(",")}],` +
    `"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},` +
    `"service_tier":"${plan.directive.tier ?? "default"}","store":false,"temperature":1,"text":{"format":{"type":"text"}},` +
    `"tool_choice":"auto","tools":[],"top_p":1,"truncation":"disabled","metadata":{}` +
    `${usage ? usageFields(plan, responsesUsage) : ',"usage":null'}}`
  );
}
