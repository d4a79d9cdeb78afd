/** Describes, for the caller, a provider that did not answer. */

import type { WireError } from "../../wire/wire.ts";
import type { UpstreamFailure } from "../port/upstream.ts";

/** @param call.isCharged Whether the amount held for the call was charged. */
export function upstreamError(
  { reached, timedOut, message }: UpstreamFailure,
  { provider, isCharged }: { readonly provider: string; readonly isCharged: boolean },
): WireError {
  const status = timedOut ? 504 : 502;
  const code = timedOut ? "upstream_timeout" : "upstream_unreachable";
  const problem = `${provider} did not answer: ${message}.`;
  if (reached || timedOut) {
    const charged = isCharged
      ? " What was held for it is charged, since the provider may bill it."
      : "";
    return { status, message: problem + charged, code, param: null };
  }
  const field = `providers.${provider}.base_url`;
  const remedy = `Check ${field} in purser.yaml, and that this machine reaches the provider.`;
  return {
    status,
    message: `${problem} ${remedy}`,
    code,
    param: null,
    purser: { reason: code, field, remedy },
  };
}
