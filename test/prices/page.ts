/** Writes the page on how much of the published lists the price book covers. */

import type { PublishedList } from "../../src/catalogue/source/source.ts";
import type { Compared } from "./coverage.ts";
import { explain } from "./explained.ts";

/** Lowest share of models that the book prices, in percent, by provider of the catalogue. */
const goals: Readonly<Record<string, number>> = {
  anthropic: 98,
  openai: 98,
  google: 98,
  "x-ai": 98,
  deepseek: 98,
  mistral: 98,
  groq: 98,
  azure: 95,
  aws: 95,
  openrouter: 95,
  together: 95,
  fireworks: 95,
};
const unitGoal = 80;

interface PageInput {
  readonly lists: readonly PublishedList[];
  readonly compared: readonly Compared[];
  readonly at: number;
  readonly version: string;
  /** Models that a list says have ended, and that the book still prices. */
  readonly kept: readonly { readonly provider: string; readonly model: string }[];
}

function keyOf({ provider, model }: Compared): string {
  return `${provider} ${model}`;
}

/** One model that both lists have counts once: it is covered if the book prices it in each. */
function coverage(compared: readonly Compared[]): {
  readonly models: number;
  readonly priced: number;
  readonly percent: number;
} {
  const byModel = Map.groupBy(compared, keyOf);
  const priced = [...byModel.values()].filter((all) =>
    all.every(({ found }) => found !== "missing" && found !== "skipped"),
  ).length;
  return {
    models: byModel.size,
    priced,
    percent: byModel.size === 0 ? 100 : Math.floor((priced * 1000) / byModel.size) / 10,
  };
}

/** The book is made from releases of the same lists, so that agreement with them is no proof. */
function madeFrom(lists: readonly PublishedList[], version: string): string {
  const same = lists.filter((list) =>
    version.split(",").includes(`${list.source}@${list.version}`),
  );
  return same.length === 0
    ? "The book is made from other releases of these lists."
    : `The book is made from the same release of ${same.map(({ source }) => source).join(" and ")}: the comparison shows what was lost or changed when it was made, and where the lists disagree with each other and with the overlay, not whether they are right.`;
}

function unreadCount(compared: readonly Compared[]): number {
  const unread = compared.filter(({ found }) => found === "unread");
  return new Set(unread.map(keyOf)).size;
}

/** Providers and units below their goal. */
export function goalsMissed(compared: readonly Compared[]): readonly string[] {
  const byProvider = Object.entries(goals).filter(
    ([provider, goal]) =>
      coverage(compared.filter((model) => model.provider === provider)).percent < goal,
  );
  const units = coverage(compared.filter(({ kind }) => kind !== "tokens"));
  return [
    ...byProvider.map(([provider]) => provider),
    ...(units.percent < unitGoal ? ["units other than tokens"] : []),
  ];
}

export function coveragePage({ lists, compared, at, version, kept }: PageInput): string {
  const parts = [
    "# How much of the published price lists the book covers",
    "",
    `Written by \`npm run check:prices\` on ${new Date(at).toISOString().slice(0, 10)}, for the book ${version.replaceAll(",", ", ")}.`,
    `Compared with ${lists.map(({ source, version: release, rows }) => `${source} ${release} (${rows.length} prices)`).join(" and ")}.`,
    "",
    "A model counts if a list has a price for it, no list says that it has ended, and its id has no date more than 18 months ago. The lists have no dates of release. A model is covered if the book has a price for its id and for what the list prices; that of a model whose name only begins the same must be equal.",
    "",
    madeFrom(lists, version),
    "",
    `All prices of a list are compared: by context, service tier and region too, at the time of the check. ${unreadCount(compared)} models have a price in the book and one in a list that cannot be compared; they are covered, but not counted as in every list.`,
    "",
    "## By provider",
    "",
    ...providerTable(compared),
    "",
    "## By unit",
    "",
    ...unitTable(compared),
    "",
    "## Not covered",
    "",
    "A row cannot state these prices because they depend on something that a bill does not show, or the book has a different price.",
    "",
    ...missing(compared),
    "",
    "## Listed as retired",
    "",
    "LiteLLM's map lists these as retired. The book keeps their prices: a vendor may serve a model longer, or in some regions. Retirements on the vendor's own page are in `src/catalogue/overlay/retired.ts`.",
    "",
    ...endedLines(kept),
    "",
    "## Disagreements",
    "",
    "Prices of current models that differ from a list, in USD per million tokens or per unit. Those of providers that are not in the first table are in `src/catalogue/list/disagreements.json`.",
    "",
    ...differences(compared),
    "",
  ];
  return parts.join("\n");
}

