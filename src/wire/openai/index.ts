/** Public entry point of the OpenAI format. */

export { openaiWire, type OpenaiWireOptions } from "./wire.ts";
export type { NewTokenField } from "./request.ts";
