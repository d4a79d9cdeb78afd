/** How the product starts Node. */
export const nodeFlags: readonly string[];

export function runWithPinnedNode(words: readonly string[]): void;
