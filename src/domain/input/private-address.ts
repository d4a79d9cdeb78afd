/** Tells addresses inside a network from public ones, so that no request is sent inside unasked. */

/**
 * @param address An IPv4 address in dotted decimals, or an IPv6 address, with or without brackets.
 * @returns True for all that is not a public unicast address: loopback, private, link-local (where
 *   clouds serve metadata), shared, reserved, multicast, and text that is no address.
 */
export function isPrivateAddress(address: string): boolean {
  const bare = bareOf(address);
  const four = parseFour(bare);
  if (four !== undefined) return isPrivateFour(four);
  const six = parseSix(bare);
  return six === undefined || isPrivateSix(six);
}

/**
 * Whether an address is link-local or the metadata service of a cloud: there, anyone on a machine
 * gets its credentials. All of them are private addresses, too. Takes the same text.
 */
export function isMetadataAddress(address: string): boolean {
  const bare = bareOf(address);
  const four = parseFour(bare);
  if (four !== undefined) return isMetadataFour(four);
  const six = parseSix(bare);
  return six !== undefined && isMetadataSix(six);
}

/**
 * Whether the host in a URL or a setting is a private address, in any spelling (`127.1`,
 * `2130706433`, `0x7f.1`), or a name of this machine. Other names have to be resolved.
 */
export function isPrivateHost(host: string): boolean {
  const bare = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  if (!URL.canParse(`http://${bare}/`)) return false;
  const { hostname } = new URL(`http://${bare}/`);
  const name = hostname.replace(/\.$/, "");
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  const isAddress = name.startsWith("[") || parseFour(name) !== undefined;
  return isAddress && isPrivateAddress(name);
}

type Range = readonly [network: number, bits: number];

/** https://www.iana.org/assignments/iana-ipv4-special-registry (read 2026-11-29). */
const privateFours: readonly Range[] = [
  [four(0, 0), 8],
  [four(10, 0), 8],
  [four(100, 64), 10],
  [four(127, 0), 8],
  [four(169, 254), 16],
  [four(172, 16), 12],
  [four(192, 0, 0), 24],
  [four(192, 0, 2), 24],
  [four(192, 88, 99), 24],
  [four(192, 168), 16],
  [four(198, 18), 15],
  [four(198, 51, 100), 24],
  [four(203, 0, 113), 24],
  [four(224, 0), 4],
  [four(240, 0), 4],
];

/** 169.254.0.0/16 has those of AWS, Azure, Google, Oracle and others. */
const metadataFours: readonly Range[] = [
  [four(169, 254), 16],
  // Alibaba Cloud: https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
  [four(100, 100, 100, 200), 32],
  // Azure: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  [four(168, 63, 129, 16), 32],
  // Oracle Cloud (classic).
  [four(192, 0, 0, 192), 32],
];

function isPrivateFour(address: number): boolean {
  return isIn(privateFours, address) || isMetadataFour(address);
}

function isMetadataFour(address: number): boolean {
  return isIn(metadataFours, address);
}

function isIn(ranges: readonly Range[], address: number): boolean {
  return ranges.some(([network, bits]) => {
    const size = 2 ** (32 - bits);
    return address >= network && address < network + size;
  });
}

/** Only 2000::/3 is public, and some of it leads to an IPv4 address or nowhere. */
function isPrivateSix(groups: readonly number[]): boolean {
  const [first = 0, second = 0] = groups;
  if (foursIn(groups).some(isPrivateFour)) return true;
  if (first === 0x2001 && (second < 0x200 || second === 0xdb8)) return true;
  if (first === 0x3fff && second < 0x1000) return true;
  const leadsToFour = ["0:0:0:0:0:ffff", "64:ff9b:0:0:0:0"].includes(prefixOf(groups));
  return !leadsToFour && (first < 0x2000 || first > 0x3fff);
}

/** The metadata services over IPv6 of AWS, Google and Oracle Cloud, each in a network of its own. */
const metadataSixes: readonly string[] = ["fd00:ec2", "fd20:ce", "fd00:c1"];

function isMetadataSix(groups: readonly number[]): boolean {
  const [first = 0] = groups;
  const isLinkLocal = first >= 0xfe80 && first <= 0xfebf;
  const isOfCloud = metadataSixes.includes(hexOf(groups.slice(0, 2)));
  return isLinkLocal || isOfCloud || foursIn(groups).some(isMetadataFour);
}

/** Addresses whose last 32 bits are IPv4: compatible, mapped, translated (SIIT), and NAT64. */
const endsInFour: readonly string[] = [
  "0:0:0:0:0:0",
  "0:0:0:0:0:ffff",
  "0:0:0:0:ffff:0",
  "64:ff9b:0:0:0:0",
];

/** The IPv4 addresses to which an IPv6 address may lead. */
function foursIn(groups: readonly number[]): readonly number[] {
  const [first = 0, second = 0, third = 0, fourth = 0] = groups;
  const last = joined(groups[6], groups[7]);
  if (endsInFour.includes(prefixOf(groups))) return [last];
  if (first === 0x2002) return [joined(second, third)];
  // Teredo: its server, and the inverted address of the client (RFC 4380).
  if (first === 0x2001 && second === 0) return [joined(third, fourth), 2 ** 32 - 1 - last];
  if (first === 0x64 && second === 0xff9b && third === 1) return [last, ...localNat64Fours(groups)];
  return [];
}

/** A NAT64 of one's own has a prefix of 48, 56 or 64 bits; byte 8 is skipped (RFC 6052). */
function localNat64Fours(groups: readonly number[]): readonly number[] {
  const bytes = groups.flatMap((group) => [Math.floor(group / 256), group % 256]);
  bytes.splice(8, 1);
  return [6, 7, 8].map((begin) => four(...bytes.slice(begin, begin + 4)));
}

function prefixOf(groups: readonly number[]): string {
  return hexOf(groups.slice(0, 6));
}

function hexOf(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}

function four(...parts: readonly number[]): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = parts;
  return first * 2 ** 24 + second * 2 ** 16 + third * 2 ** 8 + fourth;
}

function joined(high = 0, low = 0): number {
  return high * 2 ** 16 + low;
}

/** Without brackets and zone. */
function bareOf(address: string): string {
  return address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
}

function parseFour(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part)))
    return undefined;
  const numbers = parts.map(Number);
  return numbers.every((part) => part < 256) ? four(...numbers) : undefined;
}

/** @returns The eight groups. */
function parseSix(text: string): readonly number[] | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = dotted?.[2] === undefined ? undefined : parseFour(dotted[2]);
  if (dotted && tail === undefined) return undefined;
  const hex =
    tail === undefined
      ? text
      : `${dotted?.[1]}${Math.floor(tail / 65_536).toString(16)}:${(tail % 65_536).toString(16)}`;
  const halves = hex.split("::");
  if (halves.length > 2) return undefined;
  const [left = [], right = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
}
