/** Suggests known words that are similar to a mistyped one. */

import { Memo } from "../memo.ts";

/** @returns The most similar word, or the shortest that has `word` as a part; undefined if none. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const similar = known.filter((candidate) => mayBeNear(word, candidate));
  return ranked(word, similar, editDistance)[0] ?? byPart(word, known);
}

/**
 * Also finds names that begin with the word, or with which the word begins: names often differ in
 * their endings, as `gpt-4o` and `gpt-4o-mini` do.
 *
 * @returns At most `count` names, the most similar first; of equally similar ones, the shortest.
 */
export function nearestNames(
  word: string,
  names: readonly string[],
  count: number,
): readonly string[] {
  const shortestFirst = [...new Set(names)]
    .filter((name) => isEnding(word, name) || mayBeNear(word, name))
    .sort((left, right) => left.length - right.length);
  return ranked(word, shortestFirst, endingDistance).slice(0, count);
}

/** The known words within their tolerance, the nearest first, and of equally near ones as given. */
function ranked(
  word: string,
  known: readonly string[],
  distanceBetween: (left: string, right: string, most: number) => number,
): readonly string[] {
  const asked = letters(word);
  return known
    .map((candidate) => {
      const most = tolerance(candidate);
      const distance = isReordered(word, candidate)
        ? 0
        : distanceBetween(asked, letters(candidate), most);
      return { candidate, most, distance };
    })
    .filter(({ most, distance }) => distance <= most)
    .sort((left, right) => left.distance - right.distance)
    .map(({ candidate }) => candidate);
}

/** Whether a name has the same parts in another order: `claude-4-5-sonnet`. */
function isReordered(word: string, candidate: string): boolean {
  const [left, right] = [partsOf(word), partsOf(candidate)];
  return word !== candidate && left.length > 2 && left.join("-") === right.join("-");
}

function partsOf(word: string): readonly string[] {
  return word.slice(0, 64).toLowerCase().split(/[-_.]/).sort();
}

/** A different ending counts as two edits at most. */
function endingDistance(word: string, name: string, most: number): number {
  return isEnding(word, name)
    ? Math.min(2, Math.abs(name.length - word.length))
    : editDistance(word, name, most);
}

function isEnding(word: string, name: string): boolean {
  const [left, right] = [letters(word), letters(name)];
  return left !== "" && (left.startsWith(right) || right.startsWith(left));
}

/** The shortest name of which the word is a whole part: `type` finds `budget_type`. */
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

/** Whether one letter is missing, added, wrong or swapped with the next. */
export function isOneLetterOff(word: string, known: string): boolean {
  return word !== known && editDistance(letters(word), letters(known), 1) <= 1;
}

/**
 * Whether two words can be within the tolerance, by their lengths and letters: an edit changes at
 * most one letter on each side. Few names of models pass, so few are compared in full.
 */
function mayBeNear(word: string, candidate: string): boolean {
  const most = tolerance(candidate);
  const [left, right] = [normalize(word), normalize(candidate)];
  if (Math.abs(left.text.length - right.text.length) > most) return false;
  let [missing, added] = [0, 0];
  for (let letter = 0; letter < alphabet; letter++) {
    const difference = (left.counts[letter] ?? 0) - (right.counts[letter] ?? 0);
    if (difference > 0) missing += difference;
    else added -= difference;
  }
  return missing <= most && added <= most;
}

interface Normalized {
  readonly text: string;
  /** How often each letter and digit occurs; other characters count together. */
  readonly counts: Uint8Array;
}

/** Normalises a word: `budgetId`, `budget-id` and `budget_id` are equal. */
function letters(word: string): string {
  return normalize(word).text;
}

function normalize(word: string): Normalized {
  return normalized.get(word) ?? normalized.keep(word, normalizeAnew(word));
}

function normalizeAnew(word: string): Normalized {
  const text = word.slice(0, 64).toLowerCase().replace(/[_-]/g, "");
  const counts = new Uint8Array(alphabet);
  for (let index = 0; index < text.length; index++) {
    const place = Number.parseInt(text.charAt(index), alphabet - 1);
    const letter = Number.isNaN(place) ? alphabet - 1 : place;
    counts[letter] = (counts[letter] ?? 0) + 1;
  }
  return { text, counts };
}

/** Ten digits, 26 letters, and one for all others. */
const alphabet = 37;

/** The names of all models are normalised for each suggestion: those of the book and of updates. */
const normalized = new Memo<string, Normalized>(60_000);

/**
 * Edit distance with insertions, deletions, replacements and swaps (optimal string alignment);
 * infinite above `most`: stopping there halves the time for the names of all models.
 */
function editDistance(left: string, right: string, most: number): number {
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
    // A swap continues from the row before the last.
    if (Math.min(...last) > most && Math.min(...beforeLast) >= most) return Infinity;
  }
  return last[right.length] ?? 0;
}
