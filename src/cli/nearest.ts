/** Names that a slip of the hand may have meant. */

/** @returns At most `count` of the names, the nearest first; none that is too far off to be meant. */
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

/** Edits between two names; one that begins like the other is nearer than its length says. */
function score(word: string, name: string): number {
  const edits = editDistance(word, name);
  return name.startsWith(word) || word.startsWith(name) ? Math.min(edits, 2) : edits;
}

/** Letters to put in, take out or replace (Levenshtein), in one row of memory. */
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
