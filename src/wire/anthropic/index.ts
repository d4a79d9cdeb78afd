/** Public entry point of the Anthropic format. */

export { anthropicWire } from "./wire.ts";
export { readAnthropicUsage } from "./usage.ts";
