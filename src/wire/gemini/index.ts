/** Public entry point of the Gemini format. */

export { geminiWire } from "./wire.ts";
export { readGeminiUsage } from "./usage.ts";
