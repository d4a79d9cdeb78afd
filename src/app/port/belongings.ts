/** Port to the record of which key created what providers store. */

/** An object stored at a provider, by the provider's id, and the key that created it. */
export interface Belonging {
  readonly provider: string;
  readonly id: string;
  readonly owner: string;
}

/** Who owns stored objects. Answers at once; what is kept is durable soon after. */
export interface Belongings {
  /** Whether owners that were kept earlier are gone: what has none may then be somebody's. */
  readonly hasLost: boolean;
  /** @returns undefined for a thing without a known owner. */
  ownerOf(provider: string, id: string): string | undefined;
  /** Records an owner. An existing owner is kept. */
  keep(belonging: Belonging): void;
}
