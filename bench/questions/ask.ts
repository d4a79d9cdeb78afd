/** Asks a gateway questions: timed one by one, or one after another while something else runs. */

import { Sample, type Distribution } from "../report/statistics.ts";
import type { PurserTarget } from "../target/purser.ts";
import { questions, type Question } from "./questions.ts";

export interface Answered extends Question {
  /** The first time, with nothing of it in memory. */
  readonly firstMs: number;
  /** Of the later times. */
  readonly times: Distribution;
}

export async function timeAll(purser: PurserTarget, times: number): Promise<readonly Answered[]> {
  const answered: Answered[] = [];
  for (const question of questions) {
    const firstMs = await timeOne(purser, question);
    const sample = new Sample();
    for (let turn = 0; turn < times; turn++) sample.add(await timeOne(purser, question));
    answered.push({ ...question, firstMs, times: sample.distribution() });
  }
  return answered;
}

async function timeOne(purser: PurserTarget, { path }: Question): Promise<number> {
  const begin = performance.now();
  await purser.api("GET", path);
  return performance.now() - begin;
}

/** Sends one question after another until stopped. */
export class Asking {
  readonly #done: Promise<void>;
  #asked = 0;
  #isStopped = false;

  constructor(purser: PurserTarget) {
    this.#done = this.#ask(purser);
  }

  /** @returns How many were answered. */
  async stop(): Promise<number> {
    this.#isStopped = true;
    await this.#done;
    return this.#asked;
  }

  async #ask(purser: PurserTarget): Promise<void> {
    // A stride that meets kinds of questions in turn.
    for (let turn = 0; !this.#isStopped; turn++) {
      await purser.api("GET", questions[(turn * 11) % questions.length]?.path ?? "");
      this.#asked += 1;
    }
  }
}
