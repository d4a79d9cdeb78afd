/** Detects a caller's format from its headers, for paths that several formats share. */

import type { IncomingHttpHeaders } from "node:http";
import type { Wires } from "../app/route/target.ts";
import type { WireFormat } from "../wire/wire.ts";

/** @returns undefined if no header indicates a format. */
export type DetectDialect = (headers: IncomingHttpHeaders) => WireFormat | undefined;

export function makeDetectDialect(wires: Wires): DetectDialect {
  const typical = wires.flatMap((wire) => wire.headers.typical.map((name) => ({ name, wire })));
  return (headers) => {
    for (const { name, wire } of typical) if (headers[name] !== undefined) return wire;
    return undefined;
  };
}
