/** Assembles the control plane: all routes with their checks, as one application. */

import { Hono } from "hono";
import type { Context } from "hono";
import { PurserError } from "../domain/error.ts";
import { alertRoutes } from "./alerts.ts";
import { authenticate } from "./authenticate.ts";
import { budgetControlRoutes } from "./budget-controls.ts";
import { budgetRoutes } from "./budgets.ts";
import type { ApiContext } from "./context.ts";
import { chargeRoutes } from "./charges.ts";
import { docsPage } from "./docs-page.ts";
import { eventRoutes } from "./events.ts";
import { frontJson, frontPage, wantsPage } from "./front-page.ts";
import { entryRoutes } from "./entries.ts";
import { epochRoutes } from "./epochs.ts";
import { estimateRoutes } from "./estimate.ts";
import { exportScheduleRoutes } from "./export-schedules.ts";
import { exportRoutes } from "./exports.ts";
import { healthRoutes } from "./health.ts";
import { holdRoutes } from "./holds.ts";
import { itemRoutes } from "./items.ts";
import { keyRoutes } from "./keys.ts";
import { notifierRoutes } from "./notifiers.ts";
import { openApiDocument } from "./openapi.ts";
import { priceUpdateRoutes } from "./price-updates.ts";
import { priceRoutes } from "./prices.ts";
import { printJson } from "./print-json.ts";
import { describeError, problemResponse } from "./problem.ts";
import { readBody, readQuery } from "./request.ts";
import type { Reply, Route } from "./route.ts";
import { reconciliationRoutes } from "./reconciliations.ts";
import { reportRoutes } from "./report.ts";
import { requestRoutes } from "./requests.ts";
import { ruleRoutes } from "./rules.ts";
import { statusRoutes } from "./status.ts";
import { seriesRoutes } from "./series.ts";
import { summaryRoutes } from "./summary.ts";
import { teamRoutes } from "./teams.ts";
import { telemetryRoutes } from "./telemetry.ts";
import { usageRoutes } from "./usage.ts";
import { userRoutes } from "./users.ts";

/** All routes, in the order of the documentation. */
export const routes: readonly Route[] = [
  ...budgetRoutes,
  ...budgetControlRoutes,
  ...keyRoutes,
  ...holdRoutes,
  ...usageRoutes,
  ...itemRoutes,
  ...chargeRoutes,
  ...telemetryRoutes,
  ...entryRoutes,
  ...summaryRoutes,
  ...seriesRoutes,
  ...exportRoutes,
  ...exportScheduleRoutes,
  ...reportRoutes,
  ...requestRoutes,
  ...userRoutes,
  ...teamRoutes,
  ...reconciliationRoutes,
  ...epochRoutes,
  ...estimateRoutes,
  ...priceRoutes,
  ...priceUpdateRoutes,
  ...alertRoutes,
  ...eventRoutes,
  ...notifierRoutes,
  ...ruleRoutes,
  ...statusRoutes,
  ...healthRoutes,
];

export function makeApi(context: ApiContext): Hono {
  const app = new Hono();
  app.use(async ({ req }, next) => {
    if (!revealsNothing.has(req.path))
      context.admit({ host: req.header("host") ?? null, origin: req.header("origin") ?? null });
    await next();
  });
  for (const route of routes) {
    app.on(route.method.toUpperCase(), honoPath(route.path), async (exchange) =>
      respond(await serveOrRefuse(route, context, exchange)),
    );
  }
  serveDocumentation(app, context);
  refuseOtherMethods(app);
  app.notFound(({ req }) =>
    problemResponse({
      code: "not_found",
      detail: `no path ${req.path}`,
      remedy: noPathRemedy,
      forSdk: true,
    }),
  );
  app.onError((error) => {
    if (!(error instanceof PurserError) || error.code === "bug") context.reportBug(error);
    return problemResponse(describeError(error));
  });
  return app;
}

/** Paths that accept any host name: they only show whether the server works. */
const revealsNothing: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);

/** An unknown path is nearly always a wrong base URL, or a provider without a key. */
const noPathRemedy =
  "Check the base URL: /v1 for OpenAI's SDKs, none for Anthropic's and Google's, or a provider's own path, which exists once its key is set " +
  "or purser.yaml names it. See /docs for the paths of this API.";

async function serve(route: Route, context: ApiContext, { req }: Context): Promise<Reply> {
  const caller = authenticate(req.raw.headers, route, context);
  return route.handle({
    params: req.param(),
    query: readQuery(req.queries()),
    body: route.body ? await readBody(req.raw, route.mostBodyBytes) : undefined,
    headers: req.raw.headers,
    caller,
    context,
    request: req.raw,
  });
}

async function serveOrRefuse(route: Route, context: ApiContext, exchange: Context): Promise<Reply> {
  try {
    return await serve(route, context, exchange);
  } catch (error) {
    if (!route.refuse) throw error;
    if (!(error instanceof PurserError) || error.code === "bug") context.reportBug(error);
    return route.refuse(error, exchange.req.raw, context);
  }
}

async function respond(reply: Reply): Promise<Response> {
  if (reply instanceof Response) return reply;
  const [body, mediaType] =
    "json" in reply
      ? [await printJson(reply.json), "application/json"]
      : [reply.text, reply.mediaType];
  return new Response(reply.status === 204 ? null : body, {
    status: reply.status,
    headers: {
      "content-type": mediaType,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}

function serveDocumentation(app: Hono, context: ApiContext): void {
  const openApi = once(() => openApiDocument(routes, context.version));
  const document = once(() => JSON.stringify(openApi()));
  const page = once(() => docsPage(openApi()));
  app.get("/openapi.json", () =>
    respond({ status: 200, text: document(), mediaType: "application/json" }),
  );
  app.get("/docs", () => respond({ status: 200, text: page(), mediaType: html }));
  app.get("/", async ({ req }) => {
    const front = {
      version: context.version,
      readiness: await context.ready(),
      origin: new URL(req.url).origin,
    };
    if (!wantsPage(req.header("accept"))) return respond({ status: 200, json: frontJson(front) });
    return respond({ status: 200, text: frontPage(front), mediaType: html });
  });
}

const html = "text/html; charset=utf-8";

/** Computes a value on first use, so startup does not wait for it. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

function refuseOtherMethods(app: Hono): void {
  const methods = new Map<string, string[]>([
    ["/openapi.json", ["GET"]],
    ["/docs", ["GET"]],
    ["/", ["GET"]],
  ]);
  for (const { path, method } of routes)
    methods.set(path, [...(methods.get(path) ?? []), method.toUpperCase()]);
  for (const [path, allowed] of methods) {
    app.all(honoPath(path), ({ req }) =>
      problemResponse({
        code: "method_not_allowed",
        detail: `${path} does not support ${req.method}`,
        remedy: `Use ${allowed.join(", ")}.`,
        headers: { allow: allowed.join(", ") },
      }),
    );
  }
}

/** Converts `/budgets/{budget_id}` to hono's form, `/budgets/:budget_id`. */
function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}
