/** Drops statements: early exits, calls and assignments. */

import {
  isAwaitExpression,
  isBinaryExpression,
  isBlock,
  isCallExpression,
  isExpressionStatement,
  isIfStatement,
  SyntaxKind,
  type Expression,
  type IfStatement,
  type Node,
  type SourceFile,
} from "typescript/unstable/ast";
import { replaced, type Change } from "./change.ts";

const exits: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.ReturnStatement,
  SyntaxKind.ThrowStatement,
  SyntaxKind.ContinueStatement,
  SyntaxKind.BreakStatement,
]);

export function droppedStatement(node: Node, file: SourceFile): readonly Change[] {
  if (isIfStatement(node) && isEarlyExit(node))
    return [replaced(node, file, { text: ";", rule: "early exit dropped" })];
  if (isExpressionStatement(node) && hasEffect(node.expression))
    return [replaced(node, file, { text: ";", rule: "statement dropped" })];
  return [];
}

/** Whether an `if` without `else` only returns, throws, breaks or continues. */
export function isEarlyExit(node: IfStatement): boolean {
  if (node.elseStatement) return false;
  const [only, ...more] = isBlock(node.thenStatement)
    ? node.thenStatement.statements
    : [node.thenStatement];
  return only !== undefined && more.length === 0 && exits.has(only.kind);
}

/** A constructor without `super` does not run at all, so dropping it tests nothing. */
function hasEffect(expression: Expression): boolean {
  if (isAwaitExpression(expression)) return hasEffect(expression.expression);
  if (isCallExpression(expression)) return expression.expression.kind !== SyntaxKind.SuperKeyword;
  return isBinaryExpression(expression) || expression.kind === SyntaxKind.PostfixUnaryExpression;
}
