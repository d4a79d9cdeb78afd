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

/** As {@link sign}, for a body that is read from a stream. */
export async function signStream(
  body: AsyncIterable<Uint8Array>,
  { secrets, at }: { readonly secrets: readonly string[]; readonly at: number },
): Promise<string> {
  const time = Math.floor(at / 1000);
  const hashes = secrets.map((secret) => createHmac("sha256", secret).update(`${time}.`));
  for await (const part of body) for (const hash of hashes) hash.update(part);
  return [`t=${time}`, ...hashes.map((hash) => `v1=${hash.digest("hex")}`)].join(",");
}
