/** Benchmarks pricing a call: finding the price sheet and computing the charge lines. */

import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { openCatalogue } from "../src/catalogue/catalogue.ts";
import type { PriceBook } from "../src/domain/price/sheet.ts";
import type { Bench } from "./bench.ts";
import { spread, type Spread } from "./report/statistics.ts";
import { numberText, spreadText } from "./report/table.ts";

interface Priced {
  readonly name: string;
  readonly provider: string;
  readonly model: string;
  readonly usage: Readonly<Record<string, number>>;
}

const calls: readonly Priced[] = [
  {
    name: "input and output",
    provider: "openai",
    model: "gpt-4.1-mini",
    usage: { input: 1200, output: 300 },
  },
  {
    name: "with a cache",
    provider: "anthropic",
    model: "claude-sonnet-4-5",
    usage: { input: 20, cache_read: 40_000, cache_write_5m: 900, output: 500 },
  },
  {
    name: "over a long-context limit",
    provider: "google",
    model: "gemini-2.5-pro",
    usage: { input: 300_000, output: 800 },
  },
  {
    name: "a dated name, matched by prefix",
    provider: "openai",
    model: "gpt-4.1-2025-04-14",
    usage: { input: 1200, output: 300 },
  },
];

export const pricing: Bench = {
  name: "pricing",
  title: "calls priced per second",
  async run({ rounds, seconds, other }, note) {
    const books = await Promise.all([root, ...(other === null ? [] : [other])].map(bookOf));
    const measured: { readonly name: string; readonly rates: readonly number[] }[] = [];
    for (const call of calls) {
      note(call.name);
      for (const book of books) rate(book, call, seconds / 4);
      const timed = Array.from({ length: rounds }, (_, round) =>
        inTurn(books, round).map((book) => ({ book, rate: rate(book, call, seconds) })),
      ).flat();
      for (const [index, book] of books.entries())
        measured.push({
          name: index === 0 ? call.name : `${call.name}, purser-other`,
          rates: timed.filter((one) => one.book === book).map((one) => one.rate),
        });
    }
    const rows = measured.map(({ name, rates }) => [
      name,
      spreadText(spread(rates)),
      microseconds(spread(rates)),
    ]);
    return {
      settings: { seconds },
      tables: [
        {
          title: "one thread, with a price lookup per call",
          columns: ["", "calls/s", "µs per call"],
          rows,
          notes: ["Exact integer charges with their rates, from the built-in price list."],
        },
      ],
      figures: [],
      invalid: [],
      rounds: measured,
    };
  },
};

const root = fileURLToPath(new URL("..", import.meta.url));

/** The book of the built-in list. @param checkout The root of a checkout. */
async function bookOf(checkout: string): Promise<PriceBook> {
  const { href } = pathToFileURL(join(checkout, "src/catalogue/catalogue.ts"));
  const catalogue = (await import(href)) as { readonly openCatalogue: typeof openCatalogue };
  return (await catalogue.openCatalogue()).book([]);
}

/** Each round begins with another book. */
function inTurn(books: readonly PriceBook[], round: number): readonly PriceBook[] {
  return round % 2 === 0 ? books : books.toReversed();
}

function rate(book: PriceBook, { provider, model, usage }: Priced, seconds: number): number {
  const begin = performance.now();
  const at = Date.now();
  let count = 0;
  while (performance.now() - begin < seconds * 1000) {
    for (let turn = 0; turn < 1000; turn++) {
      const lines = book
        .sheet({ provider, model, at })
        ?.charge({ model, usage }, { serviceTier: "standard", at });
      if (!lines || lines.length === 0) throw new Error(`${provider}/${model} has no price`);
      count += 1;
    }
  }
  return count / ((performance.now() - begin) / 1000);
}

function microseconds(rates: Spread | null): string {
  return rates === null ? "-" : numberText(1e6 / rates.median);
}
