/**
 * Decompresses answers that a provider compressed unasked, since usage cannot be read from
 * compressed bytes.
 */

import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib";
import type { Transform } from "node:stream";

/** Receives decoded bytes. */
export interface Decoded {
  data(chunk: Uint8Array): void;
  end(): void;
  fail(message: string): void;
  /** The decoder accepts writes again, after `write` returned false. */
  drained(): void;
}

/** Buffers at most a few chunks of input and output. */
export interface Decoder {
  /** @returns false if the caller should wait for `drained` before writing more. */
  write(chunk: Uint8Array): boolean;
  end(): void;
  pause(): void;
  resume(): void;
  destroy(): void;
  /** Whether some input is not yet decoded or delivered. */
  readonly isBusy: boolean;
}

/** Creates a decoder from the first byte of its input. */
type Maker = (first: number) => Transform;

const chunkSize = 64 * 1024;
/** Windows of 8 MiB, the maximum that HTTP allows (RFC 9659, section 3, read 2026-11-28). */
const zstdWindowLog = 23;
/** Maximum layers of encoding: each decoder has its own window in memory. */
const mostCodings = 3;

const gunzip: Maker = () => createGunzip({ chunkSize });

const makers: ReadonlyMap<string, Maker> = new Map([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  [
    "deflate",
    (first) => (isZlib(first) ? createInflate({ chunkSize }) : createInflateRaw({ chunkSize })),
  ],
  ["br", () => createBrotliDecompress({ chunkSize })],
  [
    "zstd",
    () =>
      createZstdDecompress({
        chunkSize,
        params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLog },
      }),
  ],
]);

/**
 * Some servers send raw deflate without the zlib header. The header's first byte has method 8,
 * which no deflate block starts with.
 */
function isZlib(first: number): boolean {
  return (first & 0x0f) === 8;
}

/** How to handle the encodings of an answer. */
export interface Decoding {
  /** Encodings to decode, outermost first. */
  readonly undone: readonly string[];
  /** The remaining header value; null if the decoded bytes are plain. */
  readonly left: string | null;
}

/** @param header The value of `content-encoding`: codings in the order applied. */
export function decodingOf(header: string | readonly string[]): Decoding {
  const named = (typeof header === "string" ? header : header.join(","))
    .split(",")
    .map((name) => name.trim().toLowerCase());
  const codings = named.filter((name) => name !== "" && name !== "identity");
  const known = codings.length - 1 - codings.findLastIndex((name) => !makers.has(name));
  const undone = codings.slice(codings.length - Math.min(known, mostCodings)).reverse();
  const left = codings.slice(0, codings.length - undone.length);
  return { undone, left: left.length === 0 ? null : left.join(", ") };
}

/** @param undone At least one coding, outermost first. */
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
  return {
    data: (chunk) => decoded.data(chunk),
    end: () => decoded.end(),
    fail: (message) => decoded.fail(message),
  };
}

/**
 * Decodes one coding. Its decoder is created on the first byte, so an answer without a body needs
 * none.
 */
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
    return (
      this.#transform !== null &&
      this.#transform.writableLength + this.#transform.readableLength > 0
    );
  }

  #make(first: number): Transform {
    const transform = (makers.get(this.#name) ?? gunzip)(first);
    transform.on("data", (chunk: Buffer) => this.#decoded.data(chunk));
    transform.on("end", () => this.#decoded.end());
    transform.on("error", (error) =>
      this.#decoded.fail(`its ${this.#name} answer could not be decoded: ${error.message}`),
    );
    transform.on("drain", () => this.#decoded.drained());
    if (this.#isPaused) transform.pause();
    return transform;
  }
}
