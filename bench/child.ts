/** A process that a benchmark starts and ends: it says on its first line, as JSON, where it listens, or is asked over its channel. */

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
    process.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#notes = (this.#notes + text).slice(-notesKept)));
  }

  /** With a channel: {@link ask} works. */
  static fork(file: string, words: readonly string[] = []): Child {
    return new Child(fork(file, words, { stdio: ["ignore", "ignore", "pipe", "ipc"] }));
  }

  /** A program of this Node, whose standard output {@link firstLine} reads. */
  static node(words: readonly string[], { environment = {}, directory }: SpawnOptions = {}): Child {
    const env = { ...process.env, ...environment };
    return new Child(
      spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"], env, ...(directory === undefined ? {} : { cwd: directory }) }),
    );
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error("the process did not start");
    return pid;
  }

  /** What it wrote to its error output last. */
  get notes(): string {
    return this.#notes;
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** One question at a time. @throws Error when the process ends instead of answering. */
  ask<Answer>(question: object): Promise<Answer> {
    return this.#unlessItEnds<Answer>((resolve) => {
      this.#process.once("message", (answer: Answer) => resolve(answer));
      this.#process.send(question);
    });
  }

  /** The first line that it prints, as JSON. @throws Error when it ends instead. */
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

  /** All that it prints until it ends. */
  async output(): Promise<string> {
    let out = "";
    this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
    if (this.isRunning) await new Promise((resolve) => this.#process.once("close", resolve));
    return out;
  }

  /** Resolves when it has ended by itself. */
  async exited(): Promise<number | null> {
    if (this.isRunning) await new Promise((resolve) => this.#process.once("exit", resolve));
    return this.#process.exitCode;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Asks it to end, and ends it when it does not. */
  async end(): Promise<void> {
    if (!this.isRunning) return;
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.kill("SIGKILL"), endWithinMs);
    await this.exited();
    clearTimeout(timer);
  }

  #unlessItEnds<Answer>(begin: (resolve: (answer: Answer) => void) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`a process ended with code ${code}: ${this.#notes.trim()}`));
      this.#process.once("exit", ended);
      begin((answer) => {
        this.#process.off("exit", ended);
        resolve(answer);
      });
    });
  }
}
