/** The port to the owners of what providers keep. */

/** Something that a provider keeps, by the id that the provider gave it, and the key that made it. */
export interface Belonging {
  readonly provider: string;
  readonly id: string;
  readonly owner: string;
}

/** Who owns stored objects. Answers at once; what is kept is durable soon after. */
export interface Belongings {
  /** Whether owners that were kept earlier are gone: what has none may then be somebody's. */
  readonly hasLost: boolean;
  /** @returns undefined for what nobody made here. */
  ownerOf(provider: string, id: string): string | undefined;
  /** What has an owner keeps it. */
  keep(belonging: Belonging): void;
}
