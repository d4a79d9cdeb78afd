/** Public entry point of the Anthropic format. */

export { anthropicWire } from "./format.ts";
export { readAnthropicUsage } from "./usage.ts";
