/** Reads the fields of a request that is JSON or a form, and changes its model. */

import { PurserError } from "../../../domain/error.ts";
import { bodyScanner, editBody, type IntegerBounds } from "../../body/index.ts";
import { toBuffer } from "../../bytes.ts";
import { formParts, isMultipart, type FormPart } from "../../form/multipart.ts";

export interface Fields {
  /** The content type to forward; absent for JSON. */
  readonly contentType?: string;
  /** Bytes that the model may read as text. */
  readonly textBytes: number;
  /** Images, recordings and documents in fields of their own. */
  readonly files: readonly Buffer[];
  string(name: string): string | undefined;
  integer(name: string, bounds: IntegerBounds): number | undefined;
  /** The parsed value of a JSON body's field; undefined in a form. */
  json(name: string): unknown;
  /** The number of members of a JSON list, which is not built; undefined for anything else. */
  members(name: string): number | undefined;
  /** The number of values under a name: of a list's members, or of a form's texts. Files are not counted. */
  count(name: string): number;
  /** Whether the field is present and not null. */
  has(name: string): boolean;
  withModel(model: string): Uint8Array;
}

const scan = bodyScanner();

/** @throws PurserError `invalid_request` for a body that cannot be read. */
export function fieldsOf(body: Uint8Array, contentType: string | undefined): Fields {
  return isMultipart(contentType) ? formFields(body, contentType) : jsonFields(body);
}

function jsonFields(body: Uint8Array): Fields {
  const scanned = scan(body);
  return {
    textBytes: scanned.textBytes,
    files: [],
    string: (name) => scanned.string(name),
    integer: (name, bounds) => scanned.integer(name, bounds),
    json: (name) => scanned.json(name),
    members: (name) => scanned.members(name),
    count: (name) => scanned.members(name) ?? (scanned.has(name) ? 1 : 0),
    has: (name) => scanned.has(name),
    withModel: (model) => editBody(scanned, [{ path: "model", json: JSON.stringify(model) }]),
  };
}

function formFields(body: Uint8Array, contentType: string): Fields {
  const bytes = toBuffer(body);
  const parts = formParts(body, contentType);
  const one = (name: string): FormPart | undefined => {
    const [part, ...others] = parts.filter((some) => some.name === name);
    if (others.length > 0 || part?.isFile) throw invalid(name, "must be one value, not a file");
    return part;
  };
  const string = (name: string): string | undefined => {
    const part = one(name);
    return part && bytes.toString("utf8", part.start, part.end);
  };
  const texts = parts.filter(({ isFile }) => !isFile);
  return {
    contentType,
    textBytes: texts.reduce((sum, { start, end }) => sum + end - start, 0),
    files: parts.filter(({ isFile }) => isFile).map(({ start, end }) => bytes.subarray(start, end)),
    string,
    integer: (name, bounds) => integerIn(name, string(name), bounds),
    json: () => undefined,
    members: () => undefined,
    count: (name) => texts.filter((text) => text.name === name || text.name === `${name}[]`).length,
    has: (name) => one(name) !== undefined,
    withModel: (model) => {
      const part = one("model");
      if (!part) throw invalid("model", "is not in the form");
      return Buffer.concat([
        bytes.subarray(0, part.start),
        Buffer.from(model),
        bytes.subarray(part.end),
      ]);
    },
  };
}

function integerIn(
  name: string,
  text: string | undefined,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: IntegerBounds,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw invalid(name, `must be a whole number from ${min} to ${max}`);
  return value;
}

function invalid(field: string, what: string): PurserError {
  return new PurserError("invalid_request", `${field} ${what}`, {
    field,
    remedy: "Send this field once, as the API reference of the provider shows it.",
  });
}
