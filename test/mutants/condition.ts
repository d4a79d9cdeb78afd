/** Mutates conditions: negated, always true, or always false. */

import {
  isConditionalExpression,
  isIfStatement,
  isPrefixUnaryExpression,
  isWhileStatement,
  SyntaxKind,
  type Node,
  type SourceFile,
} from "typescript/unstable/ast";
import { replaced, textOf, type Change } from "./change.ts";
import { isEarlyExit } from "./statement.ts";

export function changedCondition(node: Node, file: SourceFile): readonly Change[] {
  if (isPrefixUnaryExpression(node) && node.operator === SyntaxKind.ExclamationToken) {
    return [
      replaced(node, file, { text: `(${textOf(node.operand, file)})`, rule: "negation dropped" }),
    ];
  }
  // A negated or endless loop would only test the timeout.
  if (isWhileStatement(node)) return [constant(node.expression, file, false)];
  if (isConditionalExpression(node)) return changes(node.condition, file, [true, false]);
  // Removing an early exit has the same effect as a false condition, and is a separate rule.
  if (isIfStatement(node))
    return changes(node.expression, file, isEarlyExit(node) ? [true] : [true, false]);
  return [];
}

function changes(
  condition: Node,
  file: SourceFile,
  constants: readonly boolean[],
): readonly Change[] {
  const negated = replaced(condition, file, {
    text: `!(${textOf(condition, file)})`,
    rule: "condition negated",
  });
  return [negated, ...constants.map((value) => constant(condition, file, value))];
}

function constant(condition: Node, file: SourceFile, value: boolean): Change {
  return replaced(condition, file, { text: String(value), rule: `condition always ${value}` });
}
