/**
 * Lists the names of every count in OpenAI-shaped usage objects, of all vendors, and reads them.
 */

import { toObject } from "../count/count.ts";

/** The parts of a path from the top of the usage object. */
type CountPath = readonly string[];

/**
 * The details of the input and of the output. Their names differ between Chat Completions and
 * Responses; Mistral and the Realtime API use the singular.
 */
const inputDetails: readonly CountPath[] = [
  ["prompt_tokens_details"],
  ["input_tokens_details"],
  ["prompt_token_details"],
  ["input_token_details"],
];
const outputDetails: readonly CountPath[] = [
  ["completion_tokens_details"],
  ["output_tokens_details"],
  ["output_token_details"],
];
const atTop: readonly CountPath[] = [[]];

/** The lifetimes of written cache entries. */
const lifetimes = [...atTop, ...inputDetails].flatMap((path) => [
  [...path, "cache_creation"],
  [...path, "cache_creation_token_details"],
]);

/**
 * Of several names present, the first with a count above zero applies: gateways write zeros for
 * names that they do not use.
 *
 * Names of OpenAI, DeepSeek (`prompt_cache_hit_tokens`), Moonshot (`cached_tokens`), DashScope
 * (`cache_creation_input_tokens` in the details), LiteLLM, New API (`cached_creation_tokens`) and
 * others that pass on Anthropic's, and of Codex and xAI's own protocol; read 2026-11.
 */
const countNames = {
  prompt: inside(atTop, "prompt_tokens", "input_tokens"),
  completion: inside(atTop, "completion_tokens", "output_tokens"),
  total: inside(atTop, "total_tokens"),
  cacheHit: inside(atTop, "prompt_cache_hit_tokens"),
  cacheMiss: inside(atTop, "prompt_cache_miss_tokens"),
  cacheRead: [
    ...inside(
      inputDetails,
      "cached_tokens",
      "cache_read_input_tokens",
      "cache_read_tokens",
      "cached_input_tokens",
    ),
    ...inside(
      atTop,
      "prompt_cache_hit_tokens",
      "cache_read_input_tokens",
      "cached_tokens",
      "cache_read_tokens",
      "cached_input_tokens",
    ),
    ...inside(atTop, "cached_prompt_tokens", "cached_prompt_text_tokens", "num_cached_tokens"),
  ],
  cacheWrite: [
    ...inside(
      inputDetails,
      "cache_write_tokens",
      "cache_creation_input_tokens",
      "cache_creation_tokens",
      "cache_write_input_tokens",
    ),
    ...inside(inputDetails, "cached_creation_tokens"),
    ...inside(
      atTop,
      "cache_creation_input_tokens",
      "cache_write_tokens",
      "cache_creation_tokens",
      "cache_write_input_tokens",
    ),
  ],
  cacheWrite5m: [
    ...inside(lifetimes, "ephemeral_5m_input_tokens"),
    ...inside(atTop, "claude_cache_creation_5_m_tokens"),
  ],
  cacheWrite1h: [
    ...inside(lifetimes, "ephemeral_1h_input_tokens"),
    ...inside(atTop, "claude_cache_creation_1_h_tokens"),
  ],
  inputAudio: inside(inputDetails, "audio_tokens"),
  inputImage: inside(inputDetails, "image_tokens"),
  cachedAudio: inputDetails.map((path) => [...path, "cached_tokens_details", "audio_tokens"]),
  outputAudio: inside(outputDetails, "audio_tokens"),
  outputImage: inside(outputDetails, "image_tokens"),
  reasoning: inside(
    [...outputDetails, ...atTop],
    "reasoning_tokens",
    "thinking_tokens",
    "thoughts_tokens",
  ),
  searches: [["server_tool_use", "web_search_requests"], ["num_search_queries"]],
  /** Names whose prompt count includes the cache. */
  openaiPrompt: inside(atTop, "prompt_tokens"),
  /** Names whose input count excludes the cache. */
  anthropicCache: inside(atTop, "cache_read_input_tokens", "cache_creation_input_tokens"),
} as const satisfies Readonly<Record<string, readonly CountPath[]>>;

export type CountName = keyof typeof countNames;

/** The counts of a usage object, whatever their names in it. */
export interface NamedCounts {
  /** Undefined if it was not reported, or is not plausible. */
  count(name: CountName): number | undefined;
  /** Whether the field has a value other than null. */
  has(name: CountName): boolean;
  /** Whether a count was negative, not whole, absurdly large or no number. */
  readonly invalid: boolean;
}

const largestCount = 1_000_000_000;

/** Reads the fields present, in one pass. */
export function readNamedCounts(usage: unknown): NamedCounts {
  const found = new Found();
  const object = toObject(usage);
  if (object) found.take(object, root);
  return found;
}

interface FoundCount {
  rank: number;
  count: number | undefined;
}

class Found implements NamedCounts {
  readonly #found = new Map<CountName, FoundCount>();
  invalid = false;

  count(name: CountName): number | undefined {
    return this.#found.get(name)?.count;
  }

  has(name: CountName): boolean {
    return this.#found.has(name);
  }

  take(object: Readonly<Record<string, unknown>>, node: NameNode): void {
    for (const field in object) {
      const next = node.below.get(field);
      const value = next && object[field];
      if (!next || value === null || value === undefined) continue;
      for (const [name, rank] of next.names) this.#keep(name, rank, this.#believed(value));
      const inner = next.below.size > 0 ? toObject(value) : undefined;
      if (inner) this.take(inner, next);
    }
  }

  #keep(name: CountName, rank: number, count: number | undefined): void {
    const found = this.#found.get(name);
    if (!found) return void this.#found.set(name, { rank, count });
    if (count === undefined || !isBetter({ rank, count }, found)) return;
    found.rank = rank;
    found.count = count;
  }

  #believed(value: unknown): number | undefined {
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= largestCount)
      return value;
    this.invalid = true;
    return undefined;
  }
}

/** Prefers a count to none, a count above zero to zero, and an earlier name to a later one. */
function isBetter(one: FoundCount, other: FoundCount): boolean {
  if (other.count === undefined) return true;
  const [isSome, wasSome] = [(one.count ?? 0) > 0, other.count > 0];
  return isSome === wasSome ? one.rank < other.rank : isSome;
}

/** A name on a path, and the names below it. */
interface NameNode {
  /** The counts that end here, and the place of this path among their names. */
  readonly names: (readonly [name: CountName, rank: number])[];
  readonly below: Map<string, NameNode>;
}

const root: NameNode = { names: [], below: new Map() };
for (const [name, paths] of Object.entries(countNames)) {
  for (const [rank, path] of paths.entries()) nodeOf(path).names.push([name as CountName, rank]);
}

function nodeOf(path: CountPath): NameNode {
  let node = root;
  for (const name of path) {
    const next = node.below.get(name) ?? { names: [], below: new Map() };
    node.below.set(name, next);
    node = next;
  }
  return node;
}

function inside(objects: readonly CountPath[], ...names: readonly string[]): readonly CountPath[] {
  return names.flatMap((name) => objects.map((path) => [...path, name]));
}
