/** Authenticates a request by the key in its headers. */

import type { Principal } from "../app/caller/principal.ts";
import { hashSecret } from "../app/caller/secret.ts";
import { PurserError } from "../domain/error.ts";
import { isLive } from "../domain/key/key.ts";
import type { ApiContext } from "./context.ts";
import type { Route } from "./route.ts";

/**
 * @returns The caller, who may use this route.
 * @throws PurserError `unauthenticated` without a live key, `forbidden` if its role may not use the
 *   route.
 */
export function authenticate(
  headers: Headers,
  { access, isOpen, keyIsOptional = false }: Pick<Route, "access" | "isOpen" | "keyIsOptional">,
  context: ApiContext,
): Principal {
  if (
    access === "public" ||
    isOpen?.(context) ||
    (keyIsOptional && presented(headers) === undefined)
  )
    return { role: "public", key: null };
  const caller = identify(headers, context);
  if (caller.role === "public" || !access.includes(caller.role)) {
    throw new PurserError("forbidden", `a key with the role "${caller.role}" may not do this`, {
      remedy: `Use a key with the role ${access.map((role) => `"${role}"`).join(" or ")}.`,
    });
  }
  return caller;
}

function identify(headers: Headers, context: ApiContext): Principal {
  const secret = presented(headers);
  if (secret === undefined) throw unauthenticated("no key in the request");
  const hash = hashSecret(secret);
  if (context.adminKeyHashes.includes(hash)) return { role: "admin", key: null };
  const key = context.ledger.keyByHash(hash);
  if (!key || !isLive(key, context.clock.now()))
    throw unauthenticated("the key is unknown, revoked or expired");
  return { role: key.role, key };
}

function presented(headers: Headers): string | undefined {
  const own = headers.get("x-purser-key") ?? headers.get("x-api-key");
  if (own !== null) return own.trim() || undefined;
  const match = /^bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "");
  return match?.[1];
}

function unauthenticated(message: string): PurserError {
  return new PurserError("unauthenticated", message, {
    remedy: "Send a Purser key as `Authorization: Bearer KEY`, `x-api-key` or `x-purser-key`.",
  });
}
