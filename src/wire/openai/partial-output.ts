/** The output items of a Responses stream so far, kept as they were written, to end the stream with when it is cut. */

import { answerScanner } from "../body/index.ts";
import { behindQuoted } from "../bytes.ts";
import { behindColon, endOfValue } from "./delta.ts";

const scan = answerScanner({ nested: ["item"] });
const itemKey = Buffer.from('item"');
const deltaKey = Buffer.from('delta"');
const textDelta = Buffer.from("response.output_text.delta");

/** Beyond this much nothing more is kept, and the answer ends with what is there. */
const mostBytes = 1024 * 1024;

export class PartialOutput {
  readonly #done: string[] = [];
  /** The message that is being written: its id, and its text as JSON without quotes. */
  #openId: string | undefined;
  #text: Buffer[] = [];
  #bytes = 0;

  /** @throws PurserError `invalid_request` when an item cannot be read. */
  take(payload: Buffer, isDelta: boolean): void {
    if (isDelta) this.#takeText(payload);
    else if (behindQuoted(payload, itemKey) >= 0) this.#takeItem(payload);
  }

  /** JSON texts of the items, the one that was being written last. */
  items(): readonly string[] {
    if (this.#openId === undefined) return this.#done;
    const text = Buffer.concat(this.#text).toString();
    const content = `[{"type":"output_text","annotations":[],"logprobs":[],"text":"${text}"}]`;
    const open = `{"id":${JSON.stringify(this.#openId)},"type":"message","status":"incomplete","role":"assistant","content":${content}}`;
    return [...this.#done, open];
  }

  #takeText(payload: Buffer): void {
    if (this.#openId === undefined || !payload.includes(textDelta)) return;
    const start = behindColon(payload, behindQuoted(payload, deltaKey));
    if (start < 0 || payload[start] !== 0x22) return;
    const text = payload.subarray(start + 1, endOfValue(payload, start) - 1);
    if (this.#fits(text.length)) this.#text.push(Buffer.from(text));
  }

  #takeItem(payload: Buffer): void {
    const event = scan(payload);
    if (event.kind("item") !== "object") return;
    const type = event.string("type");
    if (type === "response.output_item.added" && event.string("item.type") === "message") {
      this.#openId = event.string("item.id");
      this.#text = [];
    } else if (type === "response.output_item.done") {
      const item = event.raw("item") ?? "";
      if (this.#fits(item.length)) this.#done.push(item);
      this.#openId = undefined;
      this.#text = [];
    }
  }

  #fits(bytes: number): boolean {
    this.#bytes += bytes;
    return this.#bytes <= mostBytes;
  }
}
