/**
 * Writes the end of a Responses stream that is cut: closes its items, then error and closing event.
 */

import type { Usage } from "../../../domain/usage/usage.ts";
import { sseEvent } from "../../answer/sse-framing.ts";
import { answerScanner, editBody } from "../../body/index.ts";
import type { WireError } from "../../wire.ts";
import { responsesUsage } from "../charged-usage.ts";
import { openaiError } from "../error.ts";

export interface ResponsesStop {
  readonly error: WireError;
  /** The response object of the stream's first event. */
  readonly response: Buffer | undefined;
  /** Whether any event was passed on; if not, the first one introduces the response. */
  readonly hasBegun: boolean;
  readonly model: string;
  /** Events that close the items, without their sequence numbers. */
  readonly closing: readonly ResponsesEvent[];
  /** Of the first event. */
  readonly sequenceNumber: number;
  /** Items as JSON texts. */
  readonly output: readonly string[];
  readonly usage: Usage;
  readonly reason: string;
}

export interface ResponsesEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

const scanResponse = answerScanner();

/**
 * The error comes before `response.incomplete`, because clients stop reading there. Its fields are
 * at the top, as in the format, and in `error`, where the official SDKs look.
 */
export function responsesStop(stop: ResponsesStop): string {
  const start = stop.response ?? Buffer.from(JSON.stringify(emptyResponse(stop.model)));
  const { message, code, param } = stop.error;
  const error = {
    type: "error",
    code,
    message,
    param,
    ...(JSON.parse(openaiError(stop.error)) as object),
  };
  const opening = stop.hasBegun
    ? []
    : [{ type: "response.created", response: JSON.parse(start.toString()) as unknown }];
  const events = [...opening, ...stop.closing, error];
  const texts = events.map((event, index) =>
    sseEvent(
      JSON.stringify({ ...event, sequence_number: stop.sequenceNumber + index }),
      event.type,
    ),
  );
  const response = editBody(scanResponse(start), [
    { path: "status", json: '"incomplete"' },
    { path: "incomplete_details", json: JSON.stringify({ reason: stop.reason }) },
    { path: "output", json: `[${stop.output.join(",")}]` },
    { path: "usage", json: JSON.stringify(responsesUsage(stop.usage)) },
  ]);
  const number = stop.sequenceNumber + events.length;
  const last = `{"type":"response.incomplete","sequence_number":${number},"response":${oneLine(Buffer.from(response).toString())}}`;
  return texts.join("") + sseEvent(last, "response.incomplete");
}

function emptyResponse(model: string): object {
  return {
    id: "resp_purser",
    object: "response",
    created_at: 0,
    model,
    status: "in_progress",
    error: null,
    output: [],
  };
}

/** Line ends in JSON are only white space, and would end the `data` line. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ");
}
