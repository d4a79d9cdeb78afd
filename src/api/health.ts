/** Whether the process lives, is ready, and what it counts; and whether the ledger is whole. */

import { z } from "zod";
import { adminOnly, ok, readers, route, type Route } from "./route.ts";
import { answer } from "./schema.ts";
import { checkSeesAll } from "./scope.ts";

const readySchema = z
  .object({ ready: z.boolean(), reasons: z.array(z.string()) })
  .meta({ id: "Readiness" });

const verifySchema = z
  .object({
    ok: z.boolean(),
    entries: z.int(),
    damage: z
      .array(z.string())
      .describe(
        "Pages of the file that are not what was written there; the rest was not looked at then.",
      ),
    broken_at: z
      .int()
      .nullable()
      .describe("The first entry whose hash does not follow from the one before."),
    drift: z.array(z.object({ counter: z.string(), kept: z.string(), journal: z.string() })),
    rollup_drift: z.array(z.object({ hour: z.string(), kept: z.string(), journal: z.string() })),
  })
  .meta({ id: "Verification" });

export const healthRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/healthz",
    access: "public",
    tag: "process",
    summary: "Tell that the process lives",
    responses: {
      200: answer("It does.", z.object({ status: z.literal("ok"), version: z.string() })),
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
