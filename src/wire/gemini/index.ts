/** Public entry point of the Gemini format. */

export { geminiWire } from "./format.ts";
export { readGeminiUsage } from "./usage.ts";
