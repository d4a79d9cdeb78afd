/** No gateway: the limit of the load generator and the upstream themselves. */

import type { Target } from "./target.ts";

export function direct(upstreamPort: number): Target {
  return {
    name: "direct",
    port: upstreamPort,
    path: "/v1/chat/completions",
    headers: { authorization: "Bearer sk-bench" },
    model: "bench-model",
    pid: null,
    close: async () => {},
  };
}
