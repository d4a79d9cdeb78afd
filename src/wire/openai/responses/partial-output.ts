/**
 * Keeps the output items of a Responses stream as the caller has them, to end the stream if it is
 * cut.
 */

import { afterQuoted, matchesAt } from "../../bytes.ts";
import { parseObject, toObject, toText } from "../../count/count.ts";
import { valueAfterKey, endOfValue } from "../text-bytes.ts";
import { OpenItem, strandOf } from "./open-item.ts";
import type { ResponsesEvent } from "./stop.ts";
import { quote } from "../../ascii.ts";

const typeHead = Buffer.from('{"type":"');
const deltaKey = Buffer.from('delta"');
const outputIndexKey = Buffer.from('output_index"');

/** Beyond this size nothing more is kept, and the answer ends with what was kept. */
const mostBytes = 1024 * 1024;

/** How the stream is ended: the events that close what is open, and all items as JSON texts. */
export interface ClosedOutput {
  readonly events: readonly ResponsesEvent[];
  readonly items: readonly string[];
}

export class PartialOutput {
  /** By index in the output; a completed item is kept as its JSON text. */
  readonly #items = new Map<number, OpenItem | string>();
  #bytes = 0;

  /** @param payload One event's JSON text. */
  take(payload: Buffer, isDelta: boolean): void {
    if (isDelta) this.#takeDelta(payload);
    else if (afterQuoted(payload, outputIndexKey) >= 0) this.#takeEvent(payload);
  }

  close(): ClosedOutput {
    const inOrder = [...this.#items].sort(([left], [right]) => left - right);
    const closed = inOrder.map(([, item]) =>
      typeof item === "string" ? { events: [], item } : item.close(),
    );
    return {
      events: closed.flatMap(({ events }) => events),
      items: closed.map(({ item }) => item),
    };
  }

  /** Most events are deltas: their text is taken without parsing them. */
  #takeDelta(payload: Buffer): void {
    const type = typeOf(payload);
    const strand = type === undefined ? undefined : strandOf(type);
    const item = this.#items.get(numberAfter(payload, outputIndexKey) ?? -1);
    if (!strand || item === undefined || typeof item === "string") return;
    const start = valueAfterKey(payload, afterQuoted(payload, deltaKey));
    if (start < 0 || payload[start] !== quote) return;
    const text = payload.subarray(start + 1, endOfValue(payload, start) - 1);
    if (this.#fits(text.length))
      item.append(strand, numberAfter(payload, strand.indexKey) ?? 0, text.toString());
  }

  #takeEvent(payload: Buffer): void {
    if (!this.#fits(payload.length)) return;
    const event = parseObject(payload);
    const type = toText(event?.["type"]);
    const index = event?.["output_index"];
    if (!event || type === undefined || typeof index !== "number") return;
    const added = toObject(event["item"]);
    const known = this.#items.get(index);
    if (type === "response.output_item.added" && added)
      this.#items.set(index, new OpenItem(index, added));
    else if (type === "response.output_item.done" && added)
      this.#items.set(index, JSON.stringify(added));
    else if (known instanceof OpenItem) known.take(type, event);
  }

  #fits(bytes: number): boolean {
    this.#bytes += bytes;
    return this.#bytes <= mostBytes;
  }
}

/** The type of an event; fast if it comes first, as OpenAI writes it. */
function typeOf(payload: Buffer): string | undefined {
  if (!matchesAt(payload, 0, typeHead)) return toText(parseObject(payload)?.["type"]);
  const end = payload.indexOf(quote, typeHead.length);
  return end < 0 ? undefined : payload.toString("latin1", typeHead.length, end);
}

/** The number after a key. */
function numberAfter(payload: Buffer, key: Buffer): number | undefined {
  const at = afterQuoted(payload, key);
  const value = at < 0 ? -1 : valueAfterKey(payload, at);
  const digits = value < 0 ? null : /^\d{1,9}/.exec(payload.toString("latin1", value, value + 9));
  return digits ? Number(digits[0]) : undefined;
}
