/** Decodes the content encoding of a request's body, within a size limit. */

import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib";
import { PurserError } from "../../domain/error.ts";

type Decode = (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number },
  done: (error: (Error & { readonly code?: string }) | null, decoded: Buffer<ArrayBuffer>) => void,
) => void;

/** `deflate` is zlib's format; some clients omit its header. */
const decoders: ReadonlyMap<string, readonly Decode[]> = new Map<string, readonly Decode[]>([
  ["identity", []],
  ["gzip", [gunzip]],
  ["x-gzip", [gunzip]],
  ["deflate", [inflate, inflateRaw]],
  ["br", [brotliDecompress]],
  ["zstd", [zstdDecompress]],
]);

/** In the form of an Accept-Encoding header. */
export const acceptedEncodings = "gzip, deflate, br, zstd";

/** No client needs more layers; each uses as much memory as the limit. */
const mostLayers = 4;

/**
 * @param contentEncoding The header: one encoding, or several in the order in which they were
 *   applied.
 * @param limitBytes Limit for the decoded size of every layer.
 * @throws PurserError `unsupported_encoding` for an unknown encoding, `too_large` over the limit,
 *   `invalid_request` for bytes that are not in the stated encoding.
 */
export async function decodeBody(
  bytes: Uint8Array,
  contentEncoding: string,
  limitBytes: number,
): Promise<Uint8Array> {
  const layers = layersOf(contentEncoding);
  const unknown = layers.find((name) => !decoders.has(name));
  if (unknown !== undefined || layers.length > mostLayers) throw unsupported(contentEncoding);
  let decoded = bytes;
  // An empty body needs no decoding, whatever its header says.
  if (bytes.length > 0)
    for (const name of layers.toReversed()) decoded = await decodeLayer(decoded, name, limitBytes);
  return decoded;
}

function layersOf(contentEncoding: string): readonly string[] {
  return contentEncoding
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
}

async function decodeLayer(
  bytes: Uint8Array,
  name: string,
  limitBytes: number,
): Promise<Uint8Array> {
  const [usual, other] = decoders.get(name) ?? [];
  if (!usual) return bytes;
  // Every zlib stream starts with a nibble of 8 and a checksum over its first two bytes.
  const hasHeader =
    ((bytes[0] ?? 0) & 0x0f) === 8 && (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 31 === 0;
  return run(other && !hasHeader ? other : usual, bytes, { name, limitBytes });
}

function run(
  decode: Decode,
  bytes: Uint8Array,
  { name, limitBytes }: { readonly name: string; readonly limitBytes: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    decode(bytes, { maxOutputLength: limitBytes }, (error, decoded) => {
      if (error === null) resolve(decoded);
      else
        reject(error.code === "ERR_BUFFER_TOO_LARGE" ? tooLarge(limitBytes) : broken(name, error));
    });
  });
}

function unsupported(contentEncoding: string): PurserError {
  return new PurserError(
    "unsupported_encoding",
    `content-encoding: "${contentEncoding.slice(0, 100)}" cannot be decoded`,
    {
      field: "content-encoding",
      remedy: `Send the body without encoding, or with one of: ${acceptedEncodings}.`,
    },
  );
}

function tooLarge(limitBytes: number): PurserError {
  return new PurserError("too_large", `the decoded body is larger than ${limitBytes} bytes`, {
    field: "body",
    remedy: "Send less. For calls, the limit is limits.body_bytes in the configuration.",
  });
}

function broken(name: string, cause: Error): PurserError {
  return new PurserError("invalid_request", `the body is not valid ${name}: ${cause.message}`, {
    field: "body",
    remedy: "Send the body in the encoding that its content-encoding names.",
    cause,
  });
}
