/** Whether the process lives, is ready, and what it counts; and whether the ledger is whole. */

import { checkSeesAll } from "../app/figure/scope.ts";
import { aliveSchema, readySchema, verifySchema } from "../contract/health.ts";
import { adminOnly, answer, ok, readers, route, type Route } from "./route.ts";

export const healthRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/healthz",
    access: "public",
    tag: "process",
    summary: "Tell that the process lives",
    responses: {
      200: answer("It does.", aliveSchema),
    },
    handler: ({ context }) => ok({ status: "ok", version: context.version }),
  }),
  route({
    method: "get",
    path: "/readyz",
    access: "public",
    tag: "process",
    summary: "Tell whether the process takes calls",
    responses: {
      200: answer("It does.", readySchema),
      503: answer("It does not, and why.", readySchema),
    },
    async handler({ context }) {
      const { ready, reasons } = await context.ready();
      return { status: ready ? 200 : 503, json: { ready, reasons } };
    },
  }),
  route({
    method: "get",
    path: "/metrics",
    access: readers,
    isOpen: ({ openMetrics }) => openMetrics,
    keyIsOptional: true,
    tag: "process",
    summary: "Give counters and gauges to Prometheus",
    description:
      "Those of all calls are for keys that read all figures, or for everyone where `server.metrics` is `open`. Without a key there are only those of the process: memory, processor, event loop, version.",
    responses: { 200: { description: "Prometheus text.", mediaType: "text/plain" } },
    async handler({ caller, context }) {
      checkSeesAll(caller);
      const ofAllCalls = caller.role !== "public" || context.openMetrics;
      return {
        status: 200,
        text: await context.metrics({ ofAllCalls }),
        mediaType: "text/plain; version=0.0.4; charset=utf-8",
      };
    },
  }),
  route({
    method: "post",
    path: "/api/v1/verify",
    access: adminOnly,
    tag: "process",
    summary: "Recompute every balance from the journal, and compare",
    responses: { 200: answer("What was found; `ok` says whether all agrees.", verifySchema) },
    async handler({ context }) {
      const {
        ok: whole,
        entries,
        damage,
        brokenAt,
        drift,
        rollupDrift,
      } = await context.reader.verify();
      return ok({
        ok: whole,
        entries,
        damage,
        broken_at: brokenAt,
        drift,
        rollup_drift: rollupDrift,
      });
    },
  }),
];