function providerTable(compared: readonly Compared[]): readonly string[] {
  const named = Object.keys(goals);
  const others = compared.filter(({ provider }) => !named.includes(provider));
  const row = (name: string, models: readonly Compared[], goal: string): string => {
    const { models: all, priced, percent } = coverage(models);
    const found = [...Map.groupBy(models, keyOf).values()].map((one) => one.map((of) => of.found));
    const same = found.filter((one) => one.every((of) => of === "same")).length;
    const differing = found.filter((one) => one.includes("different")).length;
    return `| ${name} | ${all} | ${priced} | ${percent} % | ${goal} | ${same} | ${differing} |`;
  };
  return [
    "| provider | models | priced | coverage | goal | as in every list | with a disagreement |",
    "|---|---|---|---|---|---|---|",
    ...named.map((provider) =>
      row(
        provider,
        compared.filter((model) => model.provider === provider),
        `${goals[provider]} %`,
      ),
    ),
    row("all others", others, ""),
  ];
}

function unitTable(compared: readonly Compared[]): readonly string[] {
  const byKind = Map.groupBy(compared, ({ kind }) => kind);
  const row = (name: string, models: readonly Compared[], goal: string): string => {
    const { models: all, priced, percent } = coverage(models);
    return `| ${name} | ${all} | ${priced} | ${percent} % | ${goal} |`;
  };
  return [
    "| sold by | models | priced | coverage | goal |",
    "|---|---|---|---|---|",
    ...[...byKind].map(([kind, models]) => row(kind, models, "")),
    row(
      "all but tokens",
      compared.filter(({ kind }) => kind !== "tokens"),
      `${unitGoal} %`,
    ),
  ];
}

function missing(compared: readonly Compared[]): readonly string[] {
  const all = compared.filter(({ found }) => found === "missing" || found === "skipped");
  const named = all.filter(({ provider }) => provider in goals);
  const lines = [...new Set(named.map(({ provider, model }) => `- ${provider}: \`${model}\``))];
  return [
    ...lines,
    `- ${new Set(all.filter(({ provider }) => !(provider in goals)).map(({ model }) => model)).size} models of other providers`,
  ];
}

function endedLines(kept: PageInput["kept"]): readonly string[] {
  const byProvider = Map.groupBy(kept, ({ provider }) => provider);
  const named = Object.keys(goals).flatMap((provider) => {
    const models = new Set(byProvider.get(provider)?.map(({ model }) => `\`${model}\``));
    return models.size === 0 ? [] : [`- ${provider}: ${[...models].sort().join(", ")}`];
  });
  const others = kept.filter(({ provider }) => !(provider in goals)).length;
  return [...named, `- ${others} models of other providers`];
}

function differences(compared: readonly Compared[]): readonly string[] {
  const rows = compared
    .filter(({ provider, found }) => provider in goals && found === "different")
    .flatMap(({ list, provider, model, differences: all }) =>
      all.map(({ price, ours, theirs, source }) => {
        const why = explain({ provider, model, price, list });
        return `| ${provider} | \`${model}\` | ${price} | ${ours} (${source}) | ${theirs} (${list}) | ${why} |`;
      }),
    );
  return [
    "| provider | model | price | the book | the list | which is right |",
    "|---|---|---|---|---|---|",
    ...rows.sort(),
  ];
}
