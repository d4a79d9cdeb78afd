/** Finds the address to connect to, and refuses addresses inside the network. */

import { lookup as resolveName } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { callbackify } from "node:util";
import { NotifierError } from "../app/port/notifier.ts";
import { isPrivateAddress, isPrivateHost } from "../domain/input/private-address.ts";

/** Resolves a name to addresses. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface DestinationRule {
  readonly allowPrivate: boolean;
  readonly resolve: Resolve;
}

export const resolveBySystem: Resolve = async (host) =>
  (await resolveName(host, { all: true })).map(({ address }) => address);

/**
 * Resolves a host once. Connect to this address, not to the name: its next answer may differ.
 *
 * @throws NotifierError if the rule allows none of its addresses.
 */
export async function addressesOf(
  host: string,
  { allowPrivate, resolve }: DestinationRule,
): Promise<readonly [string, ...string[]]> {
  const bare = host.replace(/^\[|\]$/g, "");
  const found = isIP(bare) === 0 ? await resolved(bare, resolve) : [bare];
  const [first, ...more] = found.filter((address) => allowPrivate || !isPrivateAddress(address));
  if (first !== undefined) return [first, ...more];
  throw refused(host);
}

/** @throws NotifierError for a host that is an address inside the network. */
export function checkHost(host: string, { allowPrivate }: DestinationRule): void {
  if (!allowPrivate && isPrivateHost(host)) throw refused(host);
}

/** A `lookup` for sockets: the address that is checked is the one that is connected to. */
export function checkedLookup(rule: DestinationRule): LookupFunction {
  const find = callbackify((host: string) => addressesOf(host, rule));
  return (host, options, callback) =>
    find(host, (error: NodeJS.ErrnoException | null, addresses) => {
      if (error) return callback(error, []);
      const all = addresses.map((address) => ({ address, family: isIP(address) }));
      if (options.all === true) return callback(null, all);
      return callback(null, addresses[0], isIP(addresses[0]));
    });
}

async function resolved(host: string, resolve: Resolve): Promise<readonly string[]> {
  try {
    return await resolve(host);
  } catch (cause) {
    throw new NotifierError(`the host ${host} cannot be resolved`, { retryable: true, cause });
  }
}

function refused(host: string): NotifierError {
  return new NotifierError(
    `${host} is an address inside the network; set allow_private_address: true to allow it`,
    { retryable: true },
  );
}
