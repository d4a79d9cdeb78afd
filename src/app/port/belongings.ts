/** Port to the record of which key created what providers store. */

/** An object stored at a provider, by the provider's id, and the key that created it. */
export interface Belonging {
  readonly provider: string;
  readonly id: string;
  readonly owner: string;
}

/** Owners of objects stored at providers. Reads are synchronous; writes are durable soon after. */
export interface Belongings {
  /** @returns undefined for an object that was not created through this gateway. */
  ownerOf(provider: string, id: string): string | undefined;
  /** Records an owner. An existing owner is kept. */
  keep(belonging: Belonging): void;
}
