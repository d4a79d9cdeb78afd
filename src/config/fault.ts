/** Collects all errors of a configuration, each with its line, to report them at once. */

import { type ConfigurationFault, PurserError } from "../domain/error.ts";
import { isObject, unknownField } from "../domain/input/fields.ts";
import { suggested } from "../domain/input/nearest.ts";

/** The location of a field in the file. */
export interface Location {
  /** One-based. */
  readonly line: number;
  /** The environment variables in the value. If there are any, the value must not be shown. */
  readonly variables: readonly string[];
}

/** The name of the file, and how to locate its fields. */
export interface FaultContext {
  readonly file: string;
  readonly locate: (field: string) => Location;
}

/** An object of the file, such as one budget. */
export interface ReadableObject {
  readonly input: unknown;
  /** The prefix of its field names: `budgets[2].`. */
  readonly prefix: string;
  /** Placeholders for required fields that are missing or wrong, to read the other fields. */
  readonly standIns: Readonly<Record<string, unknown>>;
}

export class Faults {
  readonly #context: FaultContext;
  /** By field: each field is reported once. */
  readonly #found = new Map<string, ConfigurationFault>();

  constructor(context: FaultContext) {
    this.#context = context;
  }

  /**
   * @returns undefined if the step found a fault.
   * @throws Errors that are not caused by the input.
   */
  attempt<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      this.#add(error);
      return undefined;
    }
  }

  /** Reads an object repeatedly, each time without the faulty field, until all faults are found. */
  readObject<T>(
    { input, prefix, standIns }: ReadableObject,
    read: (input: unknown) => T,
  ): T | undefined {
    const replaced = new Set<string>();
    const guessed = new Set<string>();
    /** Fields without some of their members. */
    const partial = new Set<string>();
    for (let rest = input; ;) {
      try {
        const value = read(rest);
        return replaced.size + partial.size === 0 ? value : undefined;
      } catch (error) {
        const { field, message, remedy } = faultIn(error);
        const name = nameIn(field, prefix);
        // A member that was left out is not missing, and neither is the last one.
        const isPartial =
          name !== undefined &&
          partial.has(name) &&
          (message.includes("is missing") || isEmpty(rest, name));
        // What was wrong and has been left out is not missing.
        const isLeftOut =
          name !== undefined && replaced.has(name) && message.includes("is missing");
        // Do not report the value under a guessed name: the name must be fixed first.
        if (name === undefined || !(guessed.has(name) || isPartial || isLeftOut)) this.#add(error);
        const other = message.endsWith(unknownField) ? suggested(remedy ?? "") : undefined;
        const less = isPartial
          ? undefined
          : (withoutMember(rest, field.slice(prefix.length), other) ??
            withItem(rest, field.slice(prefix.length), standIns));
        if (name !== undefined && less !== undefined) {
          partial.add(name);
          rest = less;
          continue;
        }
        if (typeof rest !== "object" || rest === null || name === undefined || replaced.has(name))
          return undefined;
        if (!Object.hasOwn(rest, name) && !Object.hasOwn(standIns, name)) return undefined;
        replaced.add(name);
        const standIn = Object.hasOwn(standIns, name) ? { [name]: standIns[name] } : {};
        const moved = other === undefined ? {} : { [other]: valueOf(rest, name) };
        if (other !== undefined && !Object.hasOwn(rest, other)) guessed.add(other);
        rest = { ...moved, ...without(rest, name), ...standIn };
      }
    }
  }

  /** @throws PurserError `invalid_configuration` with all faults, in the order of the file. */
  throwAny(): void {
    if (this.#found.size > 0)
      throw configurationError(this.#context.file, [...this.#found.values()]);
  }

  #add(error: unknown): void {
    const { field, message: stated, remedy, variable } = faultIn(error);
    if (this.#found.has(field)) return;
    const { line, variables } = this.#context.locate(field);
    // The message may quote the value, and a value from the environment may be a secret.
    const message =
      variables.length === 0
        ? stated
        : `${field}: the value of ${variables.join(" and ")} is not valid here`;
    const named = field !== "" && { field };
    this.#found.set(field, {
      line,
      message,
      ...named,
      ...(remedy !== undefined && { remedy }),
      ...(variable !== undefined && { variable }),
    });
  }
}

