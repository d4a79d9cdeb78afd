/** Signs webhooks, so that a receiver knows who sent them, and when. */

import { createHmac } from "node:crypto";

/**
 * The value of `purser-signature`: `t=UNIX,v1=HEX`, with a `v1` for each secret. `v1` is the
 * HMAC-SHA256 of `UNIX.BODY`.
 *
 * @param at Milliseconds since the epoch.
 */
export function sign(
  body: string,
  { secrets, at }: { readonly secrets: readonly string[]; readonly at: number },
): string {
  const time = Math.floor(at / 1000);
  const signatures = secrets.map(
    (secret) => `v1=${createHmac("sha256", secret).update(`${time}.${body}`).digest("hex")}`,
  );
  return [`t=${time}`, ...signatures].join(",");
}
