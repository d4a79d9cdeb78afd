/**
 * Checks by which host names, and from which web pages, this server may be called.
 *
 * A page of another site can point its own name at this server (DNS rebinding), or post to it
 * without permission. To a server on localhost, both look like its owner. The browser's `Host` and
 * `Origin` headers reveal them.
 */

import { isIP } from "node:net";
import { PurserError } from "../../domain/error.ts";
import { Memo } from "../../domain/memo.ts";
import { shorten } from "../../domain/input/shorten.ts";

export interface VisitorRules {
  /** The address that the server listens on. */
  readonly listen: string;
  /**
   * Additional names, such as that of a container or a proxy; `*.example.com` for all subdomains,
   * `*` for any name.
   */
  readonly hosts: readonly string[];
  /** Pages of other sites that may call, such as `https://app.example.com`; `*` for any. */
  readonly origins: readonly string[];
}

/** The origin of a request, from its headers; null if absent. */
export interface Visit {
  readonly host: string | null;
  readonly origin: string | null;
}

const localNames: readonly string[] = ["localhost", "127.0.0.1", "::1"];
const wildcards: readonly string[] = ["0.0.0.0", "::"];

/** Visitors choose the names, so few are remembered. */
const mostHosts = 100;

/**
 * @returns A check that throws PurserError `forbidden` for a host name or page that is not allowed.
 */
export function visitorCheck({ listen, hosts, origins }: VisitorRules): (visit: Visit) => void {
  const names = new Set([listen, ...localNames, ...hosts].map((name) => nameOf(name)));
  const suffixes = hosts
    .filter((name) => name.startsWith("*."))
    .map((name) => name.slice(1).toLowerCase());
  // An address needs no name lookup, so DNS cannot be used to point it here.
  const isAnyAddress = wildcards.includes(listen);
  const isAllowed = (name: string): boolean =>
    names.has(name) ||
    names.has("*") ||
    suffixes.some((suffix) => name.endsWith(suffix)) ||
    (isAnyAddress && isIP(name) !== 0);
  // Nearly all calls name one host: reading it took 0.5 % of a call's CPU.
  const known = new Memo<string, boolean>(mostHosts);
  const isAllowedHost = (host: string): boolean =>
    known.get(host) ?? known.keep(host, isAllowed(nameOf(host)));

  return ({ host, origin }) => {
    if (host !== null && !isAllowedHost(host)) throw wrongHost(nameOf(host));
    if (origin === null || origins.includes("*") || origins.includes(origin)) return;
    if (host === null || URL.parse(origin)?.host !== host.toLowerCase()) throw wrongOrigin(origin);
  };
}

/** `[::1]:4141` is `::1`. */
function nameOf(host: string): string {
  const [, bracketed, plain] = /^\[([^\]]*)\](?::\d*)?$|^([^:]*)(?::\d*)?$/.exec(host) ?? [];
  return (bracketed ?? plain ?? host).replace(/\.$/, "").toLowerCase();
}

function wrongHost(name: string): PurserError {
  return new PurserError("forbidden", `host ${JSON.stringify(shorten(name, 100))} is not allowed`, {
    field: "host",
    remedy:
      "Use the address that the server listens on, or add the name to server.hosts in purser.yaml.",
  });
}

function wrongOrigin(origin: string): PurserError {
  return new PurserError(
    "forbidden",
    `pages of ${JSON.stringify(shorten(origin, 100))} may not call this server`,
    {
      field: "origin",
      remedy:
        "Call it from a program rather than a page, or add the page's origin to server.origins in purser.yaml.",
    },
  );
}
