/** Reads the fields of a form, in which clients upload files. */

import { toBuffer } from "../bytes.ts";
import { checkFieldCount } from "./content-type.ts";

export interface FormField {
  /** `file_id`, `file_ids[]`, `voice[id]`: as it was sent. */
  readonly name: string;
  readonly value: string;
}

/** The bytes read of a part's head, and of a file that is not JSON. No id is longer. */
const longestValue = 4096;

/** @returns undefined if the body is not a form, or not a readable one. */
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

/** Readers differ in how they treat several boundaries, or unusual ones. */
function boundaryOf(parameters: readonly string[]): string | undefined {
  const [parameter = "", ...others] = parameters.filter((one) => /^\s*boundary/i.test(one));
  return others.length === 0
    ? /^\s*boundary=("?)([\w'+.=-]+)\1\s*$/i.exec(parameter)?.[2]
    : undefined;
}

/**
 * Reads every part, even those with a file name: providers differ in which ones they treat as
 * files.
 */
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
    // Some readers continue after the end.
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
 * The value under each name that the part may have: some readers take a file name that looks like a
 * field's name for that.
 *
 * @returns undefined for a part without a name, or with one in an unusual form.
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

/** Fields with the uploaded file, which the provider stores unread. */
const contents: ReadonlySet<string> = new Set(["file", "data"]);

const isEncoded = /;\s*name\*|^content-transfer-encoding:\s*(?:base64|quoted-printable)/im;
