/**
 * Spellings of a model id: the shorter names of the same model, without prefixes and suffixes that
 * do not change its price.
 */

/** How an id names a model, closest first. */
export type Naming = "exact" | "alias" | "snapshot" | "prefix";

export interface Spelling {
  /** In lower case. */
  readonly name: string;
  readonly naming: Naming;
  /** How much was removed; 0 for nothing. The row at the least distance wins. */
  readonly distance: number;
}

/** Longer ids never match: no provider has them, and matching must stay cheap for any input. */
export const maxIdLength = 200;

const order: readonly Naming[] = ["exact", "alias", "snapshot", "prefix"];

/** The less close of two. */
export function looser(left: Naming, right: Naming): Naming {
  return order.indexOf(left) < order.indexOf(right) ? right : left;
}

interface Step {
  readonly pattern: RegExp;
  readonly naming: Naming;
  readonly distance: number;
  /** Replaces the matched text; by default it is removed. */
  readonly to?: string;
}

/** More than all other steps together: a place may have a price of its own. */
export const geographyDistance = 20;

const geography = /^(?:us|eu|apac|jp|au|ca|sa|in|me|af|us-gov)\.(?=[a-z])/;

/**
 * Prefixes: paths of an API (`models/`, `publishers/google/models/`), ARNs of Bedrock's models and
 * inference profiles, its geographies (`us.`, `global.`), and the maker before a dot
 * (`anthropic.claude-…`). A maker before a slash is kept: there, another maker has another price.
 */
const prefixes: readonly Step[] = [
  {
    pattern: /^(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/[^/]+\/models\//,
    naming: "alias",
    distance: 1,
  },
  { pattern: /^models\//, naming: "alias", distance: 1 },
  {
    pattern: /^arn:aws[a-z-]*:bedrock:[^:]*:\d*:(?:inference-profile|foundation-model)\//,
    naming: "alias",
    distance: 1,
  },
  { pattern: /^(ft:[^:]+):.*$/, to: "$1", naming: "snapshot", distance: 1 },
  // Lists have one price for all geographies but the global one.
  { pattern: geography, to: "regional.", naming: "alias", distance: geographyDistance / 2 },
  { pattern: /^global\.(?=[a-z])/, naming: "alias", distance: geographyDistance },
  { pattern: /^regional\.(?=[a-z])/, naming: "alias", distance: geographyDistance },
  { pattern: /^[a-z][a-z0-9]*\.(?=[a-z])/, naming: "alias", distance: 3 },
];

/**
 * Suffixes: variants that route a call but do not price it (OpenRouter's `:nitro`), moving names
 * (`-latest`), dates, the first build (`-001`, `:0`), and the first revision (`-v1:0`). Left out,
 * because they name another price: `:free`, `:batch`, a version (`-5`, `-v2` without a date), a later
 * build (`-003`, `:1`), a size, a mode.
 */
const suffixes: readonly Step[] = [
  {
    pattern: /:(?:nitro|floor|exacto|online|thinking|extended|flex)$/,
    naming: "alias",
    distance: 1,
  },
  { pattern: /[-@](?:latest|default)$/, naming: "alias", distance: 1 },
  { pattern: /[-@]20\d{2}-?(?:0\d|1[0-2])-?[0-3]\d$/, naming: "snapshot", distance: 2 },
  // Month and day, with or without a dash; or month and year (`-05-2025`).
  { pattern: /-(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])$/, naming: "snapshot", distance: 2 },
  { pattern: /-(?:0[1-9]|1[0-2])-20\d{2}$/, naming: "snapshot", distance: 2 },
  { pattern: /-001$/, naming: "snapshot", distance: 2 },
  { pattern: /-v1(?::0)?$/, naming: "snapshot", distance: 2 },
  { pattern: /:0$/, naming: "snapshot", distance: 2 },
];

/** A stage of release, which is often, but not always, at the price of the model. */
const stageDistance = 100;
const stage = /-(?:preview|exp|experimental|beta|alpha|rc\d*|stable)$/;

/** Some lists write all dates with dashes: gpt-4o-20240806 is gpt-4o-2024-08-06. */
const compactDate = /-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g;

/** A month and day without a year: `gpt-4o-0513` is `gpt-4o-2024-05-13`, if that is listed. */
const monthAndDay = /(?<!-20\d{2})-(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])$/;
const years = ["2023", "2024", "2025", "2026", "2027", "2028", "2029"];

/** Several suffixes may follow each other: a date, a revision, a variant. */
const mostSuffixes = 4;

/** Models that anyone may host, each host at its own price. */
const openWeights = /gpt-oss|deepseek|kimi|llama|qwen|gemma|nemotron|glm-|(?:^|[/.])phi-/;

export function hasOpenWeights(model: string): boolean {
  return openWeights.test(model.toLowerCase());
}

/** @returns None for an id that is too long; else the id itself, then its other spellings. */
export function spellingsOf(id: string): readonly Spelling[] {
  if (id.length > maxIdLength) return [];
  const spellings = new Map<string, Spelling>();
  const add = (spelling: Spelling): void => {
    if (spelling.name !== "" && !spellings.has(spelling.name))
      spellings.set(spelling.name, spelling);
  };
  const written = id.toLowerCase().trim();
  add({ name: written, naming: "exact", distance: 0 });
  add({ name: written.replace(compactDate, "-$1-$2-$3"), naming: "exact", distance: 0 });
  for (const step of prefixes) applyTo([...spellings.values()], step, add);
  const whole = [...spellings.values()].filter(({ name }) => monthAndDay.test(name));
  for (let round = 0; round < mostSuffixes; round++) {
    const before = spellings.size;
    for (const step of suffixes) applyTo([...spellings.values()], step, add);
    if (spellings.size === before) break;
  }
  for (const { name, naming, distance } of whole)
    for (const year of years)
      add({
        name: name.replace(monthAndDay, `-${year}-$1-$2`),
        naming: looser(naming, "alias"),
        distance: distance + 1,
      });
  const named = [...spellings.values()];
  for (const { name, distance } of named)
    add({ name: name.replace(stage, ""), naming: "prefix", distance: distance + stageDistance });
  return [...spellings.values()];
}

function applyTo(
  spellings: readonly Spelling[],
  step: Step,
  add: (spelling: Spelling) => void,
): void {
  for (const { name, naming, distance } of spellings)
    if (step.pattern.test(name))
      add({
        name: name.replace(step.pattern, step.to ?? ""),
        naming: looser(naming, step.naming),
        distance: distance + step.distance,
      });
}

/**
 * Whether two ids, of a request and of its answer, name one model: the answer may lack what the
 * request adds (a geography, `ft:`, a variant such as `:free`), or add a date.
 */
export function isSameModel(asked: string, served: string): boolean {
  const bare = asked
    .toLowerCase()
    .replace(/^ft:([^:]+).*$/, "$1")
    .replace(/:[a-z].*$/, "");
  const names = new Set(namesOf(bare));
  return namesOf(served).some((name) => names.has(name));
}

/** All names of the model that an id spells, in lower case. A stage of release is another model. */
export function namesOf(id: string): readonly string[] {
  return spellingsOf(id).flatMap(({ name, naming }) => (naming === "prefix" ? [] : [name]));
}

/** Whether an id names more than a model: a geography, a fine-tuned version, a variant. */
export function isQualified(id: string): boolean {
  return /^(?:ft:|arn:)|^(?:[a-z-]+\.)+[a-z]|:[a-z]/.test(id.toLowerCase());
}
