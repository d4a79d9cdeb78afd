/** Public entry point of the Bedrock format. */

export { converseMeter } from "./meter.ts";
export { readConverseUsage } from "./usage.ts";
