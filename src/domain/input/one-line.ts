/** Recognizes texts that no header, query or terminal can carry unchanged. */

/** Whether a text has no control character, no line separator and no half of a character. */
export function isOneLine(text: string): boolean {
  return text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
}
