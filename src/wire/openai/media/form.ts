/** Reads the few fields of a multipart form that decide its cost, strictly, and edits its model. */

import { PurserError } from "../../../domain/error.ts";
import { openBrace } from "../../ascii.ts";
import { toBuffer } from "../../bytes.ts";
import type { MediaFields } from "./fields.ts";

export interface MediaForm extends MediaFields {
  readonly contentType: string;
  /** The bytes of the files under a name. */
  files(name: string): readonly Buffer[];
  /** The form with another text in a field; the same bytes if it has no such field. */
  withText(name: string, text: string): Uint8Array;
}

interface Part {
  readonly name: string;
  readonly isFile: boolean;
  /** Offsets of the content in the body; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

const mostParts = 1000;
const longestHead = 4096;
const longestText = 64 * 1024;

export function isForm(body: Uint8Array): boolean {
  return body.length > 0 && body[0] !== openBrace && toBuffer(body).indexOf("--") === 0;
}

/**
 * The boundary is that of the body's first line, and is stated in the content type under which the
 * form is forwarded: the provider reads the same parts.
 *
 * @throws PurserError `invalid_request` for a form that another reader might read differently.
 */
export function readForm(bytes: Uint8Array): MediaForm {
  const body = toBuffer(bytes);
  const [, boundary] =
    /^--([\w'+.=-]{1,70})\r\n/.exec(body.subarray(0, 80).toString("latin1")) ?? [];
  if (boundary === undefined) throw unreadable("begins with no boundary");
  const parts = partsOf(body, boundary);
  const only = (name: string): Part | undefined => {
    const [part, other] = parts.filter((one) => one.name === name);
    if (other) throw invalid(name, "is given twice", "Give it once.");
    if (part?.isFile) throw invalid(name, "has a file name", "Send it as a plain field.");
    return part;
  };
  const text = (name: string): string | undefined => {
    const part = only(name);
    if (part && part.end - part.start > longestText)
      throw invalid(name, "is too long", `Give at most ${longestText} bytes.`);
    return part && body.subarray(part.start, part.end).toString();
  };
  return {
    contentType: `multipart/form-data; boundary=${boundary.includes("=") ? `"${boundary}"` : boundary}`,
    text,
    whole: (name, { min = 0, max = Number.MAX_SAFE_INTEGER }) => {
      const value = text(name);
      if (value === undefined) return undefined;
      const count = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
      if (count >= min && count <= max) return count;
      throw invalid(name, "is not a valid count", `Give a whole number from ${min} to ${max}.`);
    },
    flag: (name) => {
      const value = text(name)?.toLowerCase();
      if (value === undefined) return undefined;
      if (value === "true" || value === "false") return value === "true";
      throw invalid(name, "is neither true nor false", "Give true or false.");
    },
    length: (name) => parts.filter((part) => part.name === name).length,
    textBytes: parts.reduce((sum, { isFile, start, end }) => sum + (isFile ? 0 : end - start), 0),
    files: (name) =>
      parts
        .filter((part) => part.isFile && (part.name === name || part.name === `${name}[]`))
        .map(({ start, end }) => body.subarray(start, end)),
    withText: (name, value) => {
      const part = only(name);
      return part
        ? Buffer.concat([body.subarray(0, part.start), Buffer.from(value), body.subarray(part.end)])
        : bytes;
    },
  };
}

function partsOf(body: Buffer, boundary: string): readonly Part[] {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const parts: Part[] = [];
  // Behind the first boundary and its line end.
  let at = delimiter.length;
  while (true) {
    if (parts.length >= mostParts) throw unreadable(`has more than ${mostParts} fields`);
    const end = body.indexOf(delimiter, at - 2);
    if (end < at) throw unreadable("has no end");
    parts.push(partOf(body, at, end));
    at = end + delimiter.length;
    const after = body.toString("latin1", at, at + 2);
    if (after === "--") {
      if (!/^(?:\r\n)?$/.test(body.toString("latin1", at + 2, at + 5)))
        throw unreadable("continues after its end");
      return parts;
    }
    if (after !== "\r\n") throw unreadable("has a boundary that is part of another");
    at += 2;
  }
}

function partOf(body: Buffer, start: number, end: number): Part {
  const head = body.subarray(start, Math.min(end, start + longestHead)).toString("latin1");
  const blank = head.indexOf("\r\n\r\n");
  const lines = head.slice(0, Math.max(0, blank)).split("\r\n");
  const stated = lines.filter((line) => /^content-disposition\s*:/i.test(line));
  const [, name, file] =
    /^content-disposition: form-data; name="([^"\\]{1,256})"(; filename="[^"]*")?(?:; filename\*=[^;"]*)?$/i.exec(
      stated[0] ?? "",
    ) ?? [];
  if (blank < 0 || stated.length !== 1 || name === undefined)
    throw unreadable("has a part without a name in the usual form");
  if (lines.some((line) => /^(?:content-transfer-encoding\s*:|[\t ])/i.test(line)))
    throw unreadable("has a part in another encoding");
  const isFile = file !== undefined || /; filename\*=/i.test(stated[0] ?? "");
  return { name, isFile, start: start + blank + 4, end };
}

function unreadable(problem: string): PurserError {
  return new PurserError(
    "invalid_request",
    `the body is not a form that can be read: it ${problem}`,
    {
      field: "body",
      remedy: "Send multipart/form-data as the vendor's SDK writes it.",
    },
  );
}

function invalid(field: string, problem: string, remedy: string): PurserError {
  return new PurserError("invalid_request", `${field} ${problem}`, { field, remedy });
}
