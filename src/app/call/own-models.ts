/** Models that were tuned: who may call them, and see their names. They belong to the key whose job made them, like all that a provider keeps. */

import { PurserError } from "../../domain/error.ts";
import { shorten } from "../../domain/input/shorten.ts";
import { matchesName } from "../../domain/input/name-pattern.ts";
import type { WireFormat } from "../../wire/wire.ts";
import { isBound, ownerOf, type Custody } from "./belongings.ts";
import type { UpstreamFailure, UpstreamHeaders, UpstreamReceiver } from "../port/upstream.ts";

/** What decides who may call a model. */
export interface ModelCustody extends Custody {
  readonly wire: Pick<WireFormat, "tunedModel">;
}

/**
 * One without an owner was not made by a key: it is the operator's own, and the key's list of models decides. Where keys may tune
 * models, one whose job its maker has not looked at yet has no owner either: then the list has to name it.
 */
function mayHave(custody: ModelCustody, model: string): boolean {
  const { belongings, caller, provider, wire } = custody;
  if (!isBound(custody)) return true;
  const id = wire.tunedModel(model);
  if (id === undefined) return true;
  const owner = belongings.ownerOf(provider.name, id);
  if (owner !== undefined) return owner === ownerOf(caller);
  return provider.stored === "refuse" || isListed(caller.key?.models ?? [], { model, wire });
}

/** By its name, or the beginning of names of tuned models; a `*` for all models does not mean those of others. */
function isListed(models: readonly string[], { model, wire }: Pick<ModelCustody, "wire"> & { readonly model: string }): boolean {
  return models.some((pattern) => wire.tunedModel(pattern) !== undefined && matchesName([pattern], model));
}

/** @throws PurserError `forbidden` for a model that another key tuned. */
export function checkModel(custody: ModelCustody, model: string): void {
  if (mayHave(custody, model)) return;
  throw new PurserError("forbidden", `model: ${JSON.stringify(shorten(model, 80))} was not tuned with this key`, {
    field: "model",
    remedy:
      "Use the key that made its tuning job, and look at the job with it once it is done; or have the model named in the key's list of models.",
  });
}

/** A provider's list of models without the tuned ones that the caller may not have. */
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
    const list =
      this.#length > longestList ? undefined : listWithout(Buffer.concat(this.#chunks), (model) => !mayHave(this.#custody, model));
    if (!list) return this.#receiver.fail({ reached: true, timedOut: false, message: "its list of models cannot be read" });
    this.#head();
    this.#receiver.data(list);
    this.#receiver.end();
  }

  fail(failure: UpstreamFailure): void {
    this.#receiver.fail(failure);
  }
}

const longestList = 16 * 1024 * 1024;

/** @returns The bytes as they are when nothing is to be left out; undefined for what is no JSON. */
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
