/** A bare Node proxy: the upper limit for any gateway on this runtime. */

import path from "node:path";
import { Child } from "../child.ts";
import type { Target } from "./target.ts";

export async function startProxy(upstreamPort: number): Promise<Target> {
  const child = Child.node([path.join(import.meta.dirname, "proxy-main.ts"), String(upstreamPort)]);
  const { port } = await child.firstLine<{ readonly port: number }>();
  return {
    name: "proxy",
    port,
    path: "/v1/chat/completions",
    headers: { authorization: "Bearer sk-bench" },
    model: "bench-model",
    pid: child.pid,
    close: () => child.end(),
  };
}
