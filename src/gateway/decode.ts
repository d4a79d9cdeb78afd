/** Undoing content encodings that a provider used although none was asked for: usage cannot be read in compressed bytes. */

import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from "node:zlib";
import type { Transform } from "node:stream";

/** What decoded bytes are given to. */
export interface Decoded {
  data(chunk: Uint8Array): void;
  end(): void;
  fail(message: string): void;
  /** More can be written again, after `write` said that it is enough for now. */
  drained(): void;
}

/** Keeps no more than some chunks of what was written and of what came of it. */
export interface Decoder {
  /** @returns false when no more should be written until `drained`. */
  write(chunk: Uint8Array): boolean;
  end(): void;
  pause(): void;
  resume(): void;
  destroy(): void;
  /** Whether some of what was written is not decoded, or not given on. */
  readonly isBusy: boolean;
}

/** Makes a decoder by the first byte that it gets. */
type Maker = (first: number) => Transform;

const chunkSize = 64 * 1024;
/** Windows of 8 MiB, which HTTP allows at most (RFC 9659, section 3, read 2026-11-28). */
const zstdWindowLog = 23;
/** The most layers that are decoded: each decoder has a window of its own in memory. */
const mostCodings = 3;

const gunzip: Maker = () => createGunzip({ chunkSize });

const makers: ReadonlyMap<string, Maker> = new Map([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", (first) => (isZlib(first) ? createInflate({ chunkSize }) : createInflateRaw({ chunkSize }))],
  ["br", () => createBrotliDecompress({ chunkSize })],
  ["zstd", () => createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLog } })],
]);

/** Some servers send deflate without the zlib header, whose first byte has the method 8. A deflate block never begins with those bits. */
function isZlib(first: number): boolean {
  return (first & 0x0f) === 8;
}

/** How the encodings of an answer are dealt with. */
export interface Decoding {
  /** Those that are undone, the outermost first. */
  readonly undone: readonly string[];
  /** What is left of the header; null when the bytes are then plain. */
  readonly left: string | null;
}

/** @param header The value of `content-encoding`: codings in the order in which they were applied. */
export function decodingOf(header: string | readonly string[]): Decoding {
  const named = (typeof header === "string" ? header : header.join(",")).split(",").map((name) => name.trim().toLowerCase());
  const codings = named.filter((name) => name !== "" && name !== "identity");
  const known = codings.length - 1 - codings.findLastIndex((name) => !makers.has(name));
  const undone = codings.slice(codings.length - Math.min(known, mostCodings)).reverse();
  const left = codings.slice(0, codings.length - undone.length);
  return { undone, left: left.length === 0 ? null : left.join(", ") };
}

/** @param undone At least one coding, the outermost first. */
export function decoderFor(undone: readonly string[], decoded: Decoded): Decoder {
  const [name = "", ...inner] = undone;
  if (inner.length === 0) return new Stage(name, decoded);
  const next = decoderFor(inner, { ...sinkOf(decoded), drained: () => stage.resume() });
  const stage: Stage = new Stage(name, {
    data: (chunk) => {
      if (!next.write(chunk)) stage.pause();
    },
    end: () => next.end(),
    fail: (message) => decoded.fail(message),
    drained: () => decoded.drained(),
  });
  return {
    write: (chunk) => stage.write(chunk),
    end: () => stage.end(),
    pause: () => next.pause(),
    resume: () => next.resume(),
    destroy: () => {
      stage.destroy();
      next.destroy();
    },
    get isBusy() {
      return stage.isBusy || next.isBusy;
    },
  };
}

function sinkOf(decoded: Decoded): Omit<Decoded, "drained"> {
  return { data: (chunk) => decoded.data(chunk), end: () => decoded.end(), fail: (message) => decoded.fail(message) };
}

/** One coding. Its decoder is made with the first byte: an answer without a body has none. */
class Stage implements Decoder {
  readonly #name: string;
  readonly #decoded: Decoded;
  #transform: Transform | null = null;
  #isPaused = false;

  constructor(name: string, decoded: Decoded) {
    this.#name = name;
    this.#decoded = decoded;
  }

  write(chunk: Uint8Array): boolean {
    const [first] = chunk;
    if (first === undefined) return true;
    this.#transform ??= this.#make(first);
    return this.#transform.write(chunk);
  }

  end(): void {
    if (this.#transform) this.#transform.end();
    else this.#decoded.end();
  }

  pause(): void {
    this.#isPaused = true;
    this.#transform?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#transform?.resume();
  }

  destroy(): void {
    this.#transform?.destroy();
  }

  get isBusy(): boolean {
    return this.#transform !== null && this.#transform.writableLength + this.#transform.readableLength > 0;
  }

  #make(first: number): Transform {
    const transform = (makers.get(this.#name) ?? gunzip)(first);
    transform.on("data", (chunk: Buffer) => this.#decoded.data(chunk));
    transform.on("end", () => this.#decoded.end());
    transform.on("error", (error) => this.#decoded.fail(`its ${this.#name} answer could not be decoded: ${error.message}`));
    transform.on("drain", () => this.#decoded.drained());
    if (this.#isPaused) transform.pause();
    return transform;
  }
}
