/** The port to the owners of what providers keep. */

/** Something that a provider keeps, by the id that the provider gave it, and the key that made it. */
export interface Belonging {
  readonly provider: string;
  readonly id: string;
  readonly owner: string;
}

/** Whose the things are that providers keep. Answers at once; what is kept is durable soon after. */
export interface Belongings {
  /** @returns undefined for what nobody made here. */
  ownerOf(provider: string, id: string): string | undefined;
  /** What has an owner keeps it. */
  keep(belonging: Belonging): void;
}
