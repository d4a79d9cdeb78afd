/** Tracks an unfinished output item of a Responses stream, with the texts written in it so far. */

import { toObject, type JsonObject } from "../../count/count.ts";
import type { ResponsesEvent } from "./stop.ts";

/** A kind of text that is streamed in pieces. Its events are `PREFIX.delta` and `PREFIX.done`. */
export interface Strand {
  readonly prefix: string;
  /**
   * If an item has several such texts: the event's field with their index, and the item's field.
   */
  readonly list?: {
    readonly index: string;
    readonly field: "content" | "summary";
    readonly partType: string;
    readonly partEvent: string;
  };
  /** The field with the whole text, in the `done` event and in the part or item. */
  readonly field: string;
  readonly indexKey: Buffer;
}

const noList = Buffer.from('content_index"');

function strand(prefix: string, field: string, list?: Strand["list"]): readonly [string, Strand] {
  const indexKey = list ? Buffer.from(`${list.index}"`) : noList;
  return [
    `response.${prefix}`,
    { prefix: `response.${prefix}`, field, indexKey, ...(list && { list }) },
  ];
}

function content(partType: string): Strand["list"] {
  return { index: "content_index", field: "content", partType, partEvent: "response.content_part" };
}

/**
 * By prefix (https://platform.openai.com/docs/api-reference/responses-streaming, and the types of
 * openai 7.57.0, read 2026-11).
 */
const strands: ReadonlyMap<string, Strand> = new Map([
  strand("output_text", "text", content("output_text")),
  strand("refusal", "refusal", content("refusal")),
  strand("reasoning_text", "text", content("reasoning_text")),
  strand("reasoning_summary_text", "text", {
    index: "summary_index",
    field: "summary",
    partType: "summary_text",
    partEvent: "response.reasoning_summary_part",
  }),
  strand("function_call_arguments", "arguments"),
  strand("mcp_call_arguments", "arguments"),
  strand("custom_tool_call_input", "input"),
  strand("code_interpreter_call_code", "code"),
]);

/** @param type Of an event. @returns The strand that it belongs to. */
export function strandOf(type: string): Strand | undefined {
  return strands.get(type.slice(0, type.lastIndexOf(".")));
}

const partEvents: ReadonlyMap<string, "content" | "summary"> = new Map([
  ["response.content_part", "content"],
  ["response.reasoning_summary_part", "summary"],
]);

/** One text, as JSON without its quotes. */
interface Written {
  readonly strand: Strand;
  readonly index: number;
  text: string;
  isDone: boolean;
  /** Its part was opened by an event of its own, and not closed. */
  isPartOpen: boolean;
}

export class OpenItem {
  readonly #outputIndex: number;
  readonly #item: JsonObject;
  readonly #written: Written[] = [];
  /** Parts that were opened and have no text yet. */
  readonly #openParts = new Map<string, JsonObject>();

  constructor(outputIndex: number, item: JsonObject) {
    this.#outputIndex = outputIndex;
    this.#item = item;
  }

  /** @param text As JSON without its quotes. */
  append(strand: Strand, index: number, text: string): void {
    this.#find(strand, index).text += text;
  }

  /** Takes an event that is no delta. */
  take(type: string, event: JsonObject): void {
    const at = type.lastIndexOf(".");
    const list = partEvents.get(type.slice(0, at));
    if (list !== undefined)
      return this.#takePart(list, { isOpened: type.endsWith(".added"), event });
    const strand = strandOf(type);
    const whole = strand && event[strand.field];
    if (!strand || !type.endsWith(".done") || typeof whole !== "string") return;
    const written = this.#find(strand, this.#indexIn(strand, event));
    written.text = JSON.stringify(whole).slice(1, -1);
    written.isDone = true;
  }

  /** The events that close it, and the item so far. */
  close(): { readonly events: readonly ResponsesEvent[]; readonly item: string } {
    for (const [key, part] of this.#openParts) this.#openEmpty(key, part);
    const item = this.#itemSoFar();
    const events = this.#written.flatMap((written) => this.#closeText(written));
    return {
      events: [
        ...events,
        { type: "response.output_item.done", output_index: this.#outputIndex, item },
      ],
      item: JSON.stringify(item),
    };
  }

  #takePart(
    list: "content" | "summary",
    { isOpened, event }: { readonly isOpened: boolean; readonly event: JsonObject },
  ): void {
    const index = event[`${list}_index`];
    if (typeof index !== "number") return;
    const key = `${list} ${index}`;
    const part = toObject(event["part"]);
    if (isOpened && part) this.#openParts.set(key, part);
    else this.#openParts.delete(key);
    for (const written of this.#written) if (keyOf(written) === key) written.isPartOpen = isOpened;
  }

  #find(strand: Strand, index: number): Written {
    const known = this.#written.find(
      (written) => written.strand === strand && written.index === index,
    );
    if (known) return known;
    const written = { strand, index, text: "", isDone: false, isPartOpen: false };
    written.isPartOpen = this.#openParts.delete(keyOf(written));
    this.#written.push(written);
    return written;
  }

  #openEmpty(key: string, part: JsonObject): void {
    const [list, index] = key.split(" ");
    const found = [...strands.values()].find(
      ({ list: of }) => of?.field === list && of?.partType === part["type"],
    );
    if (found) this.#find(found, Number(index));
  }

  #indexIn(strand: Strand, event: JsonObject): number {
    const index = strand.list && event[strand.list.index];
    return typeof index === "number" ? index : 0;
  }

  #closeText(written: Written): readonly ResponsesEvent[] {
    const { strand, index, isDone, isPartOpen } = written;
    const where = {
      item_id: this.#item["id"],
      output_index: this.#outputIndex,
      ...(strand.list && { [strand.list.index]: index }),
    };
    const name =
      strand.field === "arguments" && this.#item["name"] !== undefined
        ? { name: this.#item["name"] }
        : {};
    const logprobs = strand.list?.partType === "output_text" ? { logprobs: [] } : {};
    const text: ResponsesEvent = {
      type: `${strand.prefix}.done`,
      ...where,
      ...name,
      [strand.field]: textOf(written),
      ...logprobs,
    };
    const part = strand.list && {
      type: `${strand.list.partEvent}.done`,
      ...where,
      part: partOf(written),
    };
    return [...(isDone ? [] : [text]), ...(part && isPartOpen ? [part] : [])];
  }

  #itemSoFar(): JsonObject {
    const item: Record<string, unknown> = { ...this.#item, status: "incomplete" };
    for (const field of ["content", "summary"] as const) {
      const parts = this.#written
        .filter(({ strand }) => strand.list?.field === field)
        .sort((left, right) => left.index - right.index);
      if (parts.length > 0) item[field] = parts.map(partOf);
    }
    for (const written of this.#written)
      if (!written.strand.list) item[written.strand.field] = textOf(written);
    return item;
  }
}

function keyOf({ strand, index }: Pick<Written, "strand" | "index">): string {
  return `${strand.list?.field ?? ""} ${index}`;
}

function partOf(written: Written): JsonObject {
  const { partType } = written.strand.list ?? { partType: "" };
  const more = partType === "output_text" ? { annotations: [], logprobs: [] } : {};
  return { type: partType, ...more, [written.strand.field]: textOf(written) };
}

function textOf({ text }: Written): string {
  return JSON.parse(`"${text}"`) as string;
}
