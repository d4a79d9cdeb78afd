/** Benchmarks how exactly a hard budget bounds the bill, for any kind of text and chunk size. */

import { textKinds } from "../src/simulator/answer/text-kind.ts";
import { Bounds, rates, type CrowdOptions, type CrowdResult } from "../test/e2e/bounds.ts";
import type { BenchOptions, Figure, Table } from "./bench.ts";

const pieces = [1, 12, 500] as const;
const tokens = 1500;
/** The number of streams that the budget pays for. */
const room = 7;

export interface TextCrowd extends Pick<
  CrowdOptions,
  "text" | "chunk" | "calls" | "stream" | "gapMs"
> {
  readonly lying: boolean;
  readonly result: Readonly<Record<keyof CrowdResult, string>>;
  readonly usedPercent: number;
  readonly isExact: boolean;
}

/**
 * Streams of each kind of text, from an honest provider and one that ignores `max_tokens`; and
 * non-streamed answers.
 */
export async function crowdsOfTexts(
  { rounds, quick }: BenchOptions,
  note: (text: string) => void,
): Promise<readonly TextCrowd[]> {
  const bounds = await Bounds.open();
  const done: TextCrowd[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      for (const crowd of crowds(quick)) {
        note(`round ${round + 1}, ${nameOf(crowd)}`);
        done.push(
          judged(crowd, await bounds.run({ wire: "openai", output: tokens, room, ...crowd })),
        );
      }
    }
    return done;
  } finally {
    await bounds.close();
  }
}

type Crowd = Pick<CrowdOptions, "text" | "chunk" | "calls" | "stream" | "gapMs"> & {
  readonly lying: boolean;
};

function crowds(quick: boolean): readonly Crowd[] {
  const texts = quick ? (["english", "csv"] as const) : textKinds;
  const streams = texts.flatMap((text) =>
    pieces.map((chunk) => ({ text, chunk, calls: 20, stream: true, lying: false })),
  );
  const crowded = { text: "english", chunk: 12, calls: 200, stream: true, lying: false } as const;
  const whole = texts.map((text) => ({ text, chunk: 12, calls: 20, stream: false, lying: false }));
  const lying = texts.map((text) => ({
    text,
    chunk: 12,
    calls: 20,
    stream: true,
    lying: true,
    gapMs: 10,
  }));
  return [...streams, crowded, ...whole, ...lying];
}

/** An honest provider bills at most the budget; a lying one at most one chunk per stream more. */
function judged(crowd: Crowd, result: CrowdResult): TextCrowd {
  const { limit, spent, billed, held } = result;
  const slack = crowd.lying ? BigInt(result.served * crowd.chunk) * rates.output : 0n;
  const isBounded =
    spent <= limit + slack && held === 0n && (crowd.lying || (billed <= limit && spent >= billed));
  const usedPercent = Number((spent * 1000n) / limit) / 10;
  const texts = Object.fromEntries(
    Object.entries(result).map(([name, value]) => [name, String(value)]),
  );
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
    title: `a budget for ${room} of 20 or 200 streams of ${tokens} tokens, by text and tokens per chunk`,
    columns: ["", "used, %", "billed above the budget", "ledger below the bill", "within bounds"],
    rows: names.map((name) => {
      const same = done.filter((crowd) => nameOf(crowd) === name);
      const count = (isSo: (result: TextCrowd["result"]) => boolean): string =>
        String(same.filter(({ result }) => isSo(result)).length);
      return [
        name,
        same.map(({ usedPercent }) => usedPercent.toFixed(1)).join(", "),
        count(({ billed, limit }) => BigInt(billed) > BigInt(limit)),
        count(({ billed, spent }) => BigInt(spent) < BigInt(billed)),
        same.every(({ isExact }) => isExact) ? "yes" : "no",
      ];
    }),
    notes: [
      "Billed: the upstream's own count of what it generated. A lying upstream generates twice the requested output unless the connection is closed.",
    ],
  };
}

export function textFigure(done: readonly TextCrowd[]): Figure {
  const wrong = done.filter(({ isExact }) => !isExact);
  return {
    what: "hard budgets with every kind of text, honest and lying upstreams",
    wanted:
      "0 overspent; 95 % used with English, 85 % with any text; at most one chunk per stream more if max_tokens is ignored",
    measured:
      wrong.length === 0
        ? `met in all ${done.length} crowds`
        : `not met in ${wrong.length} of ${done.length} crowds`,
    met: wrong.length === 0,
  };
}

function nameOf({ text, chunk, calls, stream, lying }: Crowd): string {
  return `${calls} ${lying ? "lying " : ""}${stream ? `streams of ${text}, ${chunk} per chunk` : `answers of ${text}`}`;
}
