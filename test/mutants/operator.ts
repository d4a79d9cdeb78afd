/** Mutates operators: comparisons, boundaries, arithmetic and logic. */

import {
  isBinaryExpression,
  isStringLiteral,
  isTemplateLiteral,
  SyntaxKind,
  type Node,
  type SourceFile,
} from "typescript/unstable/ast";
import { replaced, textOf, type Change } from "./change.ts";

interface Swap {
  readonly to: string;
  readonly rule: string;
}

/** Each operator and its replacements of the same precedence. */
const swaps: ReadonlyMap<SyntaxKind, readonly Swap[]> = new Map([
  [SyntaxKind.LessThanToken, ordering("<=", ">=")],
  [SyntaxKind.LessThanEqualsToken, ordering("<", ">")],
  [SyntaxKind.GreaterThanToken, ordering(">=", "<=")],
  [SyntaxKind.GreaterThanEqualsToken, ordering(">", "<")],
  [SyntaxKind.EqualsEqualsEqualsToken, [{ to: "!==", rule: "comparison turned" }]],
  [SyntaxKind.ExclamationEqualsEqualsToken, [{ to: "===", rule: "comparison turned" }]],
  [SyntaxKind.PlusToken, arithmetic("-")],
  [SyntaxKind.MinusToken, arithmetic("+")],
  [SyntaxKind.AsteriskToken, arithmetic("/")],
  [SyntaxKind.SlashToken, arithmetic("*")],
  [SyntaxKind.PercentToken, arithmetic("*")],
  [SyntaxKind.PlusEqualsToken, arithmetic("-=")],
  [SyntaxKind.MinusEqualsToken, arithmetic("+=")],
]);

export function changedOperator(node: Node, file: SourceFile): readonly Change[] {
  if (!isBinaryExpression(node)) return [];
  const left = textOf(node.left, file);
  const right = textOf(node.right, file);
  switch (node.operatorToken.kind) {
    case SyntaxKind.AmpersandAmpersandToken:
      return [replaced(node, file, { text: `((${left}) || (${right}))`, rule: "and / or" })];
    case SyntaxKind.BarBarToken:
      return [replaced(node, file, { text: `((${left}) && (${right}))`, rule: "and / or" })];
    case SyntaxKind.QuestionQuestionToken:
      return [left, right].map((side) =>
        replaced(node, file, { text: `(${side})`, rule: "?? dropped" }),
      );
    default:
      return joinsText(node) ? [] : swapped(node.operatorToken, file);
  }
}

function swapped(operator: Node, file: SourceFile): readonly Change[] {
  return (swaps.get(operator.kind) ?? []).map(({ to, rule }) =>
    replaced(operator, file, { text: to, rule }),
  );
}

function ordering(moved: string, turned: string): readonly Swap[] {
  return [
    { to: moved, rule: "boundary moved" },
    { to: turned, rule: "comparison turned" },
  ];
}

function arithmetic(to: string): readonly Swap[] {
  return [{ to, rule: "arithmetic operator" }];
}

/** `+` on strings has no counterpart. */
function joinsText(node: Node): boolean {
  if (!isBinaryExpression(node)) return isStringLiteral(node) || isTemplateLiteral(node);
  return (
    node.operatorToken.kind === SyntaxKind.PlusToken &&
    (joinsText(node.left) || joinsText(node.right))
  );
}
