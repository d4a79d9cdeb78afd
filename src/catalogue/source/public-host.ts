/**
 * Keeps downloads away from link-local addresses and other metadata services, where clouds serve a
 * machine's credentials.
 * Private networks are allowed: a mirror inside one is usual.
 */

import { lookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { PurserError } from "../../domain/error.ts";
import { isMetadataAddress } from "../../domain/input/private-address.ts";

/** Names by which clouds serve metadata: a proxy resolves names where they cannot be checked. */
const metadataNames: ReadonlySet<string> = new Set([
  "instance-data",
  "instance-data.ec2.internal",
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "metadata.tencentyun.com",
]);

/**
 * @throws PurserError `invalid_request` for a literal address that is refused, or a known name of a
 *   metadata service.
 */
export function checkHost({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (isMetadataAddress(host) || metadataNames.has(host)) throw refusal(host);
}

/** Resolves a name, and fails if any of its addresses is refused: for the connection itself. */
export const checkedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const found = addresses?.find(({ address }) => isMetadataAddress(address));
    if (error) callback(error, []);
    else if (found) callback(refusal(found.address), []);
    else answer(addresses, options.all === true, callback);
  });
};

function answer(
  addresses: readonly LookupAddress[],
  all: boolean,
  callback: Parameters<LookupFunction>[2],
): void {
  const [first] = addresses;
  if (all || !first) callback(null, [...addresses]);
  else callback(null, first.address, first.family);
}

function refusal(host: string): PurserError {
  return new PurserError(
    "invalid_request",
    `from: ${host} is a link-local address or the metadata service of a cloud`,
    { field: "from", remedy: "Give a public address, or one of your network." },
  );
}
