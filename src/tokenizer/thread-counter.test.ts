/** Token counting in a worker thread. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { tokenizerOf } from "../domain/estimate/tokenizer.ts";
import { ThreadCounter } from "./thread-counter.ts";

const gpt = tokenizerOf({ family: "openai", model: "gpt-4o" });
const counter = new ThreadCounter();
after(() => counter.close());

const chat = (...messages: readonly object[]): Buffer =>
  Buffer.from(JSON.stringify({ model: "gpt-4o", messages }));

test("a chat is counted as OpenAI bills it", async () => {
  const { tokens } = await counter.countInput(
    chat({ role: "user", content: "Invent a new holiday and describe its traditions." }),
    gpt,
  );
  assert.equal(tokens, 16);
});

test("equal texts have the same digest, and different texts another", async () => {
  const digestOf = async (content: string, role = "user"): Promise<string> =>
    (await counter.countInput(chat({ role, content }), gpt)).digest;
  assert.equal(await digestOf("a"), await digestOf("a", "system"));
  assert.notEqual(await digestOf("a"), await digestOf("b"));
});

test("a long text does not delay a short one", async () => {
  const ended: string[] = [];
  const long = counter
    .countText(Buffer.from("words and more ".repeat(60_000)), gpt)
    .then(() => ended.push("long"));
  const short = counter.countText(Buffer.from("words"), gpt).then(() => ended.push("short"));
  await Promise.all([long, short]);
  assert.deepEqual(ended, ["short", "long"]);
});

test("an unbroken run of letters is counted in linear time, and never too low", async () => {
  const { most } = await counter.countText(Buffer.from("a".repeat(100_000)), gpt);
  assert.ok(most >= 100_000 / 8);
});

test("a closed counter restarts on the next count", async () => {
  const closing = new ThreadCounter();
  assert.equal((await closing.countText(Buffer.from("tiktoken is great!"), gpt)).most, 6);
  await closing.close();
  assert.equal((await closing.countText(Buffer.from("tiktoken is great!"), gpt)).most, 6);
  await closing.close();
});
