/** Normalizes a request's path, and rejects paths that servers may read differently. */

/**
 * @returns The path without query and trailing slashes; undefined if servers may read it
 * differently.
 */
export function plainPath(path: string): string | undefined {
  const place = (path.split("?", 1)[0] ?? "").replace(/\/+$/, "");
  return isAmbiguous.test(place) ? undefined : place;
}

const isAmbiguous = /%(?:2[ef]|5c|00|25)|[\\;#]|\/\/|\/\.{1,2}(?:\/|$)/i;
