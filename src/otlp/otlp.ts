/** OTLP over HTTP: reads requests and writes answers, in JSON and protobuf. */

import type { Encoding, Signal, TelemetryFormat } from "../app/port/telemetry.ts";
import { PurserError } from "../domain/error.ts";
import { callsInEvents } from "./claude-code-events.ts";
import { callsInMetrics } from "./claude-code-metrics.ts";
import { decode, encode } from "./protobuf.ts";
import { readTelemetry } from "./read-telemetry.ts";
import { callsInSpans } from "./span-tree.ts";

interface Names {
  readonly request: string;
  readonly answer: string;
  /** The field that counts what was rejected. */
  readonly rejected: string;
}

const names: Readonly<Record<Signal, Names>> = {
  traces: { request: "TracesRequest", answer: "TracesAnswer", rejected: "rejectedSpans" },
  logs: { request: "LogsRequest", answer: "LogsAnswer", rejected: "rejectedLogRecords" },
  metrics: { request: "MetricsRequest", answer: "MetricsAnswer", rejected: "rejectedDataPoints" },
};

export const otlp: TelemetryFormat = {
  attribution: [
    ["gen_ai.agent.name", "agent"],
    ["gen_ai.agent.id", "agent"],
    ["gen_ai.conversation.id", "session"],
    ["session.id", "session"],
    ["ai.telemetry.metadata.sessionId", "session"],
    ["traceloop.association.properties.session_id", "session"],
    ["user.account_uuid", "user"],
    ["user.id", "user"],
    ["enduser.id", "user"],
    ["ai.telemetry.metadata.userId", "user"],
    ["traceloop.association.properties.user_id", "user"],
    ["service.name", "project"],
  ],
  async read(signal, bytes, encoding) {
    const { spans, logs, points, unreadable } = readTelemetry(
      encoding === "json" ? parse(bytes) : await decode(names[signal].request, bytes),
    );
    return [
      ...callsInSpans(spans),
      ...callsInEvents(logs),
      ...callsInMetrics(points),
      ...unreadable.map(({ field, error }) => ({
        label: field,
        items: 1,
        call: error,
        attributes: [],
      })),
    ];
  },
  success(signal, { rejected, message }, encoding) {
    const { answer, rejected: field } = names[signal];
    const isFull = rejected === 0 && message === "";
    // 64-bit integers are strings in OTLP's JSON.
    const partialSuccess = { [field]: String(rejected), errorMessage: message };
    return write(answer, isFull ? {} : { partialSuccess }, encoding);
  },
  failure(status, encoding) {
    return write("Status", status, encoding);
  },
};

async function write(name: string, value: object, encoding: Encoding): Promise<Uint8Array> {
  return encoding === "json" ? Buffer.from(JSON.stringify(value)) : encode(name, value);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new PurserError(
      "invalid_request",
      `the body is not JSON: ${cause instanceof Error ? cause.message : "unreadable"}`,
      { remedy: "Send an OTLP request in JSON, in UTF-8.", cause },
    );
  }
}
