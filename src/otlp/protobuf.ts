/** Encodes and decodes OTLP's binary messages. */

import type { IConversionOptions, Root } from "protobufjs";
import { PurserError } from "../domain/error.ts";
import { messages } from "./schema.ts";

/** As the JSON encoding has it, except that bytes are Base64. */
const asJson: IConversionOptions = { longs: String, bytes: String };

/** @throws PurserError `invalid_request` for bytes that are not such a message. */
export async function decode(name: string, bytes: Uint8Array): Promise<unknown> {
  const type = (await load()).lookupType(name);
  try {
    return withHexIds(type.toObject(type.decode(bytes), asJson));
  } catch (cause) {
    throw new PurserError(
      "invalid_request",
      `the body is not an OTLP message: ${cause instanceof Error ? cause.message : "unreadable"}`,
      {
        remedy: "Send protobuf as application/x-protobuf, or JSON as application/json.",
        cause,
      },
    );
  }
}

export async function encode(name: string, value: object): Promise<Uint8Array> {
  const type = (await load()).lookupType(name);
  return type.encode(type.fromObject(value)).finish();
}

let root: Promise<Root> | undefined;

/** Loads the package on first use, so that startup does not wait for it. */
function load(): Promise<Root> {
  return (root ??= import("protobufjs/light.js").then(({ default: { Root: Loaded } }) =>
    Loaded.fromJSON({ nested: structuredClone(messages) }),
  ));
}

const idFields = ["traceId", "spanId", "parentSpanId"];

interface Spans {
  readonly resourceSpans?: readonly {
    readonly scopeSpans?: readonly { readonly spans?: readonly Record<string, unknown>[] }[];
  }[];
}

/** Ids are hexadecimal in OTLP's JSON, unlike other bytes. */
function withHexIds(message: Spans): unknown {
  for (const { scopeSpans = [] } of message.resourceSpans ?? [])
    for (const { spans = [] } of scopeSpans)
      for (const span of spans)
        for (const name of idFields) {
          const id = span[name];
          if (typeof id === "string") span[name] = Buffer.from(id, "base64").toString("hex");
        }
  return message;
}
