/** Names the source of a price for people: where a user set it, or the list that it is from. */

export function priceSource({
  source,
  version,
}: {
  readonly source: string;
  readonly version: string;
}): string {
  if (source === "api") return "set over the API";
  if (source === "configuration") return "purser.yaml";
  return `${source} ${version}`;
}

/** Whether a user set the price. */
export function isOwn({ source }: { readonly source: string }): boolean {
  return source === "configuration" || source === "api";
}
