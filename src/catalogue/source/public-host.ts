/**
 * Keeps downloads away from link-local addresses, where clouds serve a machine's credentials.
 * Private networks are allowed: a mirror inside one is usual.
 */

import { lookup, type LookupAddress } from "node:dns";
import { BlockList, isIPv6, type LookupFunction } from "node:net";
import { PurserError } from "../../domain/error.ts";

const refused = new BlockList();
refused.addSubnet("169.254.0.0", 16);
refused.addSubnet("fe80::", 10, "ipv6");
// The metadata services of AWS over IPv6, and of Alibaba Cloud.
refused.addAddress("fd00:ec2::254", "ipv6");
refused.addAddress("100.100.100.200");
// Link-local addresses behind a NAT from IPv6 (RFC 6052).
refused.addSubnet("64:ff9b::a9fe:0", 112, "ipv6");

/** @throws PurserError `invalid_request` for a literal address that is refused. */
export function checkHost({ hostname }: URL): void {
  const address = hostname.replace(/^\[|\]$/g, "");
  if (isRefused(address)) throw refusal(address);
}

/** Resolves a name, and fails if any of its addresses is refused: for the connection itself. */
export const checkedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const found = addresses?.find(({ address }) => isRefused(address));
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

function isRefused(address: string): boolean {
  return refused.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

function refusal(address: string): PurserError {
  return new PurserError("invalid_request", `from: ${address} is a link-local address`, {
    field: "from",
    remedy: "Give a public address, or one of your network.",
  });
}
