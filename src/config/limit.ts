/** Reads the limits of a configuration, with their defaults. */

import { type Fields, openFields, optionalWhole } from "../domain/input/fields.ts";
import type { LimitConfiguration } from "./configuration.ts";
import type { Faults } from "./fault.ts";
import { withNumbers } from "./substitute.ts";

export const defaultLimits: LimitConfiguration = {
  bodyBytes: 32 * 1024 * 1024,
  headerBytes: 32 * 1024,
  concurrentCallsPerKey: null,
  firstByteMs: 600_000,
  idleStreamMs: 300_000,
  totalMs: 3_600_000,
  holdWaitMs: 5_000,
  holdSeconds: 3_600,
  holdSharePercent: 50,
  openHoldsPerKey: 1_000,
  drainMs: 30_000,
  streamSliceTokens: 256,
  maxOutputTokens: 131_072,
  imageTokens: 4_000,
  audioTokens: 20_000,
  fileTokens: 100_000,
  serverToolTokens: 10_000,
  contextTokens: 1_000_000,
};

/** Adds errors to `faults`. */
export function readLimits(input: unknown, faults: Faults): LimitConfiguration {
  return (
    faults.readObject({ input: input ?? {}, prefix: "limits.", standIns: {} }, readAll) ??
    defaultLimits
  );
}

function readAll(input: unknown): LimitConfiguration {
  const fields = withNumbers(openFields(input, { prefix: "limits.", known: Object.keys(bounds) }));
  return {
    bodyBytes: read(fields, "body_bytes") ?? defaultLimits.bodyBytes,
    headerBytes: read(fields, "header_bytes") ?? defaultLimits.headerBytes,
    concurrentCallsPerKey:
      read(fields, "concurrent_calls_per_key") ?? defaultLimits.concurrentCallsPerKey,
    firstByteMs: read(fields, "first_byte_ms") ?? defaultLimits.firstByteMs,
    idleStreamMs: read(fields, "idle_stream_ms") ?? defaultLimits.idleStreamMs,
    totalMs: read(fields, "total_ms") ?? defaultLimits.totalMs,
    holdWaitMs: read(fields, "hold_wait_ms") ?? defaultLimits.holdWaitMs,
    holdSeconds: read(fields, "hold_seconds") ?? defaultLimits.holdSeconds,
    holdSharePercent: read(fields, "hold_share_percent") ?? defaultLimits.holdSharePercent,
    openHoldsPerKey: read(fields, "open_holds_per_key") ?? defaultLimits.openHoldsPerKey,
    drainMs: read(fields, "drain_ms") ?? defaultLimits.drainMs,
    streamSliceTokens: read(fields, "stream_slice_tokens") ?? defaultLimits.streamSliceTokens,
    maxOutputTokens: read(fields, "max_output_tokens") ?? defaultLimits.maxOutputTokens,
    imageTokens: read(fields, "image_tokens") ?? defaultLimits.imageTokens,
    audioTokens: read(fields, "audio_tokens") ?? defaultLimits.audioTokens,
    fileTokens: read(fields, "file_tokens") ?? defaultLimits.fileTokens,
    serverToolTokens: read(fields, "server_tool_tokens") ?? defaultLimits.serverToolTokens,
    contextTokens: read(fields, "context_tokens") ?? defaultLimits.contextTokens,
  };
}

const dayMs = 86_400_000;
const mostTokens = 100_000_000;

/** Minimum and maximum, both included. */
const bounds = {
  body_bytes: [1024, 1024 * 1024 * 1024],
  header_bytes: [4096, 1024 * 1024],
  concurrent_calls_per_key: [1, 1_000_000],
  first_byte_ms: [1, dayMs],
  idle_stream_ms: [1, dayMs],
  total_ms: [1, dayMs],
  hold_wait_ms: [0, dayMs],
  hold_seconds: [1, 86_400],
  hold_share_percent: [1, 100],
  open_holds_per_key: [1, 1_000_000],
  drain_ms: [0, dayMs],
  stream_slice_tokens: [1, mostTokens],
  max_output_tokens: [1, mostTokens],
  image_tokens: [0, mostTokens],
  audio_tokens: [0, mostTokens],
  file_tokens: [0, mostTokens],
  server_tool_tokens: [0, mostTokens],
  context_tokens: [1, mostTokens],
} as const satisfies Readonly<Record<string, readonly [least: number, most: number]>>;

function read(fields: Fields, name: keyof typeof bounds): number | undefined {
  const [least, most] = bounds[name];
  return optionalWhole(fields, name, { least, most });
}
