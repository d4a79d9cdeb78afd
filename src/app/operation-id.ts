/** Ids for operations that come without one. */

import { randomFillSync } from "node:crypto";

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
const randomBytes = new Uint8Array(12 * 256);
let randomUsed = randomBytes.length;

/** 9 characters of time and 12 of chance: ids grow with time, so that their index stays compact. */
export function makeOperationId(at: number): string {
  if (randomUsed >= randomBytes.length) {
    randomFillSync(randomBytes);
    randomUsed = 0;
  }
  let id = at.toString(36).padStart(9, "0");
  for (let index = 0; index < 12; index++) id += alphabet[(randomBytes[randomUsed++] ?? 0) % alphabet.length];
  return id;
}