interface Fault {
  /** Empty for the file as a whole. */
  readonly field: string;
  readonly message: string;
  readonly remedy: string | undefined;
  readonly variable: string | undefined;
}

/** @throws Errors that are not caused by the input. */
function faultIn(error: unknown): Fault {
  if (!(error instanceof PurserError) || error.code !== "invalid_request") throw error;
  const { field = "", remedy, variable } = error.detail;
  return { field, message: error.message, remedy, variable };
}

/** @param found At least one. */
export function configurationError(
  file: string,
  found: readonly ConfigurationFault[],
): PurserError {
  const faults = found
    .map((fault) => ({ ...fault, message: `${file} line ${fault.line}: ${fault.message}` }))
    .sort((left, right) => left.line - right.line);
  const [first] = faults;
  const { message = "", ...detail } = first ?? {};
  const more =
    faults.length > 1
      ? ` (and ${faults.length - 1} more ${faults.length === 2 ? "error" : "errors"})`
      : "";
  return new PurserError("invalid_configuration", `${message}${more}`, { ...detail, faults });
}

function without(fields: object, name: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([other]) => other !== name));
}

function valueOf(fields: object, name: string): unknown {
  return new Map<string, unknown>(Object.entries(fields)).get(name);
}

function isEmpty(fields: unknown, name: string): boolean {
  const value = isObject(fields) ? valueOf(fields, name) : undefined;
  return isObject(value) && Object.keys(value).length === 0;
}

/**
 * Replaces an item of a list, `to[1]`, by the first one of its stand-in.
 *
 * @returns Undefined if the path names no item, or it was replaced before.
 */
function withItem(
  fields: unknown,
  path: string,
  standIns: Readonly<Record<string, unknown>>,
): unknown {
  const [, name = "", index = ""] = /^([^.[]+)\[(\d+)\]$/.exec(path) ?? [];
  const [list, standIn] = [isObject(fields) ? fields[name] : undefined, standIns[name]];
  if (!Array.isArray(list) || !Array.isArray(standIn)) return undefined;
  const items: readonly unknown[] = list;
  const [item]: readonly unknown[] = standIn;
  if (items[Number(index)] === item) return undefined;
  return { ...(fields as object), [name]: items.with(Number(index), item) };
}

/**
 * Leaves out a member of a field: `meters.imges`, `context_tiers[0].over`.
 *
 * @param other The name that was meant: it gets the value, so that it is not reported missing.
 * @returns Undefined if the path names no member.
 */
function withoutMember(fields: unknown, path: string, other: string | undefined): unknown {
  if (typeof fields !== "object" || fields === null) return undefined;
  const name = Object.keys(fields).find(
    (key) => path.startsWith(key) && /^[.[]/.test(path.slice(key.length)),
  );
  if (name === undefined) return undefined;
  const inner = withoutPart(valueOf(fields, name), path.slice(name.length), other);
  return inner === undefined ? undefined : { ...fields, [name]: inner };
}

/** @param path Begins with `.` or `[`. */
function withoutPart(value: unknown, path: string, other: string | undefined): unknown {
  const [, index, rest = ""] = /^\[(\d+)\](.+)$/s.exec(path) ?? [];
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const inner = index === undefined ? undefined : withoutPart(items[Number(index)], rest, other);
    return inner === undefined ? undefined : items.with(Number(index), inner);
  }
  const name = path.slice(1);
  if (typeof value !== "object" || value === null || !path.startsWith(".")) return undefined;
  if (!Object.hasOwn(value, name)) return withoutMember(value, name, other);
  const moved = other === undefined ? {} : { [other]: valueOf(value, name) };
  return { ...moved, ...without(value, name) };
}

/** `amount` for `budgets[2].amount` in `budgets[2].`; undefined for a field of another object. */
function nameIn(field: string, prefix: string): string | undefined {
  return field.startsWith(prefix) ? /^[^.[]+/.exec(field.slice(prefix.length))?.[0] : undefined;
}
