/** Stores integers of any size in JSON: as numbers up to 15 digits, as strings beyond. */

/** A whole number in a body. */
export type StoredInteger = number | string;

/** 15 digits always fit a safe integer. */
const safeDigits = 15;

export function storeInteger(value: bigint): StoredInteger {
  const text = value.toString();
  return text.length <= safeDigits ? Number(text) : text;
}

export function loadInteger(stored: StoredInteger): bigint {
  return BigInt(stored);
}
