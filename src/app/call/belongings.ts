/**
 * Decides who owns the objects that a provider stores. All callers use the same provider key, so
 * the provider cannot distinguish them. Purser records which key created each object, and only that
 * key may refer to it, read it or delete it.
 */

import { PurserError } from "../../domain/error.ts";
import { anonymousOwner } from "../../domain/ledger/operation.ts";
import type { AnswerWatch, MadeKind, StoredPlace, WireFormat } from "../../wire/wire.ts";
import type { Reference } from "../../wire/stored/references.ts";
import type { Caller } from "../caller/identify.ts";
import type { Belongings } from "../port/belongings.ts";
import type { Provider } from "../port/provider.ts";
import type { UpstreamFailure, UpstreamHeaders, UpstreamReceiver } from "../port/upstream.ts";
import { shorten } from "../../domain/input/shorten.ts";

/** What decides who owns an object. */
export interface Custody {
  readonly belongings: Belongings;
  readonly caller: Caller;
  readonly provider: Provider;
}

/**
 * Whether owners are recorded. They are not if the provider is configured as shared, or if the
 * caller brings its own provider key, because the provider then separates the accounts.
 */
function isRecorded({ caller, provider }: Custody): boolean {
  return provider.stored !== "shared" && !caller.bringsProviderKey;
}

/** Whether the caller may use its own objects only. */
export function isRestricted(custody: Custody): boolean {
  return isRecorded(custody) && custody.caller.key?.role !== "admin";
}

function owns({ belongings, caller, provider }: Custody, id: string): boolean {
  return belongings.ownerOf(provider.name, id) === ownerOf(caller);
}

export function ownerOf({ key }: Pick<Caller, "key">): string {
  return key?.keyId ?? anonymousOwner;
}

/** @throws PurserError `forbidden` for an object that this key did not create. */
export function checkReferences(custody: Custody, references: readonly Reference[]): void {
  if (references.length === 0 || !isRestricted(custody)) return;
  for (const { key, id } of references) {
    if (owns(custody, id)) continue;
    throw new PurserError(
      "forbidden",
      `${key}: ${JSON.stringify(shorten(id, 80))} was not made with this key`,
      {
        field: key,
        remedy:
          "Use what was made with the same key, through this gateway. What all keys may use takes providers." +
          `${custody.provider.name}.stored: shared, or a provider's key of your own.`,
      },
    );
  }
}

/**
 * @throws PurserError `forbidden` for a path that is closed to callers, or for an object that this
 *   key did not create.
 */
export function checkPlace(custody: Custody, place: StoredPlace | undefined, what: string): void {
  if (!place || !isRestricted(custody)) return;
  const { provider } = custody;
  if (place.id === null ? place.makes && provider.stored === "own" : owns(custody, place.id))
    return;
  const setting = `providers.${provider.name}.stored`;
  const unmetered = `and where it is charged providers.${provider.name}.unmetered to \`allow\``;
  throw new PurserError(
    "forbidden",
    place.id === null
      ? `${what} of ${provider.name} is not open to callers: what it shows or keeps is the whole account's`
      : `${what} of ${provider.name} is about something that was not made with this key`,
    {
      field: "path",
      remedy: place.makes
        ? `Set ${setting} to \`own\` to let each key have what it makes, ${unmetered}.`
        : `Use an administrator's key, or a provider's key of your own; or set ${setting} to \`shared\`, ${unmetered}.`,
    },
  );
}

/** The objects that an answer reports as created. */
export interface Making {
  readonly wire: Pick<WireFormat, "madeIds">;
  readonly of: MadeKind;
  /** The object that they come from, such as a tuning job for its model; null if there is none. */
  readonly from: string | null;
}

/**
 * Records the caller as the owner of the objects in an answer. An object that comes from another is
 * recorded for the owner of that one only, so an administrator who reads it does not become its
 * owner.
 *
 * @returns A receiver that records owners and passes the answer on, or the receiver itself.
 */
export function rememberMade(
  custody: Custody,
  receiver: UpstreamReceiver,
  { wire, of, from }: Making,
): UpstreamReceiver {
  if (!isRecorded(custody) || (from !== null && !owns(custody, from))) return receiver;
  const { belongings, caller, provider } = custody;
  const owner = ownerOf(caller);
  const onIds = (ids: readonly string[]): void => {
    for (const id of ids) belongings.keep({ provider: provider.name, id, owner });
  };
  return new Watching(receiver, (isStream) => wire.madeIds({ of, isStream, onIds }));
}

/** Records the owner of an object before the caller sees its id. */
class Watching implements UpstreamReceiver {
  readonly #receiver: UpstreamReceiver;
  readonly #watch: (isStream: boolean) => AnswerWatch;
  #watching: AnswerWatch | null = null;

  constructor(receiver: UpstreamReceiver, watch: (isStream: boolean) => AnswerWatch) {
    this.#receiver = receiver;
    this.#watch = watch;
  }

  head(status: number, headers: UpstreamHeaders): void {
    const type = headers["content-type"];
    if (status >= 200 && status < 300)
      this.#watching = this.#watch(
        typeof type === "string" && type.startsWith("text/event-stream"),
      );
    this.#receiver.head(status, headers);
  }

  data(chunk: Uint8Array): void {
    this.#watching?.push(chunk);
    this.#receiver.data(chunk);
  }

  end(): void {
    this.#watching?.end();
    this.#receiver.end();
  }

  fail(failure: UpstreamFailure): void {
    this.#receiver.fail(failure);
  }
}
