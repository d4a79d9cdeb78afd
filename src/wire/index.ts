/** The provider formats by name, for the one place that chooses them. */

import { anthropicWire } from "./anthropic/index.ts";
import { geminiWire } from "./gemini/index.ts";
import { openaiWire, type OpenaiWireOptions } from "./openai/index.ts";
import type { WireFormat, WireName } from "./wire.ts";

export { openaiWire, type NewTokenField, type OpenaiWireOptions } from "./openai/index.ts";

/** The formats that a gateway can speak. Bedrock's answers can be read, but its requests are signed by the caller and not forwarded. */
export type GatewayWireName = Exclude<WireName, "bedrock">;

const makers: Readonly<Record<GatewayWireName, (options: OpenaiWireOptions) => WireFormat>> = {
  openai: openaiWire,
  anthropic: () => anthropicWire,
  gemini: () => geminiWire,
};

export const gatewayWireNames = Object.keys(makers) as readonly GatewayWireName[];

/** @param options For the OpenAI wire, which is spoken in dialects; the others have none. */
export function wireFormat(name: GatewayWireName, options: OpenaiWireOptions = {}): WireFormat {
  return makers[name](options);
}
