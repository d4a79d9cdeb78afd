/** A change to a source: the range a mutant replaces, and the new text. */

import type { Node, SourceFile } from "typescript/unstable/ast";

export interface Change {
  /** The kind of change, as named in the report. */
  readonly rule: string;
  /** Offsets in the source, the end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The changes that a rule makes to a node; none if the rule does not apply. */
export type Rule = (node: Node, file: SourceFile) => readonly Change[];

/** A node's text without its leading comments. */
export function textOf(node: Node, file: SourceFile): string {
  return file.text.slice(node.getStart(file), node.end);
}

/** Replaces a whole node. */
export function replaced(
  node: Node,
  file: SourceFile,
  by: { readonly text: string; readonly rule: string },
): Change {
  return { rule: by.rule, start: node.getStart(file), end: node.end, text: by.text };
}
