/**
 * Finds the parts of a multipart/form-data body without copying them.
 *
 * Parsers differ on unusual bodies, so only the form that clients write is accepted: RFC 7578, with
 * CRLF line ends, quoted names, and nothing before the first or after the last delimiter.
 */

import { PurserError } from "../../domain/error.ts";
import { toBuffer } from "../bytes.ts";

/** One field of a form. */
export interface FormPart {
  readonly name: string;
  readonly isFile: boolean;
  /** Offsets of its content in the body; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** The longest head of a part, in bytes. */
const longestHead = 4096;
const mostParts = 1000;

export function isMultipart(contentType: string | undefined): contentType is string {
  return /^\s*multipart\/form-data\s*(?:;|$)/i.test(contentType ?? "");
}

/** @throws PurserError `invalid_request` for a body that is not exactly of this form. */
export function formParts(body: Uint8Array, contentType: string): readonly FormPart[] {
  const bytes = toBuffer(body);
  const delimiter = Buffer.from(`\r\n--${boundaryOf(contentType)}`);
  const parts: FormPart[] = [];
  // The first delimiter has no line end before it.
  if (!bytes.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2)))
    throw invalid("does not begin with its boundary");
  let at = delimiter.length - 2;
  while (!isLast(bytes, at)) {
    if (parts.length === mostParts) throw invalid(`has more than ${mostParts} fields`);
    const start = at + 2;
    const blank = bytes.subarray(start, start + longestHead).indexOf("\r\n\r\n", 0, "latin1");
    if (blank < 0) throw invalid("has a part without a readable head");
    const content = start + blank + 4;
    // The delimiter of an empty part begins with the line end of its head.
    const end = bytes.indexOf(delimiter, content - 2);
    if (end < 0) throw invalid("does not end with its boundary");
    parts.push({
      ...headOf(bytes.toString("utf8", start, start + blank)),
      start: content,
      end: Math.max(content, end),
    });
    at = end + delimiter.length;
  }
  return parts;
}

/** What follows a delimiter: a part, or the end. */
function isLast(bytes: Buffer, at: number): boolean {
  const rest = bytes.toString("latin1", at, at + 5);
  if (rest === "--" || rest === "--\r\n") return true;
  if (!rest.startsWith("\r\n")) throw invalid("has something else after a boundary");
  return false;
}

function boundaryOf(contentType: string): string {
  const [parameter = "", ...others] = contentType
    .split(";")
    .filter((one) => /^\s*boundary/i.test(one));
  const boundary = /^\s*boundary=("?)([\w'+.=-]{1,70})\1\s*$/i.exec(parameter)?.[2];
  if (others.length > 0 || boundary === undefined)
    throw invalid("has no readable boundary in its content type");
  return boundary;
}

function headOf(head: string): Pick<FormPart, "name" | "isFile"> {
  const lines = head.split("\r\n");
  if (lines.some((line) => /^\s|\n/.test(line))) throw invalid("has a part with an unusual head");
  const dispositions = lines.filter((line) => /^content-disposition\s*:/i.test(line));
  const [disposition = ""] = dispositions;
  const found = /^content-disposition: *form-data; *name="([^"\r\n]*)"(; *filename\*?=.*)?$/i.exec(
    disposition,
  );
  const isEncoded = lines.some((line) => /^content-transfer-encoding\s*:/i.test(line));
  const [, name, file] = found ?? [];
  if (name === undefined || dispositions.length > 1 || isEncoded || /;\s*name/i.test(file ?? ""))
    throw invalid("has a part with an unusual head");
  if (escape.test(name)) throw invalid("has a field with an escape in its name");
  return { name, isFile: file !== undefined };
}

/**
 * Some servers read `sec\onds` or `secon%64s` as `seconds`. Browsers write `%22`, `%0D` and `%0A` for
 * characters that no field of a provider has.
 */
const escape = /\\|%(?!22|0[AaDd])[0-9A-Fa-f]{2}/;

function invalid(what: string): PurserError {
  return new PurserError("invalid_request", `the form ${what}`, {
    field: "body",
    remedy: "Send multipart/form-data as your HTTP library writes it.",
  });
}
