/** Finds known names similar to a mistyped one. */

/** @returns At most `count` similar names, most similar first. */
export function nearest(
  wanted: string,
  names: readonly string[],
  count: number,
): readonly string[] {
  const word = wanted.toLowerCase();
  const scored = [...new Set(names)]
    .map((name) => ({ name, distance: score(word, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(2, word.length / 3));
  scored.sort(
    (left, right) =>
      left.distance - right.distance ||
      left.name.length - right.name.length ||
      (left.name < right.name ? -1 : 1),
  );
  return scored.slice(0, count).map(({ name }) => name);
}

/** The edit distance; at most 2 if one name is a prefix of the other. */
function score(word: string, name: string): number {
  const edits = editDistance(word, name);
  return name.startsWith(word) || word.startsWith(name) ? Math.min(edits, 2) : edits;
}

/** The Levenshtein distance, computed with one row of memory. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
