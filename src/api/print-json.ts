/** Prints long answers as JSON in turns, between which calls go on. */

import { turns } from "../domain/turns.ts";

/** Shorter lists and objects are printed at once. */
const long = 50;
/** Deep enough for the lists in any answer. */
const levels = 3;
/** Characters printed at once, about. */
const pieceLength = 32_000;

/**
 * A list in an answer whose items are made when they are printed, so they are not all in memory.
 * Only {@link printJson} can read it, once.
 */
export function lazyList<Item>(items: AsyncIterable<Item>): readonly Item[] {
  return new LazyList(items) as unknown as readonly Item[];
}

class LazyList {
  readonly items: AsyncIterable<unknown>;

  constructor(items: AsyncIterable<unknown>) {
    this.items = items;
  }
}

/** @returns The same as `JSON.stringify`, as text or as UTF-8. */
export async function printJson(value: unknown): Promise<string | Uint8Array<ArrayBuffer>> {
  if (!isLong(value, levels)) return JSON.stringify(value);
  const pieces = new Pieces();
  await print(value, levels, pieces);
  return pieces.whole();
}

async function print(value: unknown, depth: number, into: Pieces): Promise<void> {
  for (const piece of piecesOf(value, depth)) {
    if (turns.isOver) await turns.next();
    if (typeof piece === "string") into.add(piece);
    else await printLazily(piece, into);
  }
}

async function printLazily({ items }: LazyList, into: Pieces): Promise<void> {
  into.add("[");
  let separator = "";
  for await (const item of items) {
    into.add(separator);
    await print(item, 1, into);
    separator = ",";
  }
  into.add("]");
}

/** Text that is encoded whenever there is enough of it. */
class Pieces {
  readonly #encoded: Buffer[] = [];
  #texts: string[] = [];
  #length = 0;

  add(text: string): void {
    this.#texts.push(text);
    this.#length += text.length;
    if (this.#length >= pieceLength) this.#encode();
  }

  whole(): Uint8Array<ArrayBuffer> {
    this.#encode();
    return Buffer.concat(this.#encoded);
  }

  #encode(): void {
    this.#encoded.push(Buffer.from(this.#texts.join("")));
    this.#texts = [];
    this.#length = 0;
  }
}

/** Whether a value, or one within some levels of it, is long. */
function isLong(value: unknown, depth: number): value is object {
  if (typeof value !== "object" || value === null || "toJSON" in value) return false;
  if (value instanceof LazyList) return true;
  const values: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return values.length > long || (depth > 0 && values.some((inner) => isLong(inner, depth - 1)));
}

type Piece = string | LazyList;

function* piecesOf(value: unknown, depth: number): Generator<Piece, void> {
  if (!isLong(value, depth)) yield JSON.stringify(value) ?? "null";
  else if (value instanceof LazyList) yield value;
  else if (Array.isArray(value)) yield* listPieces(value);
  else yield* objectPieces(value, depth);
}

function* listPieces(list: readonly unknown[]): Generator<Piece, void> {
  let length = 1;
  for (let place = 0; place < list.length;) {
    yield place === 0 ? "[" : ",";
    const items = list.slice(place, place + length);
    const deep = items.findIndex((item) => isLong(item, 1));
    if (deep === 0) {
      yield* piecesOf(items[0], 1);
      place += 1;
      continue;
    }
    const shown = deep === -1 ? items : items.slice(0, deep);
    const text = JSON.stringify(shown);
    yield text.slice(1, -1);
    place += shown.length;
    const fitting = Math.floor((shown.length * pieceLength) / text.length);
    length = Math.max(1, Math.min(2 * length, fitting));
  }
  yield list.length === 0 ? "[]" : "]";
}

function* objectPieces(value: object, depth: number): Generator<Piece, void> {
  let separator = "{";
  for (const [name, inner] of Object.entries(value)) {
    if (isLong(inner, depth - 1)) {
      yield `${separator}${JSON.stringify(name)}:`;
      yield* piecesOf(inner, depth - 1);
    } else {
      const field = JSON.stringify({ [name]: inner });
      if (field === "{}") continue;
      yield separator + field.slice(1, -1);
    }
    separator = ",";
  }
  yield separator === "{" ? "{}" : "}";
}
