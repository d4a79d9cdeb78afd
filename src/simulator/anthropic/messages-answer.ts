/** Formats a whole message and its content blocks. */

import type { Counts, OfferedTool, Plan } from "../call.ts";
import { saidWords } from "../answer/content.ts";

export const messagesIdPrefix = "msg_sim_";

/** One content block: its start, its kind of delta, and the whole block. */
export interface Block {
  readonly kind: "thinking" | "search" | "result" | "tool" | "text";
  /** JSON text of the block before any content. */
  readonly started: string;
  readonly done: string;
}

export const signature = "c2ltdWxhdGVk";

/** In order: thinking, the searches and their results, then the text or the tool call. */
export function blocks(plan: Plan): readonly Block[] {
  const list: Block[] = [];
  if (plan.reasoningEach > 0) {
    const thought = saidWords(plan.reasoningEach).slice(0, plan.reasoningEach);
    const block = (text: string, sign: string): string =>
      `{"type":"thinking","thinking":"${text}","signature":"${sign}"}`;
    list.push({ kind: "thinking", started: block("", ""), done: block(thought, signature) });
  }
  for (let index = 0; index < plan.counts.web_search; index++)
    list.push(...searchBlocks(plan, index));
  list.push(plan.tool ? toolBlock(plan, plan.tool) : textBlock(plan));
  return list;
}

function searchBlocks(plan: Plan, index: number): readonly Block[] {
  const id = `srvtoolu_sim_${plan.number}_${index}`;
  const call = (input: string): string =>
    `{"type":"server_tool_use","id":"${id}","name":"web_search","input":${input}}`;
  const result = `{"type":"web_search_tool_result","tool_use_id":"${id}","content":[]}`;
  return [
    { kind: "search", started: call("{}"), done: call('{"query":"sample"}') },
    { kind: "result", started: result, done: result },
  ];
}

function toolBlock(plan: Plan, tool: OfferedTool): Block {
  const text = plan.content.slice(0, plan.content.tokens);
  const block = (input: string): string =>
    `{"type":"tool_use","id":"toolu_sim_${plan.number}","name":${JSON.stringify(tool.name)},"input":${input}}`;
  // Arguments cut by max_tokens are incomplete; the provider then returns what could be parsed.
  return { kind: "tool", started: block("{}"), done: block(plan.cut || text === "" ? "{}" : text) };
}

function textBlock(plan: Plan): Block {
  const block = (text: string): string => `{"type":"text","text":${JSON.stringify(text)}}`;
  return {
    kind: "text",
    started: block(""),
    done: block(plan.content.slice(0, plan.content.tokens)),
  };
}

export function stopReason(plan: Plan): string {
  if (plan.cut) return "max_tokens";
  return plan.tool ? "tool_use" : "end_turn";
}

/** @param output The value of output_tokens: a placeholder at the start of a stream. */
export function usage(plan: Plan, counts: Counts, output: number): string {
  const searches =
    counts.web_search > 0
      ? `{"web_search_requests":${counts.web_search},"web_fetch_requests":0}`
      : "null";
  return (
    `{"input_tokens":${counts.input},"cache_creation_input_tokens":${counts.cache_write_5m + counts.cache_write_1h},` +
    `"cache_read_input_tokens":${counts.cache_read},"cache_creation":{"ephemeral_5m_input_tokens":${counts.cache_write_5m},` +
    `"ephemeral_1h_input_tokens":${counts.cache_write_1h}},"output_tokens":${output},` +
    `"output_tokens_details":{"thinking_tokens":${output === counts.output ? counts.reasoning : 0}},"server_tool_use":${searches},` +
    `"service_tier":"${plan.directive.tier ?? "standard"}","inference_geo":"not_available"}`
  );
}

/** The message, with `,"usage":…` as given. */
export function message(
  plan: Plan,
  said: { readonly content: string; readonly stopReason: string | null; readonly usage: string },
): string {
  return (
    `{"id":"${messagesIdPrefix}${plan.number}","type":"message","role":"assistant","model":${JSON.stringify(plan.model)},` +
    `"content":[${said.content}],"stop_reason":${said.stopReason === null ? "null" : `"${said.stopReason}"`},"stop_sequence":null${said.usage}}`
  );
}

export function messagesAnswer(plan: Plan): string {
  const { claimed, claimedFirst } = plan;
  const content = blocks(plan)
    .map((block) => block.done)
    .join(",");
  const first = claimedFirst ? `,"usage":${usage(plan, claimedFirst, claimedFirst.output)}` : "";
  const last = claimed ? `,"usage":${usage(plan, claimed, claimed.output)}` : "";
  return message(plan, { content, stopReason: stopReason(plan), usage: first + last });
}
