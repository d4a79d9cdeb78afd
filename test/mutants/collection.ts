/** Mutates operations on lists: order, filters, and `some`/`every`. */

import {
  isCallExpression,
  isPropertyAccessExpression,
  type CallExpression,
  type Node,
  type SourceFile,
} from "typescript/unstable/ast";
import { replaced, textOf, type Change } from "./change.ts";

/** Methods and their opposites. */
const opposites: ReadonlyMap<string, string> = new Map([
  ["some", "every"],
  ["every", "some"],
  ["min", "max"],
  ["max", "min"],
  ["find", "findLast"],
  ["findLast", "find"],
]);

export function changedCollection(node: Node, file: SourceFile): readonly Change[] {
  if (!isCallExpression(node) || !isPropertyAccessExpression(node.expression)) return [];
  const { expression: list, name } = node.expression;
  if (name.text === "sort" || name.text === "toSorted") return [reversed(node, file)];
  if (name.text === "filter")
    return [replaced(node, file, { text: textOf(list, file), rule: "filter dropped" })];
  const opposite = opposites.get(name.text);
  return opposite === undefined
    ? []
    : [replaced(name, file, { text: opposite, rule: "opposite method" })];
}

function reversed(call: CallExpression, file: SourceFile): Change {
  return replaced(call, file, { text: `${textOf(call, file)}.reverse()`, rule: "order reversed" });
}
