/** The ASCII codes of the characters that structure JSON and server-sent events. */

export const lineFeed = 0x0a;
export const carriageReturn = 0x0d;
export const space = 0x20;
export const quote = 0x22;
export const comma = 0x2c;
export const colon = 0x3a;
export const openBracket = 0x5b;
export const backslash = 0x5c;
export const closeBracket = 0x5d;
/** Begins the escape of a code unit: `\u0020`. */
export const letterU = 0x75;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;
