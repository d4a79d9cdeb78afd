/**
 * A child process of a benchmark. It prints its address as JSON on its first line, or answers
 * messages over a channel.
 */

import { fork, spawn, type ChildProcess } from "node:child_process";

export interface SpawnOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
}

const endWithinMs = 15_000;
const notesKept = 4000;

export class Child {
  readonly #process: ChildProcess;
  #notes = "";

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.stderr
      ?.setEncoding("utf8")
      .on("data", (text: string) => (this.#notes = (this.#notes + text).slice(-notesKept)));
  }

  /** Starts a process with a channel, for {@link ask}. */
  static fork(file: string, words: readonly string[] = []): Child {
    return new Child(fork(file, words, { stdio: ["ignore", "ignore", "pipe", "ipc"] }));
  }

  /** Runs a program with this Node; {@link firstLine} reads its standard output. */
  static node(words: readonly string[], { environment = {}, directory }: SpawnOptions = {}): Child {
    const env = { ...process.env, ...environment };
    return new Child(
      spawn(process.execPath, words, {
        stdio: ["ignore", "pipe", "pipe"],
        env,
        ...(directory === undefined ? {} : { cwd: directory }),
      }),
    );
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error("the process did not start");
    return pid;
  }

  /** The end of its standard error output. */
  get notes(): string {
    return this.#notes;
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Sends one message at a time. @throws Error if the process exits instead of replying. */
  ask<Answer>(question: object): Promise<Answer> {
    return this.#unlessItEnds<Answer>((resolve) => {
      this.#process.once("message", (answer: Answer) => resolve(answer));
      this.#process.send(question);
    });
  }

  /** The first line of its output, as JSON. @throws Error if it exits first. */
  firstLine<Line>(): Promise<Line> {
    return this.#unlessItEnds<Line>((resolve) => {
      let out = "";
      this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => {
        if (out.includes("\n")) return;
        out += text;
        const end = out.indexOf("\n");
        if (end >= 0) resolve(JSON.parse(out.slice(0, end)) as Line);
      });
    });
  }

  /** Its whole output, once it exits. */
  async output(): Promise<string> {
    let out = "";
    this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
    if (this.isRunning) await new Promise((resolve) => this.#process.once("close", resolve));
    return out;
  }

  /** Resolves when it has exited by itself. */
  async exited(): Promise<number | null> {
    if (this.isRunning) await new Promise((resolve) => this.#process.once("exit", resolve));
    return this.#process.exitCode;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Asks it to exit, and kills it if it does not. */
  async end(): Promise<void> {
    if (!this.isRunning) return;
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.kill("SIGKILL"), endWithinMs);
    await this.exited();
    clearTimeout(timer);
  }

  #unlessItEnds<Answer>(begin: (resolve: (answer: Answer) => void) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void =>
        reject(new Error(`a process ended with code ${code}: ${this.#notes.trim()}`));
      this.#process.once("exit", ended);
      begin((answer) => {
        this.#process.off("exit", ended);
        resolve(answer);
      });
    });
  }
}
