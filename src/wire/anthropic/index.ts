/** The Anthropic wire, for outsiders. */

export { anthropicWire } from "./format.ts";
export { readAnthropicUsage } from "./usage.ts";
