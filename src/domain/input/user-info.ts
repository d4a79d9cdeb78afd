/** Keeps the user name and password of URLs out of messages and records. */

/** @param text Any text; each URL in it loses what is before its `@`. */
export function withoutUserInfo(text: string): string {
  return text.replaceAll(/(https?:[/\\]*|[/\\]{2})[^/\\?#\s]*@/gi, "$1");
}
