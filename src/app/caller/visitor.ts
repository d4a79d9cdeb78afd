/**
 * By which names this server may be called, and from which pages.
 *
 * A page of another site can make its name point here (DNS rebinding), or post without asking: to a server that listens on
 * localhost for its owner alone, both look like the owner. The browser says so in `Host` and `Origin`.
 */

import { isIP } from "node:net";
import { PurserError } from "../../domain/error.ts";
import { shorten } from "../../domain/input/shorten.ts";

export interface VisitorRules {
  /** The address that is listened on. */
  readonly listen: string;
  /** Further names, such as that of a container or a proxy; `*.example.com` for all below, `*` for any. */
  readonly hosts: readonly string[];
  /** Pages of other sites that may call, as `https://app.example.com`; `*` for any. */
  readonly origins: readonly string[];
}

/** What a request says of the way it came; null where it does not. */
export interface Visit {
  readonly host: string | null;
  readonly origin: string | null;
}

const localNames: readonly string[] = ["localhost", "127.0.0.1", "::1"];
const wildcards: readonly string[] = ["0.0.0.0", "::"];

/** @returns Throws PurserError `forbidden` for a visit by a name or from a page that is not allowed. */
export function visitorCheck({ listen, hosts, origins }: VisitorRules): (visit: Visit) => void {
  const names = new Set([listen, ...localNames, ...hosts].map((name) => nameOf(name)));
  const suffixes = hosts.filter((name) => name.startsWith("*.")).map((name) => name.slice(1).toLowerCase());
  // No name is looked up for an address, so that none can be made to point here.
  const isAnyAddress = wildcards.includes(listen);
  const isAllowed = (name: string): boolean =>
    names.has(name) || names.has("*") || suffixes.some((suffix) => name.endsWith(suffix)) || (isAnyAddress && isIP(name) !== 0);

  return ({ host, origin }) => {
    if (host !== null && !isAllowed(nameOf(host))) throw wrongHost(nameOf(host));
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
  return new PurserError("forbidden", `this server is not called ${JSON.stringify(shorten(name, 100))}`, {
    field: "host",
    remedy: "Call it by the address it listens on, or add the name to server.hosts in purser.yaml.",
  });
}

function wrongOrigin(origin: string): PurserError {
  return new PurserError("forbidden", `pages of ${JSON.stringify(shorten(origin, 100))} may not call this server`, {
    field: "origin",
    remedy: "Call it from a program rather than a page, or add the page's origin to server.origins in purser.yaml.",
  });
}
