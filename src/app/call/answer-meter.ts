/** Chooses the meter for an answer by its head, which may differ from what was requested. */

import { isEncoded, isWhole } from "../header/answer-headers.ts";
import type { UpstreamHeaders } from "../port/upstream.ts";
import { unreadMeter } from "../settle/unread-meter.ts";
import type { ForwardedCall } from "./forwarded-call.ts";

/** Whether the answer is a stream, so that it passes on as it arrives. */
export function isStreamed({ facts, route }: ForwardedCall, headers: UpstreamHeaders): boolean {
  if (facts.unit !== undefined) return isPlayable(headers);
  return facts.stream && !isWhole(headers, route.wire);
}

/** Whether a caller can use the beginning of the answer before its end: events, or speech. */
function isPlayable({ "content-type": type }: UpstreamHeaders): boolean {
  return typeof type === "string" && /^(?:audio\/|text\/event-stream\b)/i.test(type);
}

/** @returns The call itself, unless its answer is encoded, or is whole instead of a stream. */
export function withMeterFor(call: ForwardedCall, headers: UpstreamHeaders): ForwardedCall {
  if (isEncoded(headers)) return { ...call, meter: unreadMeter(call), slices: null };
  const { route, facts } = call;
  if (!facts.stream || isStreamed(call, headers)) return call;
  const meter = route.wire.meter(route.endpoint, { stream: false, facts });
  return { ...call, meter, slices: null };
}
