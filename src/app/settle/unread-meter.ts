/**
 * Meters an answer in an encoding that cannot be decoded: passes it on and estimates it by its
 * bytes.
 */

import type { RequestFacts, UsageMeter } from "../../wire/wire.ts";
import type { Route } from "../route/target.ts";

interface CallToMeter {
  readonly route: Pick<Route, "endpoint">;
  readonly facts: Pick<RequestFacts, "serviceTier">;
  readonly ceiling: { readonly sent: number };
}

/** A byte of compressed text holds about one token. The estimate is at most the output limit. */
export function unreadMeter({ route, facts, ceiling }: CallToMeter): UsageMeter {
  const most = route.endpoint.name === "embeddings" ? 0 : ceiling.sent;
  let length = 0;
  return {
    output: null,
    passed: () => undefined,
    push(chunk) {
      length += chunk.length;
      return chunk;
    },
    get progress() {
      return { inputTokens: null, outputTokens: Math.min(length, most) };
    },
    finished: false,
    end: () => ({
      rest: new Uint8Array(0),
      reading: {
        model: null,
        parts: [],
        reportedCost: null,
        serviceTier: facts.serviceTier,
        rawUsage: null,
        flags: ["malformed", "usage_missing"],
        passedBytes: length,
      },
    }),
    stop: () => new Uint8Array(0),
  };
}
