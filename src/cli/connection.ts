/** Connects a command to the control plane of a running server, or else of the data folder. */

import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PurserError } from "../domain/error.ts";
import { problemOf } from "./failure.ts";

export interface Answer {
  readonly status: number;
  /** The parsed body if it is JSON, otherwise null. */
  readonly json: unknown;
  readonly text: string;
}

/** A client of the control plane API. */
export interface Connection {
  /** `server` over HTTP, `folder` inside this process. */
  readonly mode: "server" | "folder";
  /** The address of the server or the path of the folder, for messages. */
  readonly where: string;
  /** Returns any answer, including refusals and failures. */
  request(method: string, path: string, body?: unknown): Promise<Answer>;
  /**
   * Gets a file while it is made.
   *
   * @throws ApiProblem if the server refuses.
   */
  download(path: string): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

/** The requested server or folder. */
export interface Target {
  readonly data: string;
  readonly url?: string | undefined;
  readonly adminKey?: string | undefined;
}

/** A data folder opened in this process. */
export interface OpenFolder {
  fetch(request: Request): Promise<Response>;
  /** Sent as the key of each request. */
  readonly token: string;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly target: Target;
  readonly openFolder: (dataDirectory: string) => Promise<OpenFolder>;
  /** Whether the folder may be created: only for commands that create something. */
  readonly create?: boolean;
  /** Without a folder, an empty one is used and removed afterwards: only for commands that check. */
  readonly standIn?: boolean;
}

/** What a running server writes to its data folder, readable only by the owner. */
export interface ServerNote {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
}

const answerWithinMs = 30_000;
const aliveWithinMs = 2_000;

/**
 * @throws PurserError `upstream_unreachable` if `--url` does not respond, `not_found` if there is
 *   no data folder, `store_unavailable` if another process holds it and does not respond.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { target } = options;
  if (target.url !== undefined) return overHttp(checkedUrl(target.url), target.adminKey);
  const note = await runningServer(target.data);
  if (note) return overHttp(note.url, target.adminKey ?? note.token);
  if (options.create !== true && !(await exists(target.data))) {
    if (options.standIn === true) return inEmptyFolder(options.openFolder);
    throw noFolder(target.data);
  }
  return inFolder(await options.openFolder(target.data), target.data);
}

/** The server that owns a data folder, if it responds. Ignores the note of a killed server. */
export async function runningServer(dataDirectory: string): Promise<ServerNote | undefined> {
  const note = await readNote(path.join(dataDirectory, "server.json"));
  return note && (await answers(note.url)) ? note : undefined;
}

/**
 * Returns the body of a successful answer.
 *
 * @throws ApiProblem for any other answer.
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

/** Connects to a server over HTTP; each request has a timeout. */
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
    download: async (target) =>
      fileOf(
        await fetch(new URL(target, url), { headers }).catch((error: unknown) => {
          throw unreachable(url, error);
        }),
      ),
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
    download: async (target) =>
      fileOf(
        await folder.fetch(
          new Request(new URL(target, "http://127.0.0.1"), {
            headers: { authorization: `Bearer ${folder.token}` },
          }),
        ),
      ),
    close: () => folder.close(),
  };
}

async function fileOf(response: Response): Promise<AsyncIterable<Uint8Array>> {
  if (response.ok && response.body) return response.body;
  throw problemOf(response.status, parsed(await response.text()));
}

async function inEmptyFolder(openFolder: ConnectOptions["openFolder"]): Promise<Connection> {
  const directory = await mkdtemp(path.join(tmpdir(), "purser-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const folder = await openFolder(directory).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    ...inFolder(folder, "the built-in prices"),
    close: async () => {
      await folder.close();
      await remove();
    },
  };
}

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, json: parsed(text), text };
}

/** Exports and metrics are not JSON, which is not an error. */
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

/** Whether the program at an address is Purser, judging by its `/healthz`. */
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

/** @throws PurserError `invalid_request` if it is not an http or https URL. */
export function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new PurserError("invalid_request", `--url: "${url}" is not an http or https URL`, {
    field: "--url",
    remedy: "Give the address that the server prints, such as http://127.0.0.1:4141.",
  });
}

function unreachable(url: string, cause: unknown): PurserError {
  const timedOut = cause instanceof Error && cause.name === "TimeoutError";
  return new PurserError(
    "upstream_unreachable",
    `${url} ${timedOut ? "did not respond in time" : "does not respond"}`,
    {
      field: "--url",
      remedy: "Check that the server is running there: `purser serve` prints its address.",
      cause,
    },
  );
}

function noFolder(data: string): PurserError {
  return new PurserError(
    "not_found",
    `there is no data folder at ${path.resolve(data)}, and no server that uses it`,
    {
      field: "--data",
      remedy: "Start `purser serve`, or give the folder with --data or the server with --url.",
    },
  );
}
