/** Removes models that a caller may not use from a provider's list of models. */

import { PurserError } from "../../domain/error.ts";
import type { UpstreamFailure, UpstreamHeaders, UpstreamReceiver } from "../port/upstream.ts";
import { mayHave, type ModelCustody } from "./own-models.ts";

/** Passes a list on without the tuned models that the caller may not use. */
export class ListOfModels implements UpstreamReceiver {
  readonly #receiver: UpstreamReceiver;
  readonly #custody: ModelCustody;
  #head: (() => void) | null = null;
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(receiver: UpstreamReceiver, custody: ModelCustody) {
    this.#receiver = receiver;
    this.#custody = custody;
  }

  head(status: number, headers: UpstreamHeaders): void {
    const { "content-length": _, ...others } = headers;
    if (status >= 200 && status < 300) this.#head = () => this.#receiver.head(status, others);
    else this.#receiver.head(status, headers);
  }

  data(chunk: Uint8Array): void {
    if (!this.#head) return this.#receiver.data(chunk);
    this.#length += chunk.length;
    if (this.#length > longestList) this.#chunks = [];
    else this.#chunks.push(chunk);
  }

  end(): void {
    if (!this.#head) return this.#receiver.end();
    const list = this.#shown();
    if ("problem" in list)
      return this.#receiver.fail({ reached: true, timedOut: false, message: list.problem });
    this.#head();
    this.#receiver.data(list.bytes);
    this.#receiver.end();
  }

  fail(failure: UpstreamFailure): void {
    this.#receiver.fail(failure);
  }

  /** If the owners of models cannot be read, the list is not shown and the call fails. */
  #shown(): { readonly bytes: Uint8Array } | { readonly problem: string } {
    const unread = { problem: "its list of models cannot be read" };
    if (this.#length > longestList) return unread;
    try {
      const bytes = listWithout(
        Buffer.concat(this.#chunks),
        (model) => !mayHave(this.#custody, model),
      );
      return bytes ? { bytes } : unread;
    } catch (error) {
      if (error instanceof PurserError)
        return { problem: `its list of models cannot be shown: ${error.message}` };
      throw error;
    }
  }
}

const longestList = 16 * 1024 * 1024;

/** @returns The same bytes if nothing is removed; undefined for invalid JSON. */
function listWithout(bytes: Buffer, isHidden: (model: string) => boolean): Uint8Array | undefined {
  if (bytes.length === 0) return bytes;
  let hidden = 0;
  const leaveOut = (_key: string, value: unknown): unknown => {
    if (!Array.isArray(value)) return value;
    const shown = (value as readonly unknown[]).filter((one) => !isHidden(nameOf(one)));
    hidden += value.length - shown.length;
    return shown;
  };
  try {
    const list: unknown = JSON.parse(bytes.toString(), leaveOut);
    return hidden === 0 ? bytes : Buffer.from(JSON.stringify(list));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function nameOf(model: unknown): string {
  if (typeof model === "string") return model;
  const id: unknown = typeof model === "object" && model !== null && "id" in model ? model.id : "";
  return typeof id === "string" ? id : "";
}
