/** Benchmarks token counting against tiktoken, including texts made to be slow. */

import { createRequire } from "node:module";
import path from "node:path";
import { loadEncoding } from "../src/tokenizer/encoding.ts";
import type { Bench, BenchOptions } from "./bench.ts";
import { bodyText } from "./load/request.ts";
import { spread } from "./report/statistics.ts";
import { numberText, spreadText } from "./report/table.ts";
import { installPeer } from "./target/cache.ts";

/** Counts the tokens of a text in OpenAI's o200k_base encoding. */
type Count = (text: string) => number | Promise<number>;

const kilobytes = 100;

const texts: readonly { readonly name: string; readonly text: string }[] = [
  {
    name: "an agent's messages",
    text: bodyText({
      path: "",
      headers: {},
      model: "m",
      promptBytes: kilobytes * 1000,
      maxTokens: 1,
      stream: false,
    }),
  },
  { name: "one letter, no break", text: "a".repeat(kilobytes * 1000) },
  { name: "letters at random, no break", text: randomLetters(kilobytes * 1000) },
  { name: "blanks", text: " ".repeat(kilobytes * 1000) },
  {
    name: "Chinese",
    text: "預算在每次呼叫之前都會被檢查，剩餘的金額決定答案可以有多長。".repeat(
      Math.ceil((kilobytes * 1000) / 90),
    ),
  },
];

export const tokens: Bench = {
  name: "tokens",
  title: `text counted, ${kilobytes} KB at a time`,
  async run(options, note) {
    const counters: readonly { readonly name: string; readonly count: Count }[] = [
      { name: "purser", count: await loadEncoding("o200k_base") },
      ...(options.without.includes("tiktoken") ? [] : [{ name: "tiktoken", count: tiktoken() }]),
    ];
    const measured: Measured[] = [];
    for (const { name: textName, text } of texts) {
      for (const { name, count } of counters) {
        note(`${textName}, ${name}`);
        measured.push({ text: textName, counter: name, ...(await measure(count, text, options)) });
      }
    }
    return {
      settings: { bytes: kilobytes * 1000 },
      tables: [
        {
          title: "milliseconds per text",
          columns: ["", ...counters.map(({ name }) => name), "MB/s", "tokens"],
          rows: texts.map(({ name, text }) =>
            row(measured, { name, bytes: Buffer.byteLength(text) }),
          ),
          notes: [
            "MB/s and tokens are Purser's. Only calls near a budget's limit are counted, in a separate thread; all others are bounded by their bytes.",
            "Purser splits runs without a break at 2,000 characters to avoid quadratic time; its count may then differ from tiktoken's by a few tokens.",
          ],
        },
      ],
      figures: [],
      invalid: [],
      rounds: measured,
    };
  },
};

interface Measured {
  readonly text: string;
  readonly counter: string;
  readonly milliseconds: readonly number[];
  readonly tokens: number;
}

/** Counts a text repeatedly, fewer times if it takes over a second. */
async function measure(
  count: Count,
  text: string,
  { rounds, quick }: BenchOptions,
): Promise<Pick<Measured, "milliseconds" | "tokens">> {
  const milliseconds: number[] = [];
  let tokens = await count(text.slice(0, 2000));
  for (let turn = 0; turn < (quick ? 1 : rounds * 3); turn++) {
    const begin = performance.now();
    tokens = await count(text);
    milliseconds.push(performance.now() - begin);
    if (milliseconds.length >= rounds && (milliseconds.at(-1) ?? 0) > 1000) break;
  }
  return { milliseconds, tokens };
}

function row(
  measured: readonly Measured[],
  { name, bytes }: { readonly name: string; readonly bytes: number },
): readonly string[] {
  const same = measured.filter(({ text }) => text === name);
  const [own] = same;
  const middle = spread(own?.milliseconds ?? [])?.median ?? NaN;
  return [
    name,
    ...same.map(({ milliseconds }) => spreadText(spread(milliseconds))),
    numberText(bytes / 1000 / middle),
    numberText(own?.tokens),
  ];
}

/** OpenAI's own tokenizer, compiled to WebAssembly. */
function tiktoken(): Count {
  const folder = installPeer({
    name: "tiktoken",
    manifest: { dependencies: { tiktoken: "1.0.22" } },
  });
  const load = createRequire(path.join(folder, "package.json"));
  const { get_encoding: encoding } = load("tiktoken") as {
    readonly get_encoding: (name: string) => {
      encode(text: string, allowed: readonly string[], refused: readonly string[]): Uint32Array;
    };
  };
  const o200k = encoding("o200k_base");
  return (text) => o200k.encode(text, [], []).length;
}

/** Returns the same letters each time. */
function randomLetters(length: number): string {
  let state = 42;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += String.fromCharCode(97 + ((state >>> 16) % 26));
  }
  return text;
}
