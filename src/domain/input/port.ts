/** Rejects ports that clients refuse to call. */

import { invalid } from "./fields.ts";

/**
 * The bad ports of https://fetch.spec.whatwg.org/#port-blocking (read 2026-11) on which a server
 * can listen.
 */
const blockedPorts: ReadonlySet<number> = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102,
  103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465,
  512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993,
  995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
  6669, 6679, 6697, 10080,
]);

/** Whether browsers, and every client that uses `fetch`, refuse to call the port. */
export function isBlocked(port: number): boolean {
  return blockedPorts.has(port);
}

/** @throws PurserError `invalid_request` for a port that clients refuse to call. */
export function checkPort(port: number, field: string): number {
  if (!isBlocked(port)) return port;
  throw invalid(
    field,
    `is ${port}, which browsers and clients that use fetch refuse to call`,
    `Choose another port, such as ${nextPort(port)}.`,
  );
}

/** The next port that clients can call. */
export function nextPort(port: number): number {
  for (let next = Math.max(port + 1, 1024); next <= 65_535; next++)
    if (!isBlocked(next)) return next;
  return 4142;
}
