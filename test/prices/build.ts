/**
 * Makes the built-in price list from published ones: `npm run build:prices`, with the newest releases
 * from PyPI or with `-- --genai FILE@VERSION --litellm FILE@VERSION`.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { formatListed } from "../../src/catalogue/listed-row.ts";
import { inRegion } from "../../src/catalogue/bedrock-place.ts";
import { disagreements, mergeLists } from "../../src/catalogue/merge.ts";
import { completeSameModels } from "../../src/catalogue/same-model.ts";
import { withWholeRegions } from "../../src/catalogue/whole-region.ts";
import { parseExact } from "../../src/catalogue/source/exact-json.ts";
import { readGenaiProviders } from "../../src/catalogue/source/genai-prices.ts";
import type { CatalogueRow } from "../../src/domain/price/row/row.ts";
import { publishedTexts, readTexts } from "./published.ts";
import { isPreferred, isUndecided, withRightFees } from "../../src/catalogue/resolved.ts";

const dayMs = 86_400_000;
const folder = path.join(import.meta.dirname, "..", "..", "src", "catalogue", "list");
/** No base URL begins with this: the provider is found by name only. */
const noHost = "(?!)";

const download = mkdtempSync(path.join(tmpdir(), "purser-prices-"));
try {
  const texts = publishedTexts(process.argv.slice(2), download);
  const { genai, litellm } = readTexts(texts);
  // A preferred row is valid from the day on which the list is made.
  const at = Math.floor(Date.now() / dayMs) * dayMs;
  const lists = [genai, litellm]
    .map(withRightFees)
    .map((list) => ({ ...list, rows: inRegion(list.rows) }));
  const merged = mergeLists(lists, { at, isPreferred, isUndecided });
  const rows = inRegion(completeSameModels(merged, at)).map(withWholeRegions);
  const hosts = new Map(
    readGenaiProviders(parseExact(texts.genai.text)).map((provider) => [provider.id, provider]),
  );
  const byProvider = Map.groupBy(rows, ({ provider }) => provider);
  const ids = [...new Set([...hosts.keys(), ...byProvider.keys()])].sort();

  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  write("index.json", {
    made_on: new Date(at).toISOString().slice(0, 10),
    sources: [
      {
        source: genai.source,
        version: genai.version,
        home: "https://github.com/pydantic/genai-prices",
        license: "MIT",
      },
      {
        source: litellm.source,
        version: litellm.version,
        home: "https://github.com/BerriAI/litellm",
        license: "MIT",
      },
    ],
    providers: ids.map((id) => {
      const host = hosts.get(id);
      return {
        id,
        api_pattern: host?.hosts ?? noHost,
        ...(host && host.resells.length > 0 && { fallback_model_providers: host.resells }),
      };
    }),
  });
  for (const id of ids) write(`${id}.json`, (byProvider.get(id) ?? []).map(formatListed));
  write("disagreements.json", disagreements([genai, litellm], at));
  note(rows, ids.length);
} finally {
  rmSync(download, { recursive: true, force: true });
}

/** One row a line, so that a change shows which prices changed. */
function write(name: string, value: unknown): void {
  const text = Array.isArray(value)
    ? `[\n${value.map((row) => JSON.stringify(row)).join(",\n")}\n]\n`
    : `${JSON.stringify(value, undefined, 2)}\n`;
  writeFileSync(path.join(folder, name), text);
}

function note(rows: readonly CatalogueRow[], providers: number): void {
  const bySource = Map.groupBy(rows, ({ source }) => source);
  const counts = [...bySource].map(([source, listed]) => `${source} ${listed.length}`).join(", ");
  process.stdout.write(
    `${rows.length} rows of ${providers} providers (${counts}) in src/catalogue/list\n`,
  );
}
