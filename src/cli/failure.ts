/** Maps every error of the command line to a message, a field, a remedy and an exit code. */

import { type ConfigurationFault, type ErrorCode, PurserError } from "../domain/error.ts";
import type { Paint } from "./terminal/color.ts";
import { printable, withoutControls } from "./terminal/width.ts";
import { asCalled } from "./called.ts";

/** 0 success, 1 failure, 2 wrong usage, 3 refused by a budget. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Failure {
  readonly exitCode: ExitCode;
  /** An {@link ErrorCode}, the reason of a refusal, or a system error code. */
  readonly code: string;
  readonly message: string;
  readonly field: string | null;
  readonly remedy: string | null;
  /** All errors of a configuration file. */
  readonly faults?: readonly ConfigurationFault[];
}

/** A valid setting that is probably a mistake. */
export interface Warning {
  /** With the file and the line. */
  readonly message: string;
  readonly field: string;
  readonly remedy: string;
}

/** An unsuccessful answer of the control plane. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | null;
  readonly remedy: string | null;

  constructor(problem: {
    readonly status: number;
    readonly code: string;
    readonly message: string;
    readonly field?: string;
    readonly remedy?: string;
  }) {
    super(problem.message);
    this.name = "ApiProblem";
    this.status = problem.status;
    this.code = problem.code;
    this.field = problem.field ?? null;
    this.remedy = problem.remedy ?? null;
  }
}

/**
 * Reads a problem+json body, or an error in a provider's format as the gateway sends it to agents.
 * The status supplies what is missing.
 */
export function problemOf(status: number, body: unknown): ApiProblem {
  const problem = fieldsOf(body);
  const purser = fieldsOf(problem["purser"]);
  const field = textOf(problem["field"]);
  const remedy =
    status === 401 ? keyRemedy : (textOf(problem["remedy"]) ?? textOf(purser["remedy"]));
  const reason =
    textOf(problem["detail"]) ?? toAgents(problem["error"], remedy) ?? textOf(problem["title"]);
  const message = reason ?? `the server answered ${status}`;
  const code = textOf(purser["reason"]) ?? textOf(problem["code"]) ?? `http_${status}`;
  return new ApiProblem({
    status,
    code,
    message,
    ...(field === undefined ? {} : { field }),
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/**
 * The message of an error in a provider's format, without the remedy at its end. Agents see only
 * the message, so the gateway appends the remedy to it.
 */
function toAgents(error: unknown, remedy = ""): string | undefined {
  const message = textOf(fieldsOf(error)["message"]);
  return message?.endsWith(` ${remedy}`) ? message.slice(0, -remedy.length - 1) : message;
}

/** @param error Any thrown value. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ApiProblem) {
    return {
      exitCode: exitOfStatus(error.status),
      code: error.code,
      message: error.message,
      field: error.field,
      remedy: error.remedy,
    };
  }
  if (error instanceof PurserError) return failureOfPurser(error);
  const message = missingPath(error) ?? (error instanceof Error ? error.message : String(error));
  const code =
    error instanceof Error && "code" in error && typeof error.code === "string"
      ? error.code
      : "failed";
  return { exitCode: 1, code, message, field: null, remedy: systemRemedies[code] ?? null };
}

/** Prints the message, the field, and the remedy. */
export function failureText(failure: Failure, paint: Paint): string {
  return (failure.faults ?? [failure]).map((fault) => faultText(fault, paint)).join("");
}

function faultText(
  { message, field, remedy }: Pick<Failure, "message"> & Partial<Failure>,
  paint: Paint,
): string {
  const lines = [`${paint.red("error")}  ${asCalled(plain(message))}`];
  if (isSome(field) && !message.includes(field)) lines.push(`field  ${plain(field)}`);
  if (isSome(remedy)) lines.push(`${paint.cyan("remedy")} ${asCalled(plain(remedy))}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** On one line, without colours of its own. */
function plain(text: string): string {
  return printable(withoutControls(text));
}

function isSome<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

export function failureJson(failure: Failure): string {
  const { code, message, field, remedy, faults } = failure;
  return `${JSON.stringify({ error: { code, message, field, remedy, ...(faults && { faults }) } })}\n`;
}

export function warningText({ message, remedy }: Warning, paint: Paint): string {
  return `${paint.yellow("warning")} ${plain(message)}\n${paint.cyan("remedy")}  ${plain(remedy)}\n`;
}

export function warningJson(warning: Warning): string {
  return `${JSON.stringify({ warning })}\n`;
}

const keyRemedy =
  "Give a live admin key with --admin-key, or with --url as PURSER_ADMIN_KEY. On the machine of the server, give its data folder with --data, and neither a key nor --url.";

/** Usage errors: the same command fails again until it, or a file it names, is changed. */
const wrongUse: ReadonlySet<ErrorCode> = new Set(["invalid_request", "invalid_configuration"]);

const systemRemedies: Readonly<Record<string, string>> = {
  EACCES: "Check who owns the file or folder, and that this user may read and write it.",
  ENOENT: "Check the path.",
  EISDIR: "Give a file, not a folder.",
  ENOSPC: "Free some disk space, then run this again.",
  ECONNREFUSED: "Check that the server is running and that --url is correct.",
};

function missingPath(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error && error.code === "ENOENT" && "path" in error))
    return undefined;
  return `no such file or folder: ${String(error.path)}`;
}

function failureOfPurser(error: PurserError): Failure {
  const { field, remedy, line, faults } = error.detail;
  const at = line === undefined || error.message.includes(`line ${line}`) ? "" : ` (line ${line})`;
  const exitCode = wrongUse.has(error.code) ? 2 : 1;
  return {
    exitCode,
    code: error.code,
    message: `${error.message}${at}`,
    field: field ?? null,
    remedy: remedy ?? null,
    ...(faults && { faults }),
  };
}

function exitOfStatus(status: number): ExitCode {
  if (status === 402) return 3;
  return status === 400 || status === 413 || status === 422 ? 2 : 1;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
