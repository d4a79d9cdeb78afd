/** Identifies who pays for a call: its key, and the attribution in its headers. */

import type { Attribution, Dimension } from "../../domain/attribution/attribution.ts";
import { refine } from "../../domain/attribution/refine.ts";
import { PurserError } from "../../domain/error.ts";
import { isLive, type Key } from "../../domain/key/key.ts";
import { Memo } from "../../domain/memo.ts";
import { attributionHeaders } from "./own-headers.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import { hashSecret } from "./secret.ts";

/** Header names are in lower case; a repeated header is joined by commas. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Caller {
  /** Null for a call without a key, if the configuration allows that. */
  readonly key: Key | null;
  readonly attribution: Attribution;
  /** The caller sent a provider key in addition to its Purser key. */
  readonly bringsProviderKey: boolean;
  /** Whether a text contains a Purser key, which no provider may see. */
  readonly holdsKey: (text: string) => boolean;
}

const anonymous: Attribution = {};

const maxRemembered = 10_000;

/**
 * Recognises keys without hashing their secrets each time, and returns the same attribution object
 * for the same headers.
 */
export class Identification {
  readonly #ledger: Pick<Ledger, "keyByHash">;
  readonly #clock: Clock;
  readonly #allowAnonymous: boolean;
  readonly #keyHeaders: readonly string[];
  readonly #hashes = new Memo<string, string>(maxRemembered);
  /** By key object: a changed key is a new object. */
  readonly #refined = new WeakMap<Key, Memo<string, Attribution>>();

  constructor(options: {
    readonly ledger: Pick<Ledger, "keyByHash">;
    readonly clock: Clock;
    readonly allowAnonymous: boolean;
    /** Headers in which clients put their key besides `authorization`, in lower case. */
    readonly keyHeaders: readonly string[];
  }) {
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#allowAnonymous = options.allowAnonymous;
    this.#keyHeaders = options.keyHeaders;
  }

  /**
   * @param queryKey The key in the query string, where clients of some formats put it.
   * @throws PurserError `unauthenticated` without a live key, `forbidden` for a header that the key
   *   does not allow.
   */
  identify(headers: Headers, queryKey: string | null): Caller {
    const secret = this.#secretOf(headers) ?? queryKey;
    if (secret === null) {
      if (!this.#allowAnonymous) throw noKey(this.#keyHeaders);
      return { key: null, attribution: anonymous, bringsProviderKey: false, holdsKey: () => false };
    }
    const key = this.keyOf(secret);
    const bringsProviderKey = this.#bringsKey(headers);
    const holdsKey = (text: string): boolean =>
      text.includes(secret) || (bringsProviderKey && this.#isKey(text));
    return { key, attribution: this.#refine(key, headers), bringsProviderKey, holdsKey };
  }

  /**
   * @throws PurserError `unauthenticated` for a key that was revoked or has expired since it was
   *   identified.
   */
  checkLive({ hash }: Key): void {
    const key = this.#ledger.keyByHash(hash);
    if (!key) throw unknownKey();
    if (!isLive(key, this.#clock.now())) throw deadKey(key);
  }

  /**
   * A client that sends Purser keys in both `x-purser-key` and its usual header, even different
   * ones, brings no provider key.
   */
  #bringsKey(headers: Headers): boolean {
    const own = first(headers["x-purser-key"]);
    if (own === null) return false;
    const isOther = (name: string): boolean => {
      const text = first(headers[name]);
      return text !== null && !text.includes(own) && !this.#isKey(text);
    };
    return isOther("authorization") || this.#keyHeaders.some(isOther);
  }

  #secretOf(headers: Headers): string | null {
    const own = first(headers["x-purser-key"]) ?? bearerOf(first(headers["authorization"]) ?? "");
    if (own !== null) return own;
    for (const name of this.#keyHeaders) {
      const secret = first(headers[name]);
      if (secret !== null) return secret;
    }
    return null;
  }

  /** @param text A key, with or without `Bearer`. */
  #isKey(text: string): boolean {
    const secret = bearerOf(text) ?? text;
    return this.#ledger.keyByHash(this.#hashes.get(secret) ?? hashSecret(secret)) !== undefined;
  }

  /** @throws PurserError `unauthenticated` for an unknown, revoked or expired key. */
  keyOf(secret: string): Key {
    const known = this.#hashes.get(secret);
    const hash = known ?? hashSecret(secret);
    const key = this.#ledger.keyByHash(hash);
    if (!key || !isLive(key, this.#clock.now())) {
      this.#hashes.delete(secret);
      throw key ? deadKey(key) : unknownKey();
    }
    if (known === undefined) this.#hashes.keep(secret, hash);
    return key;
  }

  #refine(key: Key, headers: Headers): Attribution {
    let cacheKey = "";
    let values: Partial<Record<Dimension | "tags", string>> | undefined;
    for (const [dimension, header] of attributionHeaders) {
      const value = headers[header];
      if (value === undefined) continue;
      const text = typeof value === "string" ? value : value.join(",");
      values ??= {};
      values[dimension] = text;
      cacheKey += `\n${dimension}=${text}`;
    }
    if (!values) return key.attribution;
    let ofKey = this.#refined.get(key);
    if (!ofKey) this.#refined.set(key, (ofKey = new Memo(maxRemembered)));
    return ofKey.get(cacheKey) ?? ofKey.keep(cacheKey, refine(key, values));
  }
}

function bearerOf(text: string): string | null {
  return text.slice(0, bearer.length).toLowerCase() === bearer
    ? text.slice(bearer.length).trim()
    : null;
}

const bearer = "bearer ";

function first(value: string | readonly string[] | undefined): string | null {
  if (value === undefined) return null;
  return typeof value === "string" ? value : (value[0] ?? null);
}

function noKey(keyHeaders: readonly string[]): PurserError {
  const names = keyHeaders.map((name) => `\`${name}\``).join(", ");
  return new PurserError("unauthenticated", "no Purser key in the request", {
    field: "authorization",
    remedy: `Send it as \`Authorization: Bearer purser_...\`, ${names} or \`x-purser-key\`. \`purser key create\` makes one.`,
  });
}

function unknownKey(): PurserError {
  return new PurserError("unauthenticated", "unknown key", {
    field: "authorization",
    remedy: "Use a Purser key and not the provider's; `purser key create` makes one.",
  });
}

function deadKey(key: Key): PurserError {
  const state = key.revokedAt === null ? "has expired" : "was revoked";
  return new PurserError("unauthenticated", `the key "${key.name}" ${state}`, {
    field: "authorization",
    remedy: "Ask for a new key.",
  });
}
