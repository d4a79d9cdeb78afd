/**
 * The token-counting thread: loads encodings on first use, and interleaves texts so a long one does
 * not delay a short one.
 */

import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import type { CountedInput, CountedText, TokenRange } from "../app/port/token-counter.ts";
import { assert } from "../domain/assert.ts";
import type { Encoding, Tokenizer } from "../domain/estimate/tokenizer.ts";
import { inputTexts } from "../wire/body/input-texts.ts";
import { rangeOf } from "./bound.ts";
import { loadEncoding, type CountTokens } from "./encoding.ts";
import type { CountAnswer, CountRequest } from "./message.ts";
import { lastSplit, readWritten } from "./written-text.ts";

/** Characters counted per turn, about two milliseconds. */
const turnLength = 32 * 1024;

assert(parentPort !== null, "counting runs in a worker thread");
const port = parentPort;
const encodings = new Map<Encoding, Promise<CountTokens>>();

port.on("message", (request: CountRequest) => {
  const answering = request.kind === "text" ? answerText(request) : answerInput(request);
  answering.catch((error: unknown) =>
    post({ id: request.id, kind: "failed", message: String(error) }),
  );
});

async function answerText({
  id,
  text,
  tokenizer,
}: Extract<CountRequest, { kind: "text" }>): Promise<void> {
  post({ id, kind: "text", counted: await countText(text, tokenizer) });
}

async function countText(text: Uint8Array, tokenizer: Tokenizer): Promise<CountedText> {
  const bytes = lastSplit(text);
  const before = await countAll([readWritten(text.subarray(0, bytes))], tokenizer);
  const after = await countAll([readWritten(text.subarray(bytes))], tokenizer);
  return { ...sum(before, after), settled: { bytes, ...before } };
}

async function answerInput({
  id,
  body,
  tokenizer,
}: Extract<CountRequest, { kind: "input" }>): Promise<void> {
  const { texts, tokens } = inputTexts(body);
  const { most } = await countAll(texts, tokenizer);
  const counted: CountedInput = { tokens: tokens + Math.ceil(most), digest: digestOf(texts) };
  post({ id, kind: "input", counted });
}

async function countAll(texts: readonly string[], tokenizer: Tokenizer): Promise<TokenRange> {
  const count = await encodingOf(tokenizer.encoding);
  let total: TokenRange = { least: 0, expected: 0, most: 0 };
  let turn = 0;
  for (const text of texts) {
    for (let start = 0; start < text.length; start += turnLength) {
      const piece = text.slice(start, start + turnLength);
      total = sum(total, rangeOf(piece, tokenizer, count));
      turn += piece.length;
      if (turn >= turnLength) {
        turn = 0;
        await setImmediate();
      }
    }
  }
  return total;
}

function sum(one: TokenRange, other: TokenRange): TokenRange {
  return {
    least: one.least + other.least,
    expected: one.expected + other.expected,
    most: one.most + other.most,
  };
}

function encodingOf(encoding: Encoding): Promise<CountTokens> {
  let loading = encodings.get(encoding);
  if (!loading) encodings.set(encoding, (loading = loadEncoding(encoding)));
  return loading;
}

function digestOf(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest("base64");
}

function post(answer: CountAnswer): void {
  port.postMessage(answer);
}
