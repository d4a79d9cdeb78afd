/** Finds keys that a JSON object may not have: repeated ones, which are ambiguous, and `__proto__`. */

import { unknownField } from "../domain/input/fields.ts";

const backslash = 0x5c;

export interface KeyProblem {
  /** The path of the key, such as `attribution.project`. */
  readonly field: string;
  /** Follows the path in a sentence. */
  readonly problem: string;
}

interface Container {
  /** Null for a list. */
  readonly keys: Set<string> | null;
  /** The path of the value, such as `attribution.tags` or `thresholds[1]`; empty for the root. */
  readonly path: string;
  /** The path of the current member; null before its key. */
  member: string | null;
  index: number;
}

/**
 * @param text Valid JSON.
 * @returns The first such key; undefined if there is none. Schemas drop `__proto__` without an
 *   error, so it is refused here.
 */
export function keyProblem(text: string): KeyProblem | undefined {
  const open: Container[] = [];
  for (let at = 0; at < text.length; at++) {
    const container = open.at(-1);
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at + 1);
      const isKey = container?.keys && container.member === null;
      if (isKey) {
        const key = JSON.parse(text.slice(at, end)) as string;
        container.member = memberPath(container.path, key);
        if (key === "__proto__") return { field: container.member, problem: unknownField };
        if (container.keys?.has(key)) return { field: container.member, problem: "is repeated" };
        container.keys?.add(key);
      }
      at = end - 1;
    } else if (character === "{" || character === "[") {
      const path =
        container === undefined
          ? ""
          : container.keys
            ? (container.member ?? "")
            : `${container.path}[${container.index}]`;
      open.push({ keys: character === "{" ? new Set() : null, path, member: null, index: 0 });
    } else if (character === "}" || character === "]") open.pop();
    else if (character === "," && container) {
      container.member = null;
      container.index += 1;
    }
  }
  return undefined;
}

function memberPath(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** @param start The position after the opening quote. @returns The position after the closing. */
function endOfString(text: string, start: number): number {
  let at = text.indexOf('"', start);
  while (isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at + 1;
}

/** Whether an odd number of backslashes precedes. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === backslash) before -= 1;
  return (at - before) % 2 === 0;
}
