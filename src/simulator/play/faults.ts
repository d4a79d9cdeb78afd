/**
 * Faults that can be simulated on demand: their syntax, and the random choice of calls for them.
 */

import { PurserError } from "../../domain/error.ts";
import { randomNumbers } from "../random.ts";

/**
 * The faults, each with its numbers after colons. Chunks are pieces of content in a stream.
 *
 * - `status:CODE[:RETRY_AFTER_S]` refuse with an HTTP status of 400 or more; nothing is billed.
 *   A bare number does the same: `429:2`
 * - `slow_first_byte:MS` wait before the first byte
 * - `stall[:MS]` send only the headers of a stream, for MS or until the caller leaves
 * - `stall_after:CHUNKS[:MS]` the same after some chunks
 * - `reset_before` drop the connection instead of an answer
 * - `reset_after:CHUNKS` drop it mid-stream; a whole answer is dropped halfway
 * - `malformed_sse[:CHUNKS]` send an invalid event after some chunks, then continue
 * - `half_json` end cleanly in the middle of a whole answer, or of the event after the first chunk
 * - `no_done` omit the closing event of a stream
 * - `long_content_length`, `short_content_length` declare 64 bytes more or fewer than are sent
 *   (whole answers only)
 * - `slow_body:MS` spread a whole answer over MS
 * - `no_usage`, `negative_usage`, `double_usage` report no usage, negative counts, or a false usage
 *   before the right one
 * - `huge_usage` report ten million more input tokens than there were
 * - `ignore_max` generate, and bill, beyond `max_tokens`
 */
export type FaultKind = keyof typeof arity;

const arity = {
  status: [1, 2],
  slow_first_byte: [1, 1],
  stall: [0, 1],
  stall_after: [1, 2],
  reset_before: [0, 0],
  reset_after: [1, 1],
  malformed_sse: [0, 1],
  half_json: [0, 0],
  no_done: [0, 0],
  long_content_length: [0, 0],
  short_content_length: [0, 0],
  slow_body: [1, 1],
  no_usage: [0, 0],
  negative_usage: [0, 0],
  double_usage: [0, 0],
  huge_usage: [0, 0],
  ignore_max: [0, 0],
} as const satisfies Record<string, readonly [number, number]>;

export interface Fault {
  readonly kind: FaultKind;
  /** The numbers after the colons. */
  readonly numbers: readonly number[];
}

/** A fault that applies to a share of the calls. */
export interface FaultRate {
  /** As in a directive: `reset_after:10`. */
  readonly fault: string;
  /** 0 to 1. */
  readonly share: number;
}

/**
 * @param text One fault, or several separated by commas; `none` for no fault at all.
 * @throws PurserError `invalid_request`.
 */
export function parseFaults(text: string): readonly Fault[] {
  return text === "none" ? [] : text.split(",").map(parseFault);
}

function parseFault(text: string): Fault {
  const parts = text.split(":");
  const [kind, rest] = /^\d+$/.test(parts[0] ?? "")
    ? ["status", parts]
    : [parts[0] ?? "", parts.slice(1)];
  if (!Object.hasOwn(arity, kind))
    throw refusal(text, `The faults are ${Object.keys(arity).join(", ")}.`);

  const fault = kind as FaultKind;
  const [least, most] = arity[fault];
  const numbers = rest.map(Number);
  if (numbers.some((number) => !Number.isSafeInteger(number) || number < 0))
    throw refusal(text, "Write whole numbers after the colons.");
  if (numbers.length < least || numbers.length > most)
    throw refusal(text, `${fault} takes ${least} to ${most} numbers.`);
  const [status = 0] = numbers;
  if (fault === "status" && (status < 400 || status > 599))
    throw refusal(text, "Use a status of 400 to 599.");
  return { kind: fault, numbers };
}

function refusal(text: string, remedy: string): PurserError {
  return new PurserError("invalid_request", `invalid fault: ${text}`, { field: "fault", remedy });
}

export function faultOf(faults: readonly Fault[], kind: FaultKind): Fault | undefined {
  // Most calls have no faults, and this is checked many times per call.
  return faults.length === 0 ? undefined : faults.find((fault) => fault.kind === kind);
}

/**
 * Throws dice for every call in the order of arrival: the same seed and order hit the same calls.
 */
export class FaultDice {
  readonly #next: () => number;
  readonly #rates: readonly { readonly faults: readonly Fault[]; readonly share: number }[];

  /**
   * @throws PurserError `invalid_request` for an unknown fault or a share that is not from 0 to 1.
   */
  constructor(rates: readonly FaultRate[], seed: number) {
    this.#next = randomNumbers(seed);
    this.#rates = rates.map(({ fault, share }) => ({
      faults: parseFaults(fault),
      share: checkedShare(share),
    }));
  }

  /** The faults of the first rate that hits this call. */
  throw(): readonly Fault[] {
    for (const { faults, share } of this.#rates) if (this.#next() < share) return faults;
    return [];
  }
}

function checkedShare(share: unknown): number {
  if (typeof share === "number" && share >= 0 && share <= 1) return share;
  throw new PurserError("invalid_request", "share must be a number from 0 to 1", {
    field: "share",
    remedy: "Write 0.1 for a tenth of the calls.",
  });
}
