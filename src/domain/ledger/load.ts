/** Loads what commands need from the whole books, and so defines each field of `Needs`. */

import type { Books } from "./books.ts";
import { counterId } from "./counter.ts";
import type { Hold, KeptHold } from "./hold.ts";
import type { Loaded, LoadedKey } from "./loaded.ts";
import type { Needs } from "./needs.ts";

/** @returns Copies: later changes of the books do not show in them. */
export function load(books: Books, needs: Needs): Loaded {
  const inWindows = needs.windows.flatMap(({ budget, window }) => books.countersIn(budget, window));
  const named = needs.counters.map((key) => books.counter(key));
  const counters = new Map([...inWindows, ...named].map((counter) => [counter.id, counter]));
  const lapsed = needs.expiredBy === null ? [] : books.expiredBy(needs.expiredBy);
  return {
    operations: needs.operations.map((operationId) => {
      const hold = books.openHold(operationId);
      return { operationId, hold: hold ? keep(hold) : null, past: books.past(operationId) };
    }),
    counters: [...counters.values()].map(({ key, spent, held, overrun, fired, closings }) => ({
      key,
      state: { spent, held, overrun, fired, closings },
    })),
    keys: needs.keys.map((keyId) => loadKey(books, keyId)),
    holds: [...(needs.openHolds ? books.openHolds() : lapsed)].map(keep),
  };
}

/** Puts what was loaded in two steps together. */
export function mergeLoaded(first: Loaded, second: Loaded): Loaded {
  const counters = [...first.counters, ...second.counters];
  return {
    operations: [...first.operations, ...second.operations],
    counters: [...new Map(counters.map((one) => [counterId(one.key), one])).values()],
    keys: [...first.keys, ...second.keys],
    holds: [...first.holds, ...second.holds],
  };
}

function loadKey(books: Books, keyId: string): LoadedKey {
  const held = [...books.counters()].flatMap((counter) => {
    const amount = books.heldByKey(keyId, counter);
    return amount === 0n ? [] : [{ counter: counter.key, amount }];
  });
  return { keyId, holds: books.holdsOfKey(keyId), held };
}

function keep(hold: Hold): KeptHold {
  const { operationId, attempt, at, attribution, route, amount, keys, expiresAt, fingerprint } =
    hold;
  const { closing } = hold;
  return {
    operationId,
    attempt,
    at,
    attribution,
    route,
    amount,
    counters: keys,
    expiresAt,
    fingerprint,
    ...(closing && { closing }),
  };
}
