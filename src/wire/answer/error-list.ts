/**
 * Recognises an error inside a JSON list: Google's servers send it if a stream was requested, also
 * in OpenAI's format.
 */

import { toObject, toObjects } from "../count/count.ts";
import { openBracket } from "../ascii.ts";

const errorWord = Buffer.from('"error"');
/** A longer list is an answer. */
const longest = 1024 * 1024;

/** Whether the bytes are a JSON list of errors and nothing else. */
export function isErrorList(data: Buffer): boolean {
  if (
    data.length > longest ||
    data[data.findIndex((byte) => byte > 0x20)] !== openBracket ||
    !data.includes(errorWord)
  )
    return false;
  const items = toObjects(parse(data));
  return items.length > 0 && items.every(({ error }) => toObject(error) !== undefined);
}

/**
 * @returns undefined for invalid JSON, which is not a list of errors either. The caller reports it.
 */
function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}
