/** The OpenAI wire. */

export { openaiWire, type OpenaiWireOptions } from "./wire.ts";
export type { NewTokenField } from "./request.ts";
