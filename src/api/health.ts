/** Serves liveness, readiness, metrics, and the check of the ledger. */

import { checkSeesAll } from "../app/report/scope.ts";
import { aliveSchema, readinessSchema, verificationSchema } from "../contract/health.ts";
import { adminOnly, answer, ok, readers, route, type Route } from "./route.ts";

export const healthRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/healthz",
    access: "public",
    tag: "process",
    summary: "Report that the process is alive",
    responses: {
      200: answer("The process is alive.", aliveSchema),
    },
    handler: ({ context }) => ok({ status: "ok", version: context.version }),
  }),
  route({
    method: "get",
    path: "/readyz",
    access: "public",
    tag: "process",
    summary: "Report whether the process accepts calls",
    responses: {
      200: answer("It accepts calls.", readinessSchema),
      503: answer("It does not, with the reasons.", readinessSchema),
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
    summary: "Export metrics to Prometheus",
    description:
      "Metrics of all calls need a key that reads all figures, unless `server.metrics` is `open`. Without a key, only metrics of the process are returned: memory, CPU, event loop, version.",
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
    summary: "Recompute every balance from the journal and compare",
    responses: { 200: answer("The differences; `ok` if there are none.", verificationSchema) },
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
