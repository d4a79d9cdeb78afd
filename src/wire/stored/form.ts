/** The fields of a form, as clients send files in. */

import { toBuffer } from "../bytes.ts";
import { checkFieldCount } from "./content-type.ts";

export interface FormField {
  /** `file_id`, `file_ids[]`, `voice[id]`: as it was sent. */
  readonly name: string;
  readonly value: string;
}

/** So much is read of a part's head, and of a file that is not JSON: a value that is longer is no id that anything has. */
const longestValue = 4096;

/** @returns undefined when the body is not a form, or not one that can be read. */
export function formFields(
  body: Uint8Array,
  contentType: string | undefined,
): readonly FormField[] | undefined {
  const [type = "", ...parameters] = (contentType ?? "").split(";");
  switch (type.trim().toLowerCase()) {
    case "multipart/form-data":
      return multipartFields(toBuffer(body), boundaryOf(parameters));
    case "application/x-www-form-urlencoded":
      return [...new URLSearchParams(toBuffer(body).toString())].map(([name, value]) => ({
        name,
        value,
      }));
    default:
      return undefined;
  }
}

/** Of several, or of one that is written in another way, readers take different ones. */
function boundaryOf(parameters: readonly string[]): string | undefined {
  const [parameter = "", ...others] = parameters.filter((one) => /^\s*boundary/i.test(one));
  return others.length === 0
    ? /^\s*boundary=("?)([\w'+.=-]+)\1\s*$/i.exec(parameter)?.[2]
    : undefined;
}

/** Every part counts, also one with a file name that is not an upload: which of them a provider takes for a file is its own affair. */
function multipartFields(
  body: Buffer,
  boundary: string | undefined,
): readonly FormField[] | undefined {
  if (boundary === undefined) return undefined;
  const delimiter = Buffer.from(`--${boundary}`);
  const fields: FormField[] = [];
  let at = body.indexOf(delimiter);
  while (at >= 0) {
    checkFieldCount(fields.length);
    const start = at + delimiter.length;
    // What comes behind the end is read by some.
    if (body.subarray(start, start + 2).toString() === "--")
      return body.indexOf(delimiter, start) < 0 ? fields : undefined;
    const end = body.indexOf(delimiter, start);
    if (end < 0) return undefined;
    const named = partOf(body.subarray(start, end));
    if (named === undefined) return undefined;
    fields.push(...named);
    at = end;
  }
  return undefined;
}

/**
 * The value under each name that the part can have: where a file's name looks like a field's, some readers take it for that.
 *
 * @returns undefined for a part without a name, or with one that is written in another way.
 */
function partOf(part: Buffer): readonly FormField[] | undefined {
  const blank = /\r?\n\r?\n/.exec(part.subarray(0, longestValue).toString("latin1"));
  if (!blank) return undefined;
  const head = part.subarray(0, blank.index).toString();
  const names = [...head.matchAll(/;\s*name\s*=\s*(?:"([^"]*)"|([^;\s"]+))/gi)].map(
    ([, quoted, bare]) => quoted ?? bare ?? "",
  );
  if (names.length === 0 || isEncoded.test(head)) return undefined;
  const content = part.subarray(blank.index + blank[0].length);
  const isFile = /;\s*filename/i.test(head);
  const value = (isFile && !isJson(content) ? content.subarray(0, longestValue) : content)
    .toString()
    .replace(/\r?\n$/, "");
  return names.filter((name) => !isFile || !contents.has(name)).map((name) => ({ name, value }));
}

function isJson(content: Buffer): boolean {
  return /^\s*[[{]/.test(content.subarray(0, longestValue).toString());
}

/** Fields whose file is what the caller uploads: the provider keeps it as it is. */
const contents: ReadonlySet<string> = new Set(["file", "data"]);

const isEncoded = /;\s*name\*|^content-transfer-encoding:\s*(?:base64|quoted-printable)/im;
