/** Suggests the known word that is most similar to a mistyped one. */

/** @returns undefined if no known word is similar enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(letters(word), letters(candidate));
    if (distance <= tolerance(candidate) && (best === undefined || distance < best.distance))
      best = { word: candidate, distance };
  }
  return best?.word ?? byPart(word, known);
}

/** Finds `budget_type` for `type`: the shortest name that has the word as a part. */
function byPart(word: string, known: readonly string[]): string | undefined {
  const part = word.toLowerCase();
  const names = known
    .map((name) => name.split("_"))
    .filter((parts) => parts.length > 1 && parts.includes(part));
  return names.sort((left, right) => left.length - right.length)[0]?.join("_");
}

/** A sentence for a remedy, with the most similar word or all known words. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? `Use one of: ${known.join(", ")}.` : `Did you mean ${near}?`;
}

/** The word in a remedy of {@link suggest}; undefined for any other remedy. */
export function suggested(remedy: string): string | undefined {
  return /^Did you mean (\S+)\?$/.exec(remedy)?.[1];
}

function tolerance(word: string): number {
  return word.length <= 4 ? 1 : Math.ceil(word.length / 4);
}

/** Normalises a word: `budgetId`, `budget-id` and `budget_id` are equal. */
function letters(word: string): string {
  return word.slice(0, 64).toLowerCase().replace(/[_-]/g, "");
}

/** Edit distance with insertions, deletions, replacements and swaps (optimal string alignment). */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = (last[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      let least = Math.min(replaced, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped)
        least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? 0;
}
