/** A folder with its own server, where the snippets of a page run as a reader would run them. */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./page.ts";

const main = path.join(root, "src/cli/main.ts");
const adminKey = "admin-key-of-the-documentation-test";
/** The address used in the pages. */
const documentedUrl = "http://127.0.0.1:4141";

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly notes: string;
  /** HTTP statuses received by curl, in order. */
  readonly statuses: readonly number[];
}

/** `welcome` is what the server printed at startup. */
export class Workshop {
  readonly folder: string;
  readonly welcome: string;
  readonly url: string;
  readonly #server: ChildProcess;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(started: {
    readonly folder: string;
    readonly welcome: string;
    readonly server: ChildProcess;
    readonly hasAdminKey: boolean;
  }) {
    this.folder = started.folder;
    this.welcome = started.welcome;
    this.#server = started.server;
    this.url = found(/listens on (\S+)/, started.welcome);
    const admin = started.hasAdminKey ? adminKey : found(/admin key +(\S+)/, started.welcome);
    this.#environment = {
      ...plainEnvironment(this.folder),
      PURSER_URL: this.url,
      PURSER_ADMIN_KEY: admin,
      PURSER_KEY: found(/caller key +(\S+)/, started.welcome),
    };
  }

  /**
   * @param options.hasAdminKey Whether the environment sets one; otherwise the first start creates
   *   it.
   */
  static async open({ hasAdminKey }: { readonly hasAdminKey: boolean }): Promise<Workshop> {
    const folder = mkdtempSync(path.join(tmpdir(), "purser-docs-"));
    symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
    writeFileSync(
      path.join(folder, "purser"),
      `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`,
      { mode: 0o755 },
    );
    // Each curl answer ends with a newline, to separate answers; its status goes to the notes.
    const curl = `#!/bin/sh\nPATH="$CURL_PATH" curl -sS -w '\\n%{stderr}[status %{http_code}]\\n' "$@"\n`;
    writeFileSync(path.join(folder, "curl"), curl, { mode: 0o755 });
    const env = { ...plainEnvironment(folder), ...(hasAdminKey && { PURSER_ADMIN_KEY: adminKey }) };
    const server = spawn(process.execPath, [main, "serve", "--port", "0"], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const welcome = await textUntil(server, /^Then: /m);
    return new Workshop({ folder, welcome, server, hasAdminKey });
  }

  /** Runs a shell snippet with its address replaced by this server's. */
  shell(text: string): Promise<Ran> {
    const script = text
      .replaceAll("npm run -s purser --", "purser")
      .replaceAll(documentedUrl, this.url);
    return this.#run("bash", ["-euo", "pipefail", "-c", script]);
  }

  /** Runs a JavaScript module. */
  script(text: string): Promise<Ran> {
    const file = path.join(this.folder, "snippet.mjs");
    const library = pathToFileURL(path.join(root, "src/index.ts")).href;
    writeFileSync(
      file,
      text
        .replaceAll(documentedUrl, this.url)
        .replace('from "purser"', `from ${JSON.stringify(library)}`),
    );
    return this.#run(process.execPath, [file]);
  }

  /** Runs a file of the repository. */
  file(name: string): Promise<Ran> {
    const command = name.endsWith(".sh") ? "sh" : process.execPath;
    return this.#run(command, [path.join(root, name)]);
  }

  async close(): Promise<void> {
    if (this.#server.exitCode === null) {
      this.#server.kill("SIGTERM");
      await once(this.#server, "exit");
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #run(command: string, args: readonly string[]): Promise<Ran> {
    const child = spawn(command, args, {
      cwd: this.folder,
      env: this.#environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, notes, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit") as Promise<[number | null]>,
    ]);
    const statuses = [...notes.matchAll(/^\[status (\d+)\]$/gm)].map(([, status]) =>
      Number(status),
    );
    return { code, out, notes, statuses };
  }
}

/** Whether this machine has the tools that shell snippets need. */
export const hasShell = ["bash", "curl"].every(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);

/** The help text of a command: `helpOf(["budget", "create"])`. */
export function helpOf(words: readonly string[]): string {
  return spawnSync(process.execPath, [main, ...words, "--help"], { encoding: "utf8" }).stdout;
}

/** Excludes the developer's environment: its provider keys would make real calls. */
function plainEnvironment(folder: string): Readonly<Record<string, string>> {
  const system = process.env["PATH"] ?? "";
  return {
    PATH: `${folder}:${path.dirname(process.execPath)}:${system}`,
    CURL_PATH: system,
    HOME: folder,
  };
}

async function textUntil(child: ChildProcess, pattern: RegExp): Promise<string> {
  let seen = "";
  for await (const chunk of child.stdout ?? []) {
    seen += String(chunk);
    if (pattern.test(seen)) return seen;
  }
  throw new Error(`the server ended before it was ready: ${seen}`);
}

async function text(stream: AsyncIterable<unknown>): Promise<string> {
  let all = "";
  for await (const chunk of stream) all += String(chunk);
  return all;
}

function found(pattern: RegExp, within: string): string {
  const [, match] = pattern.exec(within) ?? [];
  if (match === undefined) throw new Error(`the server did not say ${String(pattern)}: ${within}`);
  return match;
}
