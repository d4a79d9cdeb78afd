/** Every fault as a bare client sees it, and as the books record it. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { after, test } from "node:test";
import type { BookRow } from "../books.ts";
import { FaultDice, parseFaults } from "./faults.ts";
import { startSimulator } from "../simulator.ts";

const simulator = await startSimulator();
after(() => simulator.close());

interface Seen {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  /** How it broke; null if it ended normally. */
  readonly broken: string | null;
}

interface Sent {
  readonly stream?: boolean;
  readonly path?: string;
  readonly extra?: object;
}

/** One call with a directive; the tag finds its row. */
async function call(directive: string, sent: Sent = {}): Promise<Seen & { readonly row: BookRow }> {
  const tag = `t${simulator.books.size}-${Math.random()}`;
  const content = `[[sim ${directive} tag=${tag}]]`;
  const body = {
    model: "m",
    max_tokens: 100,
    stream: sent.stream === true,
    messages: [{ role: "user", content }],
    ...sent.extra,
  };
  const seen = await raw(sent.path ?? "/openai/v1/chat/completions", JSON.stringify(body));
  const row = await rowOf(tag);
  return { ...seen, row };
}

/**
 * Waits for the row: it is written when the call ends, perhaps shortly after its bytes have
 * arrived.
 */
async function rowOf(tag: string): Promise<BookRow> {
  for (;;) {
    const [row] = simulator.books.tagged(tag);
    if (row) return row;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function raw(path: string, body: string): Promise<Seen> {
  const sending = request(simulator.url + path, { method: "POST", agent: false });
  sending.end(body);
  const [response, failed] = await new Promise<[IncomingMessage | null, Error | null]>(
    (resolve) => {
      sending.once("response", (answer) => resolve([answer, null]));
      sending.once("error", (error) => resolve([null, error]));
    },
  );
  sending.on("error", () => undefined);
  if (!response) return { status: 0, headers: {}, text: "", broken: failed?.message ?? "?" };
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const broken = await new Promise<string | null>((resolve) => {
    response.once("end", () => resolve(null));
    response.once("error", (error) => resolve(error.message));
  });
  return { status: response.statusCode ?? 0, headers: response.headers, text, broken };
}

function contentsOf(text: string): number {
  return [...text.matchAll(/"delta":\{"content":"/g)].length;
}

test("a refusal has its status and retry-after, and is not billed", async () => {
  for (const status of [429, 500, 503, 529]) {
    const { row, ...seen } = await call(`fault=${status}:2`);
    assert.deepEqual([seen.status, seen.headers["retry-after"]], [status, "2"]);
    assert.deepEqual([row.status, row.billed, row.input, row.output], [status, false, 0, 0]);
  }
});

test("after a reset before the first byte, a whole answer is billed in full and a stream for its input", async () => {
  const whole = await call("input=5 output=6 fault=reset_before");
  const stream = await call("input=5 output=6 fault=reset_before", { stream: true });
  assert.deepEqual([whole.status, stream.status], [0, 0]);
  assert.deepEqual(
    [whole.row.input, whole.row.output, whole.row.finished, whole.row.status],
    [5, 6, false, 0],
  );
  assert.deepEqual([stream.row.input, stream.row.output, stream.row.cut_at], [5, 0, 0]);
});

test("a stream reset after some chunks is billed for those, unless `bill` overrides it", async () => {
  const cut = await call("output=20 fault=reset_after:7", { stream: true });
  assert.notEqual(cut.broken, null);
  assert.equal(contentsOf(cut.text), 7);
  assert.deepEqual(
    [cut.row.output, cut.row.cut_at, cut.row.finished, cut.row.billed],
    [7, 7, false, true],
  );
  const full = await call("output=20 fault=reset_after:7 bill=full", { stream: true });
  assert.deepEqual([full.row.output, full.row.cut_at], [20, 7]);
  const none = await call("output=20 fault=reset_after:7 bill=none", { stream: true });
  assert.deepEqual([none.row.input, none.row.output, none.row.billed], [0, 0, false]);
});

test("chunks of several tokens are billed per token", async () => {
  const { row, text } = await call("output=20 tokens_per_chunk=3 fault=reset_after:2", {
    stream: true,
  });
  assert.deepEqual([contentsOf(text), row.output], [2, 6]);
});

test("a whole answer that is reset halfway or cut in half is billed in full", async () => {
  const reset = await call("output=6 fault=reset_after:1");
  assert.notEqual(reset.broken, null);
  const half = await call("output=6 fault=half_json");
  assert.equal(half.broken, null);
  assert.throws(() => JSON.parse(half.text), SyntaxError);
  for (const { row } of [reset, half]) assert.deepEqual([row.output, row.finished], [6, false]);
});

test("a stream cut in the middle of an event ends without a connection error", async () => {
  const { broken, text, row } = await call("output=6 fault=half_json", { stream: true });
  assert.equal(broken, null);
  assert.equal(text.endsWith("\n\n"), false);
  assert.deepEqual([row.output, row.finished], [2, false]);
});

test("a content-length too large breaks the answer; one too small hides its end", async () => {
  const long = await call("fault=long_content_length");
  assert.notEqual(long.broken, null);
  assert.doesNotThrow(() => JSON.parse(long.text));
  const short = await call("fault=short_content_length");
  assert.equal(Number(short.headers["content-length"]), short.text.length);
  assert.throws(() => JSON.parse(short.text), SyntaxError);
});

test("a stall ends after its time, or lasts until the caller leaves", async () => {
  const short = await call("output=5 fault=stall_after:2:5", { stream: true });
  assert.deepEqual([short.broken, contentsOf(short.text), short.row.output], [null, 5, 5]);
  assert.equal((await call("output=5 fault=stall:5", { stream: true })).row.finished, true);
  assert.equal((await call("output=5 fault=stall:5")).row.finished, true);

  const row = await leaveAfter(2, "output=5 fault=stall_after:2");
  assert.deepEqual([row.output, row.cut_at, row.finished], [2, 2, false]);
});

test("a caller that leaves stops the generation, and is billed for the tokens generated", async () => {
  const row = await leaveAfter(3, "output=100000 gap_ms=1");
  assert.equal(row.billed, true);
  assert.ok(row.output >= 3 && row.output < 100_000, String(row.output));
  assert.equal(row.cut_at, row.output);
  const full = await leaveAfter(3, "output=1000 gap_ms=1 bill=full");
  assert.equal(full.output, 1000);
});

/** Streams until some chunks have come, then hangs up. */
async function leaveAfter(chunks: number, directive: string): Promise<BookRow> {
  const tag = `left-${simulator.books.size}-${Math.random()}`;
  const body = {
    model: "m",
    stream: true,
    messages: [{ role: "user", content: `[[sim ${directive} tag=${tag}]]` }],
  };
  const sending = request(`${simulator.url}/openai/v1/chat/completions`, {
    method: "POST",
    agent: false,
  });
  sending.end(JSON.stringify(body));
  const [response] = (await once(sending, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += String(chunk);
    if (contentsOf(text) >= chunks) break;
  }
  response.destroy();
  return rowOf(tag);
}

test("a caller that leaves while waiting for the first or next token is not billed for it", async () => {
  assert.equal((await leaveAfter(0, "output=9 ttft_ms=3600000")).output, 0);
  assert.equal((await leaveAfter(1, "output=9 gap_ms=3600000")).output, 1);
});

test("a caller that leaves before a whole answer arrives is billed for it", async () => {
  const sending = request(`${simulator.url}/openai/v1/chat/completions`, {
    method: "POST",
    agent: false,
  });
  sending.on("error", () => undefined);
  sending.end(
    JSON.stringify({
      model: "m",
      messages: [{ role: "user", content: "[[sim output=9 latency_ms=3600000 tag=impatient]]" }],
    }),
  );
  await once(sending, "finish");
  setTimeout(() => sending.destroy(), 20);
  const row = await rowOf("impatient");
  assert.deepEqual([row.output, row.finished, row.status], [9, false, 0]);
});

test("a malformed event comes between valid ones", async () => {
  const { text, broken, row } = await call("output=5 fault=malformed_sse:2", { stream: true });
  const events = text.split("\n\n").filter((event) => event.startsWith("data: {"));
  const bad = events.filter((event) => !isJson(event.slice(6)));
  assert.deepEqual([bad.length, broken, row.output, row.finished], [1, null, 5, true]);
  assert.match(text, /data: \[DONE\]\n\n$/);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    assert.ok(error instanceof SyntaxError);
    return false;
  }
}

test("a stream without its closing event otherwise ends cleanly, and is billed in full", async () => {
  const openai = await call("output=3 fault=no_done", { stream: true });
  assert.doesNotMatch(openai.text, /DONE/);
  const anthropic = await call("output=3 fault=no_done", {
    stream: true,
    path: "/anthropic/v1/messages",
  });
  assert.doesNotMatch(anthropic.text, /event: message_stop/);
  for (const { row, broken } of [openai, anthropic])
    assert.deepEqual([row.output, row.finished, broken], [3, false, null]);
});

const paths = [
  "/openai/v1/chat/completions",
  "/deepseek/v1/chat/completions",
  "/openrouter/v1/chat/completions",
  "/anthropic/v1/messages",
];
const usageAsked = { extra: { stream_options: { include_usage: true } } };

test("an answer reports false usage on request, and the books keep the truth", async () => {
  for (const path of paths) {
    for (const stream of [false, true]) {
      const sent = { path, stream, ...usageAsked };
      const none = await call("input=5 output=6 fault=no_usage", sent);
      assert.doesNotMatch(none.text, /(prompt|input)_tokens/, path);
      const negative = await call("input=5 output=6 fault=negative_usage", sent);
      assert.match(negative.text, /"(prompt|input)_tokens":-6/, path);
      const huge = await call("input=5 output=6 fault=huge_usage", sent);
      assert.match(huge.text, /"(prompt|input)_tokens":10000005/, path);
      const twice = await call("input=5 output=6 fault=double_usage", sent);
      const claimed = [...twice.text.matchAll(/"(?:completion|output)_tokens":(\d+)/g)].map(
        (match) => Number(match[1]),
      );
      assert.ok(claimed.includes(13) && claimed.at(-1) === 6, `${path} ${claimed.join(" ")}`);
      for (const { row } of [none, negative, huge, twice])
        assert.deepEqual([row.input, row.output], [5, 6]);
    }
  }
});

test("the other endpoints report false usage too", async () => {
  const answerTo = async (path: string, body: object): Promise<string> =>
    (await raw(path, JSON.stringify({ model: "m", ...body }))).text;
  for (const stream of [false, true]) {
    assert.doesNotMatch(
      await answerTo("/v1/responses", { input: "x", stream, sim: { fault: "no_usage" } }),
      /"output_tokens"/,
    );
    assert.match(
      await answerTo("/v1/responses", {
        input: "x",
        stream,
        sim: { output: 4, fault: "negative_usage" },
      }),
      /"output_tokens":-5/,
    );
  }
  const contents = [{ parts: [{ text: "x" }] }];
  for (const method of ["generateContent", "streamGenerateContent?alt=sse"]) {
    const path = `/gemini/v1beta/models/m:${method}`;
    assert.doesNotMatch(
      await answerTo(path, { contents, sim: { fault: "no_usage" } }),
      /usageMetadata/,
    );
    assert.match(
      await answerTo(path, { contents, sim: { output: 4, fault: "negative_usage" } }),
      /"candidatesTokenCount":-5/,
    );
    assert.match(
      await answerTo(path, { contents, sim: { output: 4, fault: "double_usage" } }),
      /11.*"candidatesTokenCount":4,/s,
    );
  }
});

test("an answer may ignore max_tokens, and bills what it generated", async () => {
  for (const path of paths) {
    const { row } = await call("output=300 lie=ignore_max", { path });
    assert.equal(row.output, 300, path);
    assert.equal((await call("output=300", { path })).row.output, 100, path);
  }
});

test("slow answers are complete", async () => {
  for (const fault of ["slow_first_byte:3", "slow_body:10"]) {
    const { text, row } = await call(`output=6 fault=${fault}`);
    assert.equal(
      (JSON.parse(text) as { usage: { completion_tokens: number } }).usage.completion_tokens,
      6,
    );
    assert.equal(row.finished, true);
  }
  assert.equal(
    (await call("output=4 latency_ms=2 ttft_ms=2 gap_ms=1", { stream: true })).row.output,
    4,
  );
});

test("several faults apply to one call", async () => {
  const { row, text } = await call(
    "output=300 fault=slow_first_byte:1,reset_after:150 lie=ignore_max",
    { stream: true },
  );
  assert.deepEqual([contentsOf(text), row.output], [150, 150]);
});

test("the same seed hits the same calls, about as many as the share", () => {
  const strikes = (seed: number): string => {
    const dice = new FaultDice([{ fault: "429", share: 0.1 }], seed);
    return Array.from({ length: 2000 }, () => dice.throw().length).join("");
  };
  assert.equal(strikes(7), strikes(7));
  assert.notEqual(strikes(7), strikes(8));
  const struck = strikes(7).split("1").length - 1;
  assert.ok(struck > 150 && struck < 250, String(struck));
});

test("an unknown fault, or one with invalid numbers, is refused by name", () => {
  for (const text of [
    "nothing",
    "reset_after",
    "reset_after:x",
    "status:200",
    "no_usage:1",
    "",
    "constructor",
  ]) {
    assert.throws(() => parseFaults(text), /invalid fault/, text);
  }
  assert.deepEqual(parseFaults("none"), []);
});

test("every call ends in one row, whatever happens to it, and is never billed for more than it was to generate", async () => {
  const faults = [
    "none",
    "429",
    "reset_before",
    "reset_after:3",
    "half_json",
    "malformed_sse",
    "stall_after:2:2",
    "no_done",
    "slow_body:3",
  ];
  const paths = [
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/gemini/v1beta/models/m:streamGenerateContent?alt=sse",
  ];
  const tags = Array.from({ length: 180 }, (_, index) => ({
    tag: `storm-${index}`,
    output: index % 23,
  }));
  await Promise.all(
    tags.map(async ({ tag, output }, index) => {
      const text = `[[sim tag=${tag} output=${output} fault=${faults[index % faults.length]} gap_ms=${index % 2}]]`;
      const messages = [{ role: "user", content: text }];
      const body = {
        model: "m",
        max_tokens: 99,
        stream: index % 4 > 0,
        messages,
        input: text,
        contents: [{ parts: [{ text }] }],
      };
      const path = paths[index % paths.length] ?? "";
      await (index % 5 === 0
        ? hangUp(path, JSON.stringify(body))
        : raw(path, JSON.stringify(body)));
    }),
  );
  for (const { tag, output } of tags) {
    const row = await rowOf(tag);
    assert.equal(simulator.books.tagged(tag).length, 1, tag);
    assert.ok(row.output <= output, tag);
    if (row.finished && row.billed) assert.equal(row.output, output, tag);
    if (!row.finished) assert.equal(row.cut_at, row.output, tag);
  }
});

/** Sends a whole request, and hangs up at the first byte of its answer or before. */
async function hangUp(path: string, body: string): Promise<void> {
  const sending = request(simulator.url + path, { method: "POST", agent: false });
  sending.on("error", () => undefined);
  sending.on("response", () => sending.destroy());
  sending.end(body);
  await new Promise((resolve) => sending.once("close", resolve));
}
