/** The fields of a form, as clients send files in. */

import { toBuffer } from "../bytes.ts";
import { checkFieldCount } from "./content-type.ts";

export interface FormField {
  /** `file_id`, `file_ids[]`, `voice[id]`: as it was sent. */
  readonly name: string;
  readonly value: string;
}

/** A longer value is a file, or a text, and no id. */
const longestValue = 4096;

/** @returns undefined when the body is not a form, or not one that can be read. */
export function formFields(body: Uint8Array, contentType: string | undefined): readonly FormField[] | undefined {
  const [type = "", ...parameters] = (contentType ?? "").split(";");
  switch (type.trim().toLowerCase()) {
    case "multipart/form-data":
      return multipartFields(toBuffer(body), boundaryOf(parameters));
    case "application/x-www-form-urlencoded":
      return [...new URLSearchParams(toBuffer(body).toString())].map(([name, value]) => ({ name, value }));
    default:
      return undefined;
  }
}

/** Of several, or of one that is written in another way, readers take different ones. */
function boundaryOf(parameters: readonly string[]): string | undefined {
  const [parameter = "", ...others] = parameters.filter((one) => /^\s*boundary/i.test(one));
  return others.length === 0 ? /^\s*boundary=("?)([\w'+.=-]+)\1\s*$/i.exec(parameter)?.[2] : undefined;
}

/** Every part counts, also one with a file name: which of them a provider takes for a file is its own affair. */
function multipartFields(body: Buffer, boundary: string | undefined): readonly FormField[] | undefined {
  if (boundary === undefined) return undefined;
  const delimiter = Buffer.from(`--${boundary}`);
  const fields: FormField[] = [];
  let at = body.indexOf(delimiter);
  while (at >= 0) {
    checkFieldCount(fields.length);
    const start = at + delimiter.length;
    // What comes behind the end is read by some.
    if (body.subarray(start, start + 2).toString() === "--") return body.indexOf(delimiter, start) < 0 ? fields : undefined;
    const end = body.indexOf(delimiter, start);
    if (end < 0) return undefined;
    const field = partOf(body.subarray(start, end));
    if (field === undefined) return undefined;
    if (field !== null) fields.push(field);
    at = end;
  }
  return undefined;
}

/** @returns Null for a part that is too long to be an id; undefined for one without a name, or with several. */
function partOf(part: Buffer): FormField | null | undefined {
  const blank = /\r?\n\r?\n/.exec(part.subarray(0, longestValue).toString("latin1"));
  if (!blank) return undefined;
  const head = part.subarray(0, blank.index).toString();
  const [name, ...others] = head.matchAll(/;\s*name\s*=\s*(?:"([^"]*)"|([^;\s"]+))/gi);
  if (!name || others.length > 0 || isEncoded.test(head)) return undefined;
  const value = part.subarray(blank.index + blank[0].length);
  if (value.length > longestValue) return null;
  return { name: name[1] ?? name[2] ?? "", value: value.toString().replace(/\r?\n$/, "") };
}

const isEncoded = /;\s*name\*|^content-transfer-encoding:\s*(?:base64|quoted-printable)/im;
