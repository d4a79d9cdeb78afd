/**
 * The parts of OTLP's messages that Purser reads and answers, as protobufjs describes them. Other
 * fields are skipped.
 *
 * Numbers from opentelemetry-proto 1.x: `common.proto`, `resource.proto`, `trace.proto`,
 * `logs.proto`, `metrics.proto`, `collector/*`; `Status` from `google/rpc/status.proto`.
 */

interface Field {
  readonly id: number;
  readonly type: string;
  readonly rule?: "repeated";
}

interface Message {
  readonly fields: Readonly<Record<string, Field>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: string[] }>>;
}

export const messages: Readonly<Record<string, Message>> = {
  TracesRequest: message({ resourceSpans: many(1, "ResourceSpans") }),
  LogsRequest: message({ resourceLogs: many(1, "ResourceLogs") }),
  MetricsRequest: message({ resourceMetrics: many(1, "ResourceMetrics") }),
  ResourceSpans: message({ resource: one(1, "Resource"), scopeSpans: many(2, "ScopeSpans") }),
  ResourceLogs: message({ resource: one(1, "Resource"), scopeLogs: many(2, "ScopeLogs") }),
  ResourceMetrics: message({ resource: one(1, "Resource"), scopeMetrics: many(2, "ScopeMetrics") }),
  ScopeSpans: message({ spans: many(2, "Span") }),
  ScopeLogs: message({ logRecords: many(2, "LogRecord") }),
  ScopeMetrics: message({ metrics: many(2, "Metric") }),
  Resource: message({ attributes: many(1, "KeyValue") }),
  KeyValue: message({ key: one(1, "string"), value: one(2, "AnyValue") }),
  AnyValue: choice(["stringValue", "boolValue", "intValue", "doubleValue", "arrayValue"], {
    stringValue: one(1, "string"),
    boolValue: one(2, "bool"),
    intValue: one(3, "int64"),
    doubleValue: one(4, "double"),
    arrayValue: one(5, "ArrayValue"),
  }),
  ArrayValue: message({ values: many(1, "AnyValue") }),
  Span: message({
    traceId: one(1, "bytes"),
    spanId: one(2, "bytes"),
    parentSpanId: one(4, "bytes"),
    name: one(5, "string"),
    startTimeUnixNano: one(7, "fixed64"),
    endTimeUnixNano: one(8, "fixed64"),
    attributes: many(9, "KeyValue"),
    status: one(15, "SpanStatus"),
  }),
  SpanStatus: message({ code: one(3, "int32") }),
  LogRecord: message({
    timeUnixNano: one(1, "fixed64"),
    observedTimeUnixNano: one(11, "fixed64"),
    body: one(5, "AnyValue"),
    attributes: many(6, "KeyValue"),
    eventName: one(12, "string"),
  }),
  Metric: message({ name: one(1, "string"), sum: one(7, "Sum") }),
  Sum: message({
    dataPoints: many(1, "NumberDataPoint"),
    aggregationTemporality: one(2, "int32"),
  }),
  NumberDataPoint: choice(["asDouble", "asInt"], {
    attributes: many(7, "KeyValue"),
    startTimeUnixNano: one(2, "fixed64"),
    timeUnixNano: one(3, "fixed64"),
    asDouble: one(4, "double"),
    asInt: one(6, "sfixed64"),
  }),
  TracesAnswer: message({ partialSuccess: one(1, "RejectedSpans") }),
  LogsAnswer: message({ partialSuccess: one(1, "RejectedLogRecords") }),
  MetricsAnswer: message({ partialSuccess: one(1, "RejectedDataPoints") }),
  RejectedSpans: rejected("rejectedSpans"),
  RejectedLogRecords: rejected("rejectedLogRecords"),
  RejectedDataPoints: rejected("rejectedDataPoints"),
  Status: message({ code: one(1, "int32"), message: one(2, "string") }),
};

function message(fields: Message["fields"]): Message {
  return { fields };
}

/** A message in which the fields `of` exclude each other. */
function choice(of: string[], fields: Message["fields"]): Message {
  return { fields, oneofs: { value: { oneof: of } } };
}

function rejected(name: string): Message {
  return message({ [name]: one(1, "int64"), errorMessage: one(2, "string") });
}

function one(id: number, type: string): Field {
  return { id, type };
}

function many(id: number, type: string): Field {
  return { id, type, rule: "repeated" };
}
