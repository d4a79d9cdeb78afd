/** Test kit: reads the ids and models in a request, in OpenAI's format by default. */

import { openaiWire } from "../openai/index.ts";
import type { Named, WireFormat } from "../wire.ts";
import type { Reference } from "./references.ts";

export const openai = openaiWire();

export function namedBy(
  wire: WireFormat,
  body: Uint8Array,
  contentType = "application/json",
): Named {
  return wire.named({ method: "POST", path: "/anything", contentType, body });
}

export function idsOf(uses: readonly Reference[]): readonly string[] {
  return [...new Set(uses.map(({ id }) => id))].toSorted();
}

export const multipart = 'multipart/form-data; boundary="b"';
export const part = (name: string, value: string, more = ""): string =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;

export const urlEncoded = "application/x-www-form-urlencoded";
