/** Checks that a body matches its content type, and that a form is within its limits. */

import { PurserError } from "../../domain/error.ts";
import { openBrace, openBracket } from "../ascii.ts";

/** Limit of fields in a form. The largest forms contain the files of a skill. */
const mostFields = 1000;
/** Files are sent as multipart/form-data. */
const longestUrlEncoded = 1024 * 1024;

const ampersand = 0x26;

/**
 * @throws PurserError `invalid_request` for JSON sent as a form or in an encoding other than UTF-8,
 *   which a provider may read either way, and for a form that is too large.
 */
export function checkContentType(body: Uint8Array, contentType = ""): void {
  const isUrlEncoded = /^\s*application\/x-www-form-urlencoded/i.test(contentType);
  if (!isUrlEncoded && !/^\s*multipart\//i.test(contentType)) return checkCharset(contentType);
  if (isJson(body))
    throw invalid(
      "the body is JSON, but its content type is that of a form",
      "Send JSON with content-type: application/json.",
    );
  if (!isUrlEncoded) return;
  if (body.length > longestUrlEncoded) {
    throw invalid(
      `the form has more than ${longestUrlEncoded} bytes`,
      "Send it as multipart/form-data, or as JSON.",
    );
  }
  let fields = 1;
  for (let at = body.indexOf(ampersand); at >= 0; at = body.indexOf(ampersand, at + 1))
    checkFieldCount(++fields);
}

/** @throws PurserError `invalid_request` for too many fields of a form. */
export function checkFieldCount(count: number): void {
  if (count > mostFields)
    throw invalid(`the form has more than ${mostFields} fields`, "Send fewer fields, or JSON.");
}

function checkCharset(contentType: string): void {
  const other = [...contentType.matchAll(/;\s*charset\*?\s*=\s*"?([^";\s]*)/gi)].find(
    ([, name = ""]) => !/^(?:utf-?8|us-ascii)$/i.test(name),
  );
  if (other)
    throw invalid(
      `the body's charset is ${JSON.stringify(other[1])}`,
      "Send JSON encoded as UTF-8.",
    );
}

/** Whether it begins like JSON, in any encoding, after white space and a byte order mark. */
function isJson(body: Uint8Array): boolean {
  const first = body.find(
    (byte) =>
      byte > 0x20 &&
      byte !== 0xef &&
      byte !== 0xbb &&
      byte !== 0xbf &&
      byte !== 0xfe &&
      byte !== 0xff,
  );
  return first === openBrace || first === openBracket;
}

function invalid(what: string, remedy: string): PurserError {
  return new PurserError("invalid_request", what, { field: "body", remedy });
}
