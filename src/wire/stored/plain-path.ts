/** The path of a request as its provider takes it, whatever it does with dots and escapes. */

/** Without its query and slashes at its end. @returns undefined for a path that a server may read as another one: nothing is known of it. */
export function plainPath(path: string): string | undefined {
  const place = (path.split("?", 1)[0] ?? "").replace(/\/+$/, "");
  return isAmbiguous.test(place) ? undefined : place;
}

const isAmbiguous = /%(?:2[ef]|5c|00|25)|[\\;#]|\/\/|\/\.{1,2}(?:\/|$)/i;
