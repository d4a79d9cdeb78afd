/**
 * Attribution: who a call is for (org, team, user, tags, ...). Spend is limited and reported by it.
 */

/** The dimensions a key may fix and a header may refine, widest first. */
export const dimensions = [
  "org",
  "team",
  "project",
  "task",
  "agent",
  "user",
  "session",
  "capability",
  "operation",
] as const;

export type Dimension = (typeof dimensions)[number];

/** At most {@link maxTags} tags, each `NAME=VALUE`. */
export type Attribution = Readonly<Partial<Record<Dimension, string>>> & {
  readonly tags?: Readonly<Record<string, string>>;
};

/** Label of an absent value in reports and per-value counters. */
export const unattributed = "unattributed";

export const maxTags = 16;

/** The name of a dimension or a tag: `team`, `tag:customer`. */
export type AttributionKey = Dimension | `tag:${string}`;

export function attributedTo(attribution: Attribution, key: AttributionKey): string {
  if (!key.startsWith("tag:")) return attribution[key as Dimension] ?? unattributed;
  const tags = attribution.tags ?? {};
  const name = key.slice(4);
  // A tag may be named `constructor`, which every object inherits.
  return (Object.hasOwn(tags, name) ? tags[name] : undefined) ?? unattributed;
}

/** The attribution that has only this value. */
export function attributionOf(key: AttributionKey, value: string): Attribution {
  return key.startsWith("tag:") ? { tags: { [key.slice(4)]: value } } : { [key]: value };
}

/** Returns the same text for equal attributions, regardless of key order. */
export function canonicalAttribution(attribution: Attribution): string {
  const ordered: [string, unknown][] = [];
  for (const dimension of dimensions)
    if (attribution[dimension] !== undefined) ordered.push([dimension, attribution[dimension]]);
  if (attribution.tags) {
    const tags = Object.entries(attribution.tags).sort(([left], [right]) =>
      left < right ? -1 : 1,
    );
    if (tags.length > 0) ordered.push(["tags", Object.fromEntries(tags)]);
  }
  return JSON.stringify(Object.fromEntries(ordered));
}
