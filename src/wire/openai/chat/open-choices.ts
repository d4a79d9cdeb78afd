/** Tracks which choices of a chat stream the caller has seen begin and end, to end the others. */

import { afterQuoted } from "../../bytes.ts";
import { parseObject, toObjects } from "../../count/count.ts";
import { valueAfterKey } from "../text-bytes.ts";
import { quote } from "../../ascii.ts";

const finishKey = Buffer.from('finish_reason"');
/** One of them is in every chunk with a choice; Azure's first chunk has none. */
const choiceKeys = ['delta"', 'finish_reason"', 'text"'].map((key) => Buffer.from(key));

interface Choice {
  hasBegun: boolean;
  hasEnded: boolean;
}

/** A choice that the caller has not seen end. */
export interface OpenChoice {
  readonly index: number;
  readonly hasBegun: boolean;
}

export class OpenChoices {
  readonly #choices: readonly Choice[];
  /** Read but not passed on yet: the index of a choice, and whether it ended. */
  readonly #unsent: { readonly index: number; readonly isEnd: boolean }[] = [];

  /** @param count The number of choices requested. */
  constructor(count: number) {
    this.#choices = Array.from({ length: count }, () => ({ hasBegun: false, hasEnded: false }));
  }

  /** @param payload One event's JSON text. */
  see(payload: Buffer): void {
    const [only, second] = this.#choices;
    if (second || !only) this.#seeMany(payload);
    else if (endsChoice(payload)) this.#unsent.push({ index: 0, isEnd: true });
    else if (!only.hasBegun && hasChoice(payload)) this.#unsent.push({ index: 0, isEnd: false });
  }

  passed(): void {
    if (this.#unsent.length === 0) return;
    for (const { index, isEnd } of this.#unsent.splice(0)) {
      const choice = this.#choices[index];
      if (!choice) continue;
      choice.hasBegun = true;
      choice.hasEnded ||= isEnd;
    }
  }

  open(): readonly OpenChoice[] {
    return this.#choices.flatMap(({ hasBegun, hasEnded }, index) =>
      hasEnded ? [] : [{ index, hasBegun }],
    );
  }

  /** Chunks of several choices come in any order, each with its index. */
  #seeMany(payload: Buffer): void {
    if (!hasChoice(payload)) return;
    for (const choice of toObjects(parseObject(payload)?.["choices"])) {
      const { index, finish_reason: reason } = choice;
      if (typeof index === "number")
        this.#unsent.push({ index, isEnd: typeof reason === "string" });
    }
  }
}

function hasChoice(payload: Buffer): boolean {
  return choiceKeys.some((key) => afterQuoted(payload, key) >= 0);
}

/** Whether a reason is given, and not null. */
function endsChoice(payload: Buffer): boolean {
  for (
    let at = afterQuoted(payload, finishKey);
    at >= 0;
    at = afterQuoted(payload, finishKey, at)
  ) {
    const value = valueAfterKey(payload, at);
    if (value >= 0 && payload[value] === quote) return true;
  }
  return false;
}
