/** Reads the body and the query of a request, within limits. */

import { decodeBody } from "../app/header/content-encoding.ts";
import { PurserError } from "../domain/error.ts";
import { keyProblem } from "./key-problem.ts";

export const maxBodyBytes = 1024 * 1024;

/**
 * Reads the JSON of a body.
 *
 * @throws PurserError `too_large` over the limit, `invalid_request` for invalid JSON
 *   or a repeated or impossible key, `unsupported_encoding` for an unsupported content encoding.
 */
export async function readBody(request: Request, most = maxBodyBytes): Promise<unknown> {
  const received = await readBytes(request, most);
  const encoding = request.headers.get("content-encoding");
  const bytes = encoding === null ? received : await decodeBody(received, encoding, most);
  if (bytes.length === 0) return undefined;
  const { text, value } = parse(bytes);
  const found = keyProblem(text);
  if (found === undefined) return value;
  const { field, problem } = found;
  throw new PurserError("invalid_request", `${field || "an empty key"} ${problem}`, {
    field,
    remedy: "Send each field once, and no other fields.",
  });
}

function parse(bytes: Uint8Array): { readonly text: string; readonly value: unknown } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { text, value: JSON.parse(text) };
  } catch (cause) {
    throw new PurserError(
      "invalid_request",
      `the body is not JSON: ${cause instanceof Error ? cause.message : "unreadable"}`,
      {
        remedy: "Send a JSON object in UTF-8.",
        cause,
      },
    );
  }
}

/** @throws PurserError `too_large` over the limit. */
export async function readBytes(request: Request, most: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLarge(most);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > most) throw tooLarge(most);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws PurserError `invalid_request` for a parameter that is repeated or has no value. */
export function readQuery(
  queries: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, string>> {
  const single = Object.entries(queries).map(([name, values]) => {
    const [value] = values;
    if (values.length === 1 && value !== undefined && value !== "") return [name, value] as const;
    const what = values.length > 1 ? "is repeated" : "has no value";
    throw new PurserError("invalid_request", `${name} ${what}`, {
      field: name,
      remedy: "Give it once, with a value, or leave it out.",
    });
  });
  return Object.fromEntries(single);
}

function tooLarge(most: number): PurserError {
  return new PurserError("too_large", `the body is over ${most} bytes`, {
    remedy: "Send less in one request.",
  });
}
