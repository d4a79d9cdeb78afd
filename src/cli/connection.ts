/** How a command reaches the figures: a running server when there is one, and the data folder when there is none. */

import { access, readFile } from "node:fs/promises";
import path from "node:path";
import { PurserError } from "../domain/error.ts";
import { problemOf } from "./failure.ts";

export interface Answer {
  readonly status: number;
  /** Parsed when the body is JSON, null otherwise. */
  readonly json: unknown;
  readonly text: string;
}

/** Speaks the control plane's API. */
export interface Connection {
  /** `server` over HTTP, `folder` inside this process. */
  readonly mode: "server" | "folder";
  /** The server's address or the folder's path, for messages. */
  readonly where: string;
  /** Any answer, also a refusal or a failure. */
  request(method: string, path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

/** Which server or folder is meant. */
export interface Target {
  readonly data: string;
  readonly url?: string | undefined;
  readonly adminKey?: string | undefined;
}

/** A data folder that was opened inside this process. */
export interface OpenFolder {
  fetch(request: Request): Promise<Response>;
  /** Sent as the key of each request. */
  readonly token: string;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly target: Target;
  readonly openFolder: (dataDirectory: string) => Promise<OpenFolder>;
  /** A command that makes something may make the folder, too; one that reads must not. */
  readonly create?: boolean;
}

/** What a running server leaves in its data folder, for its owner's eyes only. */
export interface ServerNote {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
}

const answerWithinMs = 30_000;
const aliveWithinMs = 2_000;

/**
 * @throws PurserError `upstream_unreachable` when `--url` does not answer, `not_found` when there is no data folder,
 *   `store_unavailable` when another process holds it and does not answer.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { target } = options;
  if (target.url !== undefined) return overHttp(checkedUrl(target.url), target.adminKey);
  const note = await runningServer(target.data);
  if (note) return overHttp(note.url, target.adminKey ?? note.token);
  if (options.create !== true && !(await exists(target.data))) throw noFolder(target.data);
  return inFolder(await options.openFolder(target.data), target.data);
}

/** The server that holds a data folder, if it answers; a note that a killed server left behind counts for nothing. */
export async function runningServer(dataDirectory: string): Promise<ServerNote | undefined> {
  const note = await readNote(path.join(dataDirectory, "server.json"));
  return note && (await answers(note.url)) ? note : undefined;
}

/**
 * The body of a success.
 *
 * @throws ApiProblem for every other answer.
 */
export async function ask(
  connection: Connection,
  method: string,
  request: { readonly path: string; readonly body?: unknown },
): Promise<unknown> {
  const answer = await connection.request(method, request.path, request.body);
  if (answer.status < 200 || answer.status > 299) throw problemOf(answer.status, answer.json);
  return answer.json;
}

/** Speaks to a server; each request has a bound in time. */
export function overHttp(url: string, key: string | undefined): Connection {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return {
    mode: "server",
    where: url,
    request: async (method, target, body) => {
      const init = {
        method,
        headers: { ...headers, ...contentType(body) },
        ...bodyOf(body),
        signal: AbortSignal.timeout(answerWithinMs),
      };
      const response = await fetch(new URL(target, url), init).catch((error: unknown) => {
        throw unreachable(url, error);
      });
      return readAnswer(response);
    },
    close: async () => {},
  };
}

function inFolder(folder: OpenFolder, where: string): Connection {
  return {
    mode: "folder",
    where,
    request: async (method, target, body) => {
      const headers = { authorization: `Bearer ${folder.token}`, ...contentType(body) };
      return readAnswer(
        await folder.fetch(
          new Request(new URL(target, "http://127.0.0.1"), { method, headers, ...bodyOf(body) }),
        ),
      );
    },
    close: () => folder.close(),
  };
}

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, json: parsed(text), text };
}

/** Exports and metrics are no JSON, and that is no error. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function contentType(body: unknown): Readonly<Record<string, string>> {
  return body === undefined ? {} : { "content-type": "application/json" };
}

function bodyOf(body: unknown): { readonly body?: string } {
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

async function readNote(file: string): Promise<ServerNote | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  const note = text === undefined ? null : parsed(text);
  if (typeof note !== "object" || note === null) return undefined;
  const { pid, url, token } = note as Readonly<Record<string, unknown>>;
  return typeof pid === "number" && typeof url === "string" && typeof token === "string"
    ? { pid, url, token }
    : undefined;
}

async function answers(url: string): Promise<boolean> {
  const response = await askHealth(url);
  await response?.body?.cancel();
  return response?.ok === true;
}

/** Whether what listens at an address is a gateway of this kind, by its answer to who it is. */
export async function isPurser(url: string): Promise<boolean> {
  const response = await askHealth(url);
  const health = parsed((await response?.text().catch(() => undefined)) ?? "");
  return typeof health === "object" && health !== null && "status" in health && "version" in health;
}

async function askHealth(url: string): Promise<Response | undefined> {
  return fetch(new URL("/healthz", url), { signal: AbortSignal.timeout(aliveWithinMs) }).catch(
    () => undefined,
  );
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** @throws PurserError `invalid_request` for what is no address of HTTP. */
export function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new PurserError("invalid_request", `--url: "${url}" is not an address`, {
    field: "--url",
    remedy: "Write it as the server prints it, such as http://127.0.0.1:4141.",
  });
}

function unreachable(url: string, cause: unknown): PurserError {
  const timedOut = cause instanceof Error && cause.name === "TimeoutError";
  return new PurserError(
    "upstream_unreachable",
    `${url} ${timedOut ? "did not answer in time" : "does not answer"}`,
    {
      field: "--url",
      remedy: "Check that the server runs there: `purser serve` prints its address.",
      cause,
    },
  );
}

function noFolder(data: string): PurserError {
  return new PurserError(
    "not_found",
    `there is no data folder at ${path.resolve(data)}, and no server that holds it`,
    {
      field: "--data",
      remedy: "Start `purser serve`, or name the folder with --data or the server with --url.",
    },
  );
}
