/** Reads the operation id of a call, and generates ids for calls without one. */

import { randomFillSync } from "node:crypto";
import { PurserError } from "../../domain/error.ts";
import type { Headers } from "./identify.ts";

const alphabet = Buffer.from("0123456789abcdefghijklmnopqrstuvwxyz");
const timeLength = 9;
const chanceLength = 12;

const randomBytes = new Uint8Array(chanceLength * 256);
let randomUsed = randomBytes.length;

/** Buffer for the characters of one id, reused. */
const written = Buffer.alloc(timeLength + chanceLength);
let writtenAt: number | null = null;

/** 9 characters of time and 12 random ones. Ids grow with time, which keeps their index compact. */
export function makeOperationId(at: number): string {
  if (at !== writtenAt) {
    written.write(at.toString(36).padStart(timeLength, "0"), 0, "latin1");
    writtenAt = at;
  }
  if (randomUsed >= randomBytes.length) {
    randomFillSync(randomBytes);
    randomUsed = 0;
  }
  for (let index = timeLength; index < written.length; index++) {
    written[index] = alphabet[(randomBytes[randomUsed++] ?? 0) % alphabet.length] ?? 0;
  }
  return written.toString("latin1");
}

/** @throws PurserError `invalid_request` for an id that cannot be used in a header or a log. */
export function readOperationId(headers: Headers): string | null {
  const value = headers["x-purser-operation-id"];
  if (value === undefined) return null;
  if (typeof value === "string" && /^[\x21-\x7e]{1,128}$/.test(value)) return value;
  throw new PurserError(
    "invalid_request",
    "x-purser-operation-id: must be 1 to 128 printable characters without spaces",
    {
      field: "x-purser-operation-id",
      remedy: "Send one id for each operation, such as a UUID.",
    },
  );
}
