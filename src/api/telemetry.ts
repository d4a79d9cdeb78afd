/** Serves OTLP over HTTP: traces, logs and metrics of OpenTelemetry, in JSON and protobuf. */

import { decodeBody } from "../app/header/content-encoding.ts";
import { recordTelemetry } from "../app/ingest/telemetry/record-telemetry.ts";
import type { Encoding, Signal } from "../app/port/telemetry.ts";
import { partialSuccessSchema, statusSchema } from "../contract/telemetry.ts";
import { PurserError } from "../domain/error.ts";
import type { ApiContext } from "./context.ts";
import { describeError, problems } from "./problem.ts";
import { readBytes } from "./request.ts";
import { answer, callers, route, type ResponseSpecification, type Route } from "./route.ts";
import { knownProviders } from "./usage-row.ts";

/** A collector sends thousands of spans at once, some with the texts of their calls. */
const mostBytes = 16 * 1024 * 1024;

const mediaTypes = { json: "application/json", protobuf: "application/x-protobuf" } as const;

const signals: readonly Signal[] = ["traces", "logs", "metrics"];

/** Exporters add `/v1/SIGNAL` to the endpoint: the server itself, or `/otlp`. */
export const telemetryRoutes: readonly Route[] = ["", "/otlp"].flatMap((prefix) =>
  signals.map((signal) => telemetryRoute(signal, `${prefix}/v1/${signal}`)),
);

function telemetryRoute(signal: Signal, path: string): Route {
  return route({
    method: "post",
    path,
    access: callers,
    tag: "telemetry",
    summary: `Record the model calls in ${signal} of OpenTelemetry (OTLP/HTTP)`,
    description:
      "A call is charged once, however often it is sent. What is not a model call is ignored; a call that cannot be charged is rejected by itself, with the reason in `partialSuccess`. " +
      "The answer has the encoding of the request.",
    accepts: {
      [mediaTypes.protobuf]: { type: "string", format: "binary" },
      [mediaTypes.json]: { type: "object", description: "An export request of OTLP." },
    },
    responses: {
      200: answer("What was rejected, if anything.", partialSuccessSchema),
      ...failures(),
    },
    async handler({ request, caller, context }) {
      const encoding = encodingOf(request);
      const bytes = await bodyOf(request);
      const { format } = context.telemetry;
      const observed = await format.read(signal, bytes, encoding);
      const known = knownProviders(context);
      const result = await recordTelemetry({ ...context, known }, caller, {
        observed,
        host: request.headers.get("host"),
      });
      return respond(200, await format.success(signal, result, encoding), encoding);
    },
    refuse: refuseInOtlp,
  });
}

/** OTLP's errors have a `google.rpc.Status` in place of a problem. */
async function refuseInOtlp(
  error: unknown,
  request: Request,
  { telemetry }: ApiContext,
): Promise<Response> {
  const { code, detail, remedy, headers } = describeError(error);
  const { status } = problems[code];
  const encoding = statedEncoding(request) ?? "json";
  const message = [detail, remedy].filter(Boolean).join(". ");
  const body = await telemetry.format.failure({ code: rpcCodes[status] ?? 2, message }, encoding);
  return respond(status, body, encoding, headers);
}

/** Codes of `google.rpc.Code` by HTTP status. */
const rpcCodes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  409: 6,
  413: 8,
  415: 3,
  429: 8,
  500: 13,
  503: 14,
};

// oxlint-disable-next-line max-params -- the parts of an answer, in order
function respond(
  status: number,
  body: Uint8Array,
  encoding: Encoding,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(Buffer.from(body), {
    status,
    headers: { ...headers, "content-type": mediaTypes[encoding], "cache-control": "no-store" },
  });
}

function encodingOf(request: Request): Encoding {
  const encoding = statedEncoding(request);
  if (encoding !== undefined) return encoding;
  const given = request.headers.get("content-type") ?? "none";
  throw new PurserError("unsupported_encoding", `the content type is ${given.slice(0, 100)}`, {
    field: "content-type",
    remedy:
      "Send application/x-protobuf or application/json; gRPC is not supported: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf.",
  });
}

function statedEncoding(request: Request): Encoding | undefined {
  const [type = ""] = (request.headers.get("content-type") ?? "").toLowerCase().split(";");
  if (type.trim() === mediaTypes.json) return "json";
  return /^application\/(?:x-)?protobuf$/.test(type.trim()) ? "protobuf" : undefined;
}

async function bodyOf(request: Request): Promise<Uint8Array> {
  const bytes = await readBytes(request, mostBytes);
  const encoding = request.headers.get("content-encoding");
  return encoding === null ? bytes : decodeBody(bytes, encoding, mostBytes);
}

function failures(): Readonly<Record<number, ResponseSpecification>> {
  const failure = (description: string): ResponseSpecification => ({
    description,
    schema: statusSchema,
  });
  return {
    400: failure("The request is not OTLP."),
    401: failure("No key, or a key that is not live."),
    403: failure("The key may not do this."),
    413: failure("The body is too large."),
    415: failure("The content type or encoding is not supported."),
    500: failure("A bug in Purser."),
    503: failure("The ledger is not available: see `Retry-After`."),
  };
}
