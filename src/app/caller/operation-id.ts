/** Generates ids for operations without one. */

import { randomFillSync } from "node:crypto";

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
