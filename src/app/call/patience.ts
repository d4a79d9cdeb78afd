/** Watches the caller of a call that waits for people to answer. */

import { PurserError } from "../../domain/error.ts";
import type { Key } from "../../domain/key/key.ts";
import type { Patience } from "../hold/asking.ts";
import type { Reply } from "../port/reply.ts";
import type { CallContext } from "./call-context.ts";

export function patienceOf(
  { inFlight, identification }: Pick<CallContext, "inFlight" | "identification">,
  key: Key | null,
  {
    reply,
    bodyBytes,
  }: { readonly reply: Pick<Reply, "gone" | "onGone">; readonly bodyBytes: number },
): Patience {
  return {
    bodyBytes,
    watch: (wake) => {
      reply.onGone(wake);
      const place = inFlight.add({ tick: () => undefined, stop: wake, closing: wake }, key);
      return () => inFlight.remove(place);
    },
    goesOn: () => {
      if (reply.gone) return false;
      if (inFlight.isClosing)
        throw new PurserError(
          "shutting_down",
          "Purser is shutting down; the call waited for more money of its budget",
          { remedy: "Try again." },
        );
      if (key) identification.checkLive(key);
      return true;
    },
  };
}
