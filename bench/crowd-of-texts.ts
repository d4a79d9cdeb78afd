/** How exactly a hard budget bounds what is billed, whatever text its streams are, in pieces of any size. */

import { textKinds } from "../src/simulator/answer/text-kind.ts";
import { Bounds, rates, type CrowdOptions, type CrowdResult } from "../test/e2e/bounds.ts";
import type { BenchOptions, Figure, Table } from "./bench.ts";

const pieces = [1, 12, 500] as const;
const tokens = 1500;
/** How many of the streams the budget pays for. */
const room = 7;

export interface TextCrowd extends Pick<CrowdOptions, "text" | "chunk" | "calls" | "stream" | "gapMs"> {
  readonly lying: boolean;
  readonly result: Readonly<Record<keyof CrowdResult, string>>;
  readonly usedPercent: number;
  readonly isExact: boolean;
}

/** Streams of every kind of text, honest and of a provider that ignores `max_tokens`; and whole answers. */
export async function crowdsOfTexts({ rounds, quick }: BenchOptions, note: (text: string) => void): Promise<readonly TextCrowd[]> {
  const bounds = await Bounds.open();
  const done: TextCrowd[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      for (const crowd of crowds(quick)) {
        note(`round ${round + 1}, ${nameOf(crowd)}`);
        done.push(judged(crowd, await bounds.run({ wire: "openai", output: tokens, room, ...crowd })));
      }
    }
    return done;
  } finally {
    await bounds.close();
  }
}

type Crowd = Pick<CrowdOptions, "text" | "chunk" | "calls" | "stream" | "gapMs"> & { readonly lying: boolean };

function crowds(quick: boolean): readonly Crowd[] {
  const texts = quick ? (["english", "csv"] as const) : textKinds;
  const streams = texts.flatMap((text) => pieces.map((chunk) => ({ text, chunk, calls: 20, stream: true, lying: false })));
  const crowded = { text: "english", chunk: 12, calls: 200, stream: true, lying: false } as const;
  const whole = texts.map((text) => ({ text, chunk: 12, calls: 20, stream: false, lying: false }));
  const lying = texts.map((text) => ({ text, chunk: 12, calls: 20, stream: true, lying: true, gapMs: 10 }));
  return [...streams, crowded, ...whole, ...lying];
}

/** An honest provider bills no more than the budget has, and a lying one no more than a piece of each stream beside it. */
function judged(crowd: Crowd, result: CrowdResult): TextCrowd {
  const { limit, spent, billed, held } = result;
  const slack = crowd.lying ? BigInt(result.served * crowd.chunk) * rates.output : 0n;
  const isBounded = spent <= limit + slack && held === 0n && (crowd.lying || (billed <= limit && spent >= billed));
  const usedPercent = Number((spent * 1000n) / limit) / 10;
  const texts = Object.fromEntries(Object.entries(result).map(([name, value]) => [name, String(value)]));
  return {
    ...crowd,
    result: texts as TextCrowd["result"],
    usedPercent,
    isExact: isBounded && usedPercent >= (crowd.text === "english" ? 95 : 85),
  };
}

export function textTable(done: readonly TextCrowd[]): Table {
  const names = [...new Set(done.map(nameOf))];
  return {
    title: `a budget for ${room} of 20 or 200 streams of ${tokens} tokens, by text and tokens in a piece`,
    columns: ["", "used, %", "billed more than the budget had", "ledger below the bill", "within bounds"],
    rows: names.map((name) => {
      const same = done.filter((crowd) => nameOf(crowd) === name);
      const count = (isSo: (result: TextCrowd["result"]) => boolean): string => String(same.filter(({ result }) => isSo(result)).length);
      return [
        name,
        same.map(({ usedPercent }) => usedPercent.toFixed(1)).join(", "),
        count(({ billed, limit }) => BigInt(billed) > BigInt(limit)),
        count(({ billed, spent }) => BigInt(spent) < BigInt(billed)),
        same.every(({ isExact }) => isExact) ? "yes" : "no",
      ];
    }),
    notes: [
      "Billed is the upstream's own count of what it generated. A lying one generates twice what it was asked for, until it is closed.",
    ],
  };
}

export function textFigure(done: readonly TextCrowd[]): Figure {
  const wrong = done.filter(({ isExact }) => !isExact);
  return {
    what: "hard budgets under every kind of text, honest and lying upstreams",
    wanted: "0 overspent; 95 % used with English, 85 % with any text; a piece of each stream beside it where max_tokens is ignored",
    measured: wrong.length === 0 ? `so in all ${done.length} crowds` : `${wrong.length} of ${done.length} crowds were not so`,
    met: wrong.length === 0,
  };
}

function nameOf({ text, chunk, calls, stream, lying }: Crowd): string {
  return `${calls} ${lying ? "lying " : ""}${stream ? `streams of ${text}, ${chunk} a piece` : `answers of ${text}`}`;
}
