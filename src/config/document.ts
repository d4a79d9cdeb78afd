/** Parses YAML into plain values, and finds the line of each field. */

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
} from "yaml";
import type { ConfigurationFault } from "../domain/error.ts";
import type { Environment } from "./configuration.ts";
import { configurationError, Faults, type Location } from "./fault.ts";
import { substitute } from "./substitute.ts";

export interface ConfigurationDocument {
  /** With environment variables substituted. */
  readonly value: unknown;
  /** The line of a field such as `budgets[2].amount`, or of the innermost object around it. */
  readonly locate: (field: string) => Location;
  /** The faults found so far; readers of fields add more. */
  readonly faults: Faults;
}

/**
 * Unset variables are added to `faults`.
 *
 * @throws PurserError `invalid_configuration` for text that is not YAML.
 */
export function readDocument(
  text: string,
  options: { readonly environment: Environment; readonly file: string },
): ConfigurationDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  const problems = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    line: lineAt(pos[0]),
    message,
    remedy: "Fix the YAML at this line.",
  }));
  if (problems.length > 0) throw configurationError(options.file, problems);
  const oddNodes = findOddNodes(document, lineAt);
  if (oddNodes.length > 0) throw configurationError(options.file, oddNodes);
  const lookup = new Lookup(document, lineAt);
  const variables = new Map<Node, readonly string[]>();
  const locate = (field: string): Location => lookup.find(field, variables);
  const faults = new Faults({ file: options.file, locate });
  substituteAll(document, { environment: options.environment, variables, faults });
  return { value: plainValue(document, options.file), locate, faults };
}

/**
 * Finds valid YAML that a configuration cannot use: names that are not text, and unknown aliases.
 */
function findOddNodes(
  document: Document,
  lineAt: (offset: number) => number,
): readonly ConfigurationFault[] {
  const found: ConfigurationFault[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key)) {
        found.push({
          line: lineAt(offsetOf(key) ?? 0),
          message: "a field name is not text",
          remedy: "Write NAME: VALUE.",
        });
      }
    },
    Alias(_, alias) {
      if (alias.resolve(document)) return;
      const remedy = `Write &${alias.source} before the part to repeat.`;
      found.push({
        line: lineAt(alias.range?.[0] ?? 0),
        message: `*${alias.source} refers to an unknown anchor`,
        remedy,
      });
    },
  });
  return found;
}

interface Substitution {
  readonly environment: Environment;
  readonly variables: Map<Node, readonly string[]>;
  readonly faults: Faults;
}

function substituteAll(document: Document, { environment, variables, faults }: Substitution): void {
  visit(document, {
    Scalar(key, node: Scalar, path) {
      const { value } = node;
      if (key === "key" || typeof value !== "string" || !value.includes("${")) return;
      const substituted = faults.attempt(() => substitute(value, environment, fieldOf(key, path)));
      if (!substituted) return;
      node.value = substituted.text;
      if (substituted.variables.length > 0) variables.set(node, substituted.variables);
    },
  });
}

/** The field name of a scalar, such as `budgets[2].amount`, from the nodes around it. */
function fieldOf(key: unknown, path: readonly (Node | Pair | Document)[]): string {
  const parts: string[] = [];
  path.forEach((node, index) => {
    const child = path[index + 1];
    if (isSeq(node))
      parts.push(`[${child === undefined ? Number(key) : node.items.indexOf(child)}]`);
    else if ("key" in node && isScalar(node.key))
      parts.push(`${parts.length === 0 ? "" : "."}${String(node.key.value)}`);
  });
  return parts.join("");
}

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS() as unknown;
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause;
    throw configurationError(file, [
      {
        line: 1,
        message: "its aliases expand to too much data",
        remedy: "Write out the repeated parts.",
      },
    ]);
  }
}

/** Finds nodes by the field names in errors. */
class Lookup {
  readonly #document: Document;
  readonly #lineAt: (offset: number) => number;

  constructor(document: Document, lineAt: (offset: number) => number) {
    this.#document = document;
    this.#lineAt = lineAt;
  }

  find(field: string, variables: ReadonlyMap<Node, readonly string[]>): Location {
    let node = this.#resolve(this.#document.contents);
    let offset = node?.range?.[0] ?? 0;
    for (let rest = field; rest !== "" && node;) {
      const step = stepInto(node, rest);
      if (!step) break;
      offset = step.offset ?? offset;
      rest = step.rest;
      node = this.#resolve(step.node);
    }
    return { line: this.#lineAt(offset), variables: (node && variables.get(node)) ?? [] };
  }

  #resolve(node: unknown): Node | undefined {
    const resolved = isAlias(node) ? node.resolve(this.#document) : node;
    return isMap(resolved) || isSeq(resolved) || isScalar(resolved) ? resolved : undefined;
  }
}

interface Step {
  readonly node: unknown;
  readonly offset: number | undefined;
  readonly rest: string;
}

function stepInto(node: Node, field: string): Step | undefined {
  if (isSeq(node)) {
    const match = /^\[(\d+)\]/.exec(field);
    const item = match ? node.items[Number(match[1])] : undefined;
    return match && item !== undefined
      ? { node: item, offset: offsetOf(item), rest: field.slice(match[0].length) }
      : undefined;
  }
  if (!isMap(node)) return undefined;
  const path = field.replace(/^\./, "");
  const found = node.items
    .map((pair) => ({ pair, name: isScalar(pair.key) ? String(pair.key.value) : "" }))
    // A name may contain dots, such as an alias for gpt-4.1: the longest match wins.
    .filter(({ name }) => path.startsWith(name) && /^($|[.[])/.test(path.slice(name.length)))
    .sort((left, right) => right.name.length - left.name.length)[0];
  return (
    found && {
      node: found.pair.value,
      offset: offsetOf(found.pair.key),
      rest: path.slice(found.name.length),
    }
  );
}

function offsetOf(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node)
    ? (node.range?.[0] ?? undefined)
    : undefined;
}
