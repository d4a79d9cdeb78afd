/**
 * Compares the price book with the newest lists of genai-prices and LiteLLM, and writes
 * `docs/reference/price-coverage.md`: `npm run check:prices`. Needs Python and PyPI, or `-- --genai
 * FILE@VERSION --litellm FILE@VERSION`.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openCatalogue } from "../../src/catalogue/catalogue.ts";
import { compareList, type Compared } from "./coverage.ts";
import { isCurrentModel } from "./current.ts";
import { publishedTexts, readTexts } from "./published.ts";
import { coveragePage, goalsMissed } from "./page.ts";

const page = path.join(import.meta.dirname, "..", "..", "docs", "reference", "price-coverage.md");
const download = mkdtempSync(path.join(tmpdir(), "purser-prices-"));
try {
  const { genai, litellm } = readTexts(publishedTexts(process.argv.slice(2), download));
  const catalogue = await openCatalogue();
  const book = catalogue.book([]);
  const at = Date.now();
  const isCurrent = isCurrentModel([genai, litellm], at);
  const compared: readonly Compared[] = [genai, litellm].flatMap((list) =>
    compareList(list, { book, at, isCurrent }),
  );
  const lists = [genai, litellm];
  const kept = lists
    .flatMap(({ ends = [] }) => ends)
    .filter(({ on, provider, model }) => on <= at && book.sheet({ provider, model, at }));
  writeFileSync(page, coveragePage({ lists, compared, at, version: book.version, kept }));
  const missed = goalsMissed(compared);
  process.stdout.write(
    `${missed.length === 0 ? "All goals are met" : `Below the goal: ${missed.join(", ")}`}.\n`,
  );
  process.stdout.write(`Wrote ${path.relative(process.cwd(), page)}\n`);
  process.exitCode = missed.length === 0 ? 0 : 1;
} finally {
  rmSync(download, { recursive: true, force: true });
}
