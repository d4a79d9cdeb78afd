/** The Gemini wire, for outsiders. */

export { geminiWire } from "./format.ts";
export { readGeminiUsage } from "./usage.ts";
