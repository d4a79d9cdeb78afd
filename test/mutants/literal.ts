/** Mutates constants: numbers off by one, booleans flipped, significant strings emptied. */

import {
  isBigIntLiteral,
  isBinaryExpression,
  isCallExpression,
  isCaseClause,
  isFalseLiteral,
  isNumericLiteral,
  isPropertyAccessExpression,
  isStringLiteral,
  isTrueLiteral,
  SyntaxKind,
  type Node,
  type SourceFile,
} from "typescript/unstable/ast";
import { replaced, textOf, type Change } from "./change.ts";

/** Methods whose result depends on a string. */
const deciding: ReadonlySet<string> = new Set(["startsWith", "endsWith", "includes", "has", "get"]);

export function changedLiteral(node: Node, file: SourceFile): readonly Change[] {
  if (isTrueLiteral(node)) return [replaced(node, file, { text: "false", rule: "boolean turned" })];
  if (isFalseLiteral(node)) return [replaced(node, file, { text: "true", rule: "boolean turned" })];
  if (isNumericLiteral(node))
    return nearby(node, file, Number(textOf(node, file).replaceAll("_", "")));
  if (isBigIntLiteral(node))
    return nearby(node, file, BigInt(textOf(node, file).replaceAll("_", "").slice(0, -1)));
  if (isStringLiteral(node) && node.text !== "" && decides(node))
    return [replaced(node, file, { text: '""', rule: "text emptied" })];
  return [];
}

function nearby(node: Node, file: SourceFile, value: number | bigint): readonly Change[] {
  const suffix = typeof value === "bigint" ? "n" : "";
  const values = typeof value === "bigint" ? [value + 1n, value - 1n] : [value + 1, value - 1];
  return values
    .filter((next) => next >= 0)
    .map((next) => replaced(node, file, { text: `${next}${suffix}`, rule: "number one off" }));
}

/**
 * Whether the string is used for a comparison or lookup. One that is only printed has no effect on
 * decisions.
 */
function decides(node: Node): boolean {
  const { parent } = node;
  if (isCaseClause(parent)) return true;
  if (isBinaryExpression(parent))
    return (
      parent.operatorToken.kind === SyntaxKind.EqualsEqualsEqualsToken ||
      parent.operatorToken.kind === SyntaxKind.ExclamationEqualsEqualsToken
    );
  return (
    isCallExpression(parent) &&
    isPropertyAccessExpression(parent.expression) &&
    deciding.has(parent.expression.name.text)
  );
}
