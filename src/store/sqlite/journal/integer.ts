/** Integers of any size in JSON: as a number where a reader cannot lose digits, else as a string. */

/** A whole number in a body. */
export type StoredInteger = number | string;

/** 15 digits are always a safe integer. */
const safeDigits = 15;

export function storeInteger(value: bigint): StoredInteger {
  const text = value.toString();
  return text.length <= safeDigits ? Number(text) : text;
}

export function loadInteger(stored: StoredInteger): bigint {
  return BigInt(stored);
}
