/** Sets fields of a JSON body by replacing their bytes. All other bytes are unchanged. */

import { PurserError } from "../../domain/error.ts";
import type { FieldSpan, ObjectSpan, ScannedBody } from "./scan.ts";

/** One field to set. */
export interface FieldEdit {
  /**
   * Dotted path. Parents that are absent or null are created; existing parents must be in the
   * scanner's `nested`.
   */
  readonly path: string;
  /** The new value as JSON text. */
  readonly json: string;
}

interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Pending {
  readonly names: readonly string[];
  readonly json: string;
}

/**
 * @returns The body with the fields set; the same buffer if nothing differs.
 * @throws PurserError `invalid_request` if a parent is neither an object nor null, or a field to
 *   set is repeated in a request.
 */
export function editBody(body: ScannedBody, edits: readonly FieldEdit[]): Uint8Array {
  const pending = edits.map((edit) => ({ names: edit.path.split("."), json: edit.json }));
  const splices = spliceObject(body, { object: body.root, parent: "", edits: pending });
  if (splices.length === 0) return body.bytes;
  splices.sort((left, right) => left.start - right.start);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const splice of splices) {
    pieces.push(body.bytes.subarray(at, splice.start), Buffer.from(splice.text));
    at = splice.end;
  }
  return Buffer.concat([...pieces, body.bytes.subarray(at)]);
}

function spliceObject(
  body: ScannedBody,
  target: {
    readonly object: ObjectSpan;
    readonly parent: string;
    readonly edits: readonly Pending[];
  },
): Splice[] {
  const splices: Splice[] = [];
  const inserted: string[] = [];
  for (const [name, edits] of groupByHead(target.edits)) {
    const field = target.object.fields.get(name);
    const path = target.parent + name;
    if (!field) inserted.push(`${JSON.stringify(name)}:${build(edits)}`);
    else splices.push(...spliceField(body, { field, path, edits }));
  }
  if (inserted.length > 0) {
    const start = target.object.start + 1;
    splices.push({
      start,
      end: start,
      text: inserted.join(",") + (target.object.fields.size > 0 ? "," : ""),
    });
  }
  return splices;
}

function spliceField(
  body: ScannedBody,
  target: { readonly field: FieldSpan; readonly path: string; readonly edits: readonly Pending[] },
): Splice[] {
  const { field, path, edits } = target;
  body.refuseRepeated(field, path);
  const below = edits.every((edit) => edit.names.length > 0);
  if (below && field.object)
    return spliceObject(body, { object: field.object, parent: `${path}.`, edits });
  const written = body.bytes.toString("utf8", field.start, field.end);
  if (below && written !== "null") {
    throw new PurserError("invalid_request", `${path} must be an object`, {
      field: path,
      remedy: "Send a JSON object.",
    });
  }
  const text = build(edits);
  return text === written ? [] : [{ start: field.start, end: field.end, text }];
}

/** The JSON of a new field. */
function build(edits: readonly Pending[]): string {
  const value = edits.findLast((edit) => edit.names.length === 0);
  if (value) return value.json;
  return `{${[...groupByHead(edits)].map(([name, below]) => `${JSON.stringify(name)}:${build(below)}`).join(",")}}`;
}

function groupByHead(edits: readonly Pending[]): Map<string, Pending[]> {
  const groups = new Map<string, Pending[]>();
  for (const { names, json } of edits) {
    const [head = "", ...tail] = names;
    groups.set(head, [...(groups.get(head) ?? []), { names: tail, json }]);
  }
  return groups;
}
