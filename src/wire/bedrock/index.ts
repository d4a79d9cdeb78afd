/** The Bedrock readers, for outsiders. */

export { converseMeter } from "./meter.ts";
export { readConverseUsage } from "./usage.ts";
