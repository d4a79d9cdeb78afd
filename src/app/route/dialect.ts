/** Detects a caller's format from its headers, for paths that several formats share. */

import type { WireFormat } from "../../wire/wire.ts";
import type { Wires } from "./target.ts";

/** Names are in lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** @returns undefined if no header indicates a format. */
export function dialectOf(wires: Wires, headers: RequestHeaders): WireFormat | undefined {
  return wires.find((wire) => wire.headers.typical.some((name) => headers[name] !== undefined));
}
