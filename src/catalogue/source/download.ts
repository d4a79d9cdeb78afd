/** Downloads a price list, within bounds of size and time. */

import { globalAgent, type AgentOptions } from "node:http";
import { Agent, EnvHttpProxyAgent, fetch, type Response } from "undici";
import { PurserError } from "../../domain/error.ts";
import { nearest } from "../../domain/input/nearest.ts";
import { withoutUserInfo } from "../../domain/input/user-info.ts";
import { isListName, listNames } from "../../domain/price/update/list-name.ts";
import { mostListBytes } from "../../domain/price/update/list-size.ts";
import { listAddresses } from "./address.ts";
import { checkedLookup, checkHost } from "./public-host.ts";

const mostMs = 20_000;
const mostRedirects = 5;
/**
 * Node's own clients use the proxy of the environment if it runs with `NODE_USE_ENV_PROXY=1` or
 * `--use-env-proxy`; so do downloads. The proxy resolves names, so only `checkHost` sees them then.
 */
const { options } = globalAgent as { readonly options?: AgentOptions };
const Dispatcher = options?.proxyEnv === undefined ? Agent : EnvHttpProxyAgent;
const dispatcher = new Dispatcher({ connect: { lookup: checkedLookup } });

/**
 * @param from A name of {@link listAddresses}, or an http or https URL. Redirects are followed to
 *   https only.
 * @throws PurserError as in the port `PriceLists`.
 */
export async function downloadList(from: string): Promise<string> {
  const signal = AbortSignal.timeout(mostMs);
  try {
    const response = await follow(addressOf(from), signal);
    return await readText(response);
  } catch (error) {
    const own = causeOf(error);
    if (own instanceof PurserError) throw own;
    if (signal.aborted)
      throw new PurserError("upstream_timeout", `${from} did not answer within 20 s`, {
        field: "from",
        remedy: "Try again later, or download the list and give the file.",
        cause: error,
      });
    throw unreachable(from, reasonOf(own), error);
  }
}

/** The URL of a name, or the URL itself. */
export function addressOf(from: string): URL {
  const known = isListName(from) ? listAddresses[from] : from;
  if (URL.canParse(known) && /^https?:$/.test(new URL(known).protocol)) {
    const url = new URL(known);
    if (!hasUserInfo(url)) return url;
    throw new PurserError("invalid_request", "from has a user name or a password", {
      field: "from",
      remedy: "Leave them out, or download the list and give the file.",
    });
  }
  throw new PurserError(
    "invalid_request",
    `from: "${withoutUserInfo(from).slice(0, 100)}" is neither a known list nor an http or https URL`,
    {
      field: "from",
      remedy: remedyFor(from),
    },
  );
}

/** The server does not read files that a caller names. */
function remedyFor(from: string): string {
  const near = /[/:]/.test(from) ? undefined : nearest(from, listNames);
  if (near !== undefined) return `Did you mean ${near}?`;
  return `Give an https URL or one of ${listNames.join(", ")}, or the contents of a file as text.`;
}

function hasUserInfo({ username, password }: URL): boolean {
  return username !== "" || password !== "";
}

async function follow(first: URL, signal: AbortSignal): Promise<Response> {
  let url = first;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    checkHost(url);
    const headers = { accept: "application/json, text/plain;q=0.9" };
    const response = await fetch(url, { signal, headers, redirect: "manual", dispatcher });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) {
      if (response.ok) return response;
      await response.body?.cancel();
      throw unreachable(url.href, `it answered ${response.status}`);
    }
    await response.body?.cancel();
    if (!URL.canParse(location, url)) throw unreachable(url.href, "it redirects to no URL");
    url = new URL(location, url);
    if (url.protocol !== "https:")
      throw unreachable(first.href, `it redirects to ${url.origin}, which is not https`);
    if (hasUserInfo(url)) throw unreachable(first.href, "it redirects to a URL with a password");
  }
  throw unreachable(first.href, `it redirects more than ${mostRedirects} times`);
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > mostListBytes)
      throw new PurserError("too_large", `the price list is over ${mostListBytes} bytes`, {
        field: "from",
        remedy: "Check the address: no known list is as large.",
      });
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function unreachable(from: string, why: string, cause?: unknown): PurserError {
  return new PurserError("upstream_unreachable", `${from} cannot be read: ${why}`, {
    field: "from",
    remedy: "Check the address and the network, or download the list and give the file.",
    ...(cause !== undefined && { cause }),
  });
}

/** `fetch failed` says less than its cause, as does `Request was cancelled` if a proxy refuses. */
function causeOf(error: unknown): unknown {
  if (error instanceof PurserError || !(error instanceof Error)) return error;
  return error.cause instanceof Error ? causeOf(error.cause) : error;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
