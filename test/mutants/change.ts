/** A change to a source: what a mutant replaces, and by what. */

import type { Node, SourceFile } from "typescript/unstable/ast";

export interface Change {
  /** The kind of change, in the words of the report. */
  readonly rule: string;
  /** Offsets in the source, the end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The changes that one kind makes of a node; none where the node is of another kind. */
export type Rule = (node: Node, file: SourceFile) => readonly Change[];

/** A node's text without the comments before it. */
export function textOf(node: Node, file: SourceFile): string {
  return file.text.slice(node.getStart(file), node.end);
}

/** Replaces a whole node. */
export function replaced(node: Node, file: SourceFile, by: { readonly text: string; readonly rule: string }): Change {
  return { rule: by.rule, start: node.getStart(file), end: node.end, text: by.text };
}
