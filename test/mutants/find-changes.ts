/** Finds every change that the rules make to a source. */

import {
  isCallExpression,
  isExpressionStatement,
  isIdentifier,
  isImportDeclaration,
  isInterfaceDeclaration,
  isTypeAliasDeclaration,
  isTypeNode,
  type Node,
  type SourceFile,
} from "typescript/unstable/ast";
import type { Change, Rule } from "./change.ts";
import { changedCollection } from "./collection.ts";
import { changedCondition } from "./condition.ts";
import { changedLiteral } from "./literal.ts";
import { changedOperator } from "./operator.ts";
import { droppedStatement } from "./statement.ts";

const rules: readonly Rule[] = [
  changedCondition,
  changedOperator,
  droppedStatement,
  changedLiteral,
  changedCollection,
];

/** In source order. */
export function findChanges(file: SourceFile): readonly Change[] {
  const found: Change[] = [];
  const visit = (node: Node): void => {
    if (!hasBehaviour(node)) return;
    for (const rule of rules) found.push(...rule(node, file));
    node.forEachChild(visit);
  };
  file.forEachChild(visit);
  return found;
}

/** Types do not run, and a true assertion has no effect. */
function hasBehaviour(node: Node): boolean {
  if (
    isTypeNode(node) ||
    isInterfaceDeclaration(node) ||
    isTypeAliasDeclaration(node) ||
    isImportDeclaration(node)
  )
    return false;
  return !(isExpressionStatement(node) && isAssertion(node.expression));
}

function isAssertion(node: Node): boolean {
  return (
    isCallExpression(node) && isIdentifier(node.expression) && node.expression.text === "assert"
  );
}
