/**
 * A provider that lies, breaks off or stalls: every call is charged by the documented rules,
 * flagged, and its hold released.
 */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import OpenAI from "openai";
import { anthropicAt, collect, geminiAt, openaiAt, steer } from "./client.ts";
import { picoOf, sumPico, type BookRow, type Entry } from "./figures.ts";
import {
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type SimulatorProcess,
} from "./process.ts";
import { assertBilledAlike, costOfRow } from "./reconcile.ts";
import { startRecorder } from "./recording.ts";
import { always, ratePico } from "./settings.ts";
import { most, ways, type Way } from "./way.ts";

let simulator: SimulatorProcess;
let gateway: GatewayProcess;
let key: string;

before(async () => {
  simulator = await startSimulatorProcess();
  gateway = await startGateway({
    simulatorUrl: simulator.url,
    config: "limits: { first_byte_ms: 400, idle_stream_ms: 400 }",
  });
  await gateway.makeBudget({
    budget_id: "all",
    budget_type: "platform",
    resource_id: "main",
    amount: "1000",
    ...always,
  });
  ({ key } = await gateway.makeKey({ project: "p1" }));
});

const wholes = ways.filter(({ stream }) => !stream);
const streams = ways.filter(({ stream }) => stream);

/** The result of a call: the caller's view, Purser's entry and the provider's row. */
interface Happened {
  readonly way: Way;
  /** 0 if the connection broke before the headers. */
  readonly status: number;
  readonly headers: Headers;
  /** Null if the answer broke off. */
  readonly text: string | null;
  readonly entry: Entry;
  readonly row: BookRow;
}

/** The largest context assumed for a model without a known context. */
const largestContext = 2_000_000;

let calls = 0;

async function callWith(fault: string, way: Way): Promise<Happened> {
  const tag = `call-${++calls}`;
  let status = 0;
  let headers = new Headers();
  let text: string | null = null;
  try {
    const answer = await fetch(gateway.url + way.path, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "x-purser-operation-id": tag },
      body: JSON.stringify(way.body(steer(`tag=${tag} fault=${fault} output=30`))),
    });
    ({ status, headers } = answer);
    text = await answer.text();
  } catch (error) {
    assert.ok(error instanceof TypeError, String(error));
  }
  const [entry] = await gateway.entriesWhen(1, `operation_id=${tag}`);
  const [row] = await simulator.books(tag);
  assert.ok(entry && row, tag);
  return { way, status, headers, text, entry, row };
}

/** In every given way at once. */
function callAll(fault: string, among: readonly Way[] = ways): Promise<readonly Happened[]> {
  return Promise.all(among.map((way) => callWith(fault, way)));
}

function nameOf({ way, entry }: Happened): string {
  return `${way.name} ${way.stream ? "streamed" : "whole"}: ${entry.status} ${entry.flags.join(" ")} ${entry.cost_usd}`;
}

/** Checks a call charged at its true usage despite the fault. */
function assertExact(happened: Happened, flags: readonly string[]): void {
  assert.equal(happened.entry.status, "settled", nameOf(happened));
  assert.deepEqual(happened.entry.flags, flags, nameOf(happened));
  assertBilledAlike(happened.entry, happened.row);
}

/** Checks an estimate: never zero, never below the bill, and never more output than requested. */
function assertEstimated(happened: Happened, flags: readonly string[]): void {
  const { entry, row } = happened;
  assert.equal(entry.status, "estimated", nameOf(happened));
  for (const flag of flags) assert.ok(entry.flags.includes(flag), `${flag}: ${nameOf(happened)}`);
  assert.ok(picoOf(entry.cost_usd) >= costOfRow(row), `${costOfRow(row)}: ${nameOf(happened)}`);
  assert.ok(
    (entry.usage.output ?? 0) <= most && !entry.flags.includes("over_ceiling"),
    nameOf(happened),
  );
}

/**
 * Checks a call that returned nothing but may be billed: the hold is charged, and the caller gets
 * an error.
 */
function assertUnresolved(happened: Happened, status: number): void {
  const { entry, row, text } = happened;
  assert.deepEqual([entry.status, happened.status], ["unresolved", status], nameOf(happened));
  assert.deepEqual(
    entry.charges.map(({ meter }) => meter),
    ["hold"],
  );
  assert.ok(picoOf(entry.cost_usd) >= costOfRow(row));
  assert.match(text ?? "", /What was held for it is charged/);
}

describe("a lie about usage", () => {
  test("more tokens than any context are charged at the largest context and flagged", async () => {
    for (const happened of await callAll("huge_usage")) {
      const { entry, row } = happened;
      const { input = 0, cache_read = 0, cache_write_5m = 0 } = entry.usage;
      assert.deepEqual(
        [entry.status, input + cache_read + cache_write_5m],
        ["estimated", largestContext],
        nameOf(happened),
      );
      assert.ok(entry.flags.includes("usage_implausible"), nameOf(happened));
      assert.ok(
        picoOf(entry.cost_usd) <=
          costOfRow(row) + BigInt(largestContext) * ratePico(row.provider, row.model, "input"),
      );
    }
  });

  test("negative counts are estimated and flagged", async () => {
    for (const happened of await callAll("negative_usage"))
      assertEstimated(happened, ["usage_invalid"]);
  });

  test("if two usages differ, the last is charged and the call is flagged", async () => {
    for (const happened of await callAll("double_usage")) assertExact(happened, ["usage_repeated"]);
  });

  test("a missing usage is estimated and flagged", async () => {
    for (const happened of await callAll("no_usage")) assertEstimated(happened, ["usage_missing"]);
  });
});

describe("a malformed answer", () => {
  test("a stream without its closing event is charged by its usage, if any, else estimated", async () => {
    for (const happened of await callAll("no_done", streams)) {
      if (happened.way.name === "responses") assertEstimated(happened, ["unfinished"]);
      // Gemini's streams have no closing event.
      else assertExact(happened, happened.way.name === "content" ? [] : ["unfinished"]);
    }
  });

  test("an unreadable event does not hide the usage after it, and passes unchanged", async () => {
    for (const happened of await callAll("malformed_sse:3", streams)) {
      assert.match(happened.text ?? "", /"bro\n\n/);
      if (happened.way.name === "responses") assertExact(happened, []);
      else assertExact(happened, ["malformed"]);
    }
  });

  test("truncated JSON is estimated, and passes unchanged", async () => {
    for (const happened of await callAll("half_json", wholes)) {
      assertEstimated(happened, ["usage_missing", "malformed"]);
      assert.equal(happened.headers.get("x-purser-cost-usd"), happened.entry.cost_usd);
      assert.equal(
        Number(happened.headers.get("content-length")),
        Buffer.byteLength(happened.text ?? ""),
      );
    }
    for (const { entry, text } of await callAll("half_json", streams)) {
      assert.ok(
        entry.status === "estimated" &&
          entry.flags.includes("unfinished") &&
          picoOf(entry.cost_usd) > 0n,
      );
      assert.doesNotMatch(
        text ?? "",
        /purser cost_usd/,
        "a comment after half an event would be read as the rest of it",
      );
    }
  });

  test("with fewer bytes than announced, the hold is charged; with more, the readable part is", async () => {
    for (const happened of await callAll("long_content_length", wholes))
      assertUnresolved(happened, 502);
    for (const happened of await callAll("short_content_length", wholes))
      assertEstimated(happened, ["usage_missing"]);
  });

  test("output past the ceiling is charged and flagged", async () => {
    const [chat] = wholes;
    assert.ok(chat);
    const over = {
      ...chat,
      body: (text: string) => ({
        ...chat.body(text.replace("output=30", "output=90")),
        max_tokens: 20,
      }),
    };
    const happened = await callWith("ignore_max", over);
    assertExact(happened, ["over_ceiling"]);
    assert.equal(happened.entry.usage.output, 90);
  });
});

describe("an error of the provider", () => {
  for (const status of [400, 429, 500, 503, 529]) {
    test(`${status} passes unchanged, costs nothing, and is released`, async () => {
      for (const happened of await callAll(`status:${status}:7`)) {
        const { entry, row, headers, text } = happened;
        assert.deepEqual(
          [happened.status, headers.get("retry-after"), headers.get("x-purser-cost-usd")],
          [status, "7", "0"],
        );
        assert.match(text ?? "", /a simulated fault refuses this call/);
        assert.deepEqual(
          [entry.status, entry.cost_usd, row.billed],
          ["released", "0", false],
          nameOf(happened),
        );
      }
    });
  }

  test("the SDK retries a 429: each attempt is released, and the last error is the SDK's own", async () => {
    const client = openaiAt(gateway, { key, path: "/openai" });
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: "user", content: steer("tag=retried fault=429:0") },
    ];
    await assert.rejects(
      client.chat.completions.create({ model: "sim-small", messages }),
      OpenAI.RateLimitError,
    );
    assert.equal((await simulator.books("retried")).length, 3);
  });
});

describe("a connection that breaks", () => {
  test("before the headers: 502, and the hold is charged", async () => {
    for (const happened of await callAll("reset_before")) assertUnresolved(happened, 502);
  });

  test("in the middle of a whole answer: 502, and the hold is charged", async () => {
    for (const happened of await callAll("reset_after:5", wholes)) assertUnresolved(happened, 502);
  });

  test("in the middle of a stream: the caller's connection breaks too, and the delivered output is charged", async () => {
    for (const happened of await callAll("reset_after:5", streams)) {
      assert.equal(happened.text, null);
      assertEstimated(happened, ["unfinished"]);
    }
  });

  test("each SDK raises an error for a broken stream, and does not treat it as complete", async () => {
    const say = steer("fault=reset_after:5");
    await assert.rejects(async () => {
      const { completions } = openaiAt(gateway, { key, path: "/openai" }).chat;
      await collect(
        await completions.create({
          model: "sim-small",
          stream: true,
          messages: [{ role: "user", content: say }],
        }),
      );
    });
    await assert.rejects(
      anthropicAt(gateway, { key, path: "/anthropic" })
        .messages.stream({
          model: "sim-large",
          max_tokens: 50,
          messages: [{ role: "user", content: say }],
        })
        .finalMessage(),
    );
    await assert.rejects(async () => {
      const { models } = geminiAt(gateway, { key, path: "/gemini" });
      await collect(await models.generateContentStream({ model: "sim-small", contents: say }));
    });
  });

  test("an unreachable provider: 502, nothing charged and nothing held", async () => {
    const own = await startGateway({
      providers: { openai: { base_url: "http://127.0.0.1:9/v1", api_key: "sk-none" } },
    });
    await own.makeBudget({
      budget_id: "all",
      budget_type: "platform",
      resource_id: "main",
      amount: "1",
      ...always,
    });
    const made = await own.makeKey();
    const answer = await fetch(`${own.url}/openai/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${made.key}` },
      body: '{"model":"sim-small","messages":[]}',
    });
    assert.equal(answer.status, 502);
    const { error } = (await answer.json()) as {
      readonly error: { readonly message: string; readonly purser: { readonly field: string } };
    };
    assert.match(
      error.message,
      /openai did not answer: .*ECONNREFUSED 127\.0\.0\.1:9\. Check providers\.openai\.base_url in purser\.yaml/,
    );
    assert.equal(error.purser.field, "providers.openai.base_url");
    const [entry] = await own.entries();
    const budget = await own.budget("all");
    assert.deepEqual(
      [entry?.status, entry?.cost_usd, budget["spent"], budget["held"]],
      ["released", "0", "0", "0"],
    );
  });
});

describe("a provider that stalls", () => {
  test("before its first byte: 504 after limits.first_byte_ms, and the hold is charged", async () => {
    for (const happened of await callAll("slow_first_byte:5000")) assertUnresolved(happened, 504);
  });

  test("in a stream: it ends after limits.idle_stream_ms, and the delivered output is charged", async () => {
    for (const happened of await callAll("stall_after:5", streams)) {
      assert.equal(happened.text, null);
      assertEstimated(happened, ["unfinished"]);
    }
    for (const happened of await callAll("stall", streams))
      assertEstimated(happened, ["unfinished"]);
  });

  test("a slow but steady answer is not cut off", async () => {
    for (const happened of await callAll("slow_body:1500", wholes)) assertExact(happened, []);
  });
});

test("input far over the model's context is charged at the context and flagged, and its overrun blocks the next call", async () => {
  const own = await startGateway();
  await own.makeBudget({
    budget_id: "small",
    budget_type: "project",
    resource_id: "lied-to",
    amount: "0.01",
    ...always,
  });
  const made = await own.makeKey({ project: "lied-to" });
  const client = openaiAt(own, { key: made.key, path: "" });
  const ask = (content: string) =>
    client.chat.completions.create({
      model: "sim/sim-small",
      max_tokens: 10,
      messages: [{ role: "user", content }],
    });
  await ask(steer("fault=huge_usage"));
  const [entry] = await own.entries();
  assert.ok(entry);
  assert.ok(
    entry.flags.includes("over_context") && entry.flags.includes("usage_implausible"),
    JSON.stringify(entry),
  );
  const budget = await own.budget("small");
  assert.equal(budget["spent"], entry.cost_usd);
  assert.equal(picoOf(String(budget["overrun"])), picoOf(entry.cost_usd) - picoOf("0.01"));
  await assert.rejects(ask("How are you?"), { status: 402, code: "budget_exhausted" });
});

test("afterwards nothing is held, the budget's spend is the sum of the entries, and the journal agrees", async () => {
  const entries = await gateway.entries();
  const budget = await gateway.budget("all");
  assert.equal(budget["held"], "0");
  assert.equal(picoOf(String(budget["spent"])), sumPico(entries.map(({ cost_usd }) => cost_usd)));
  const { json } = await gateway.api("POST", "/api/v1/verify");
  assert.deepEqual([json["ok"], json["drift"], json["rollup_drift"]], [true, [], []]);
  assert.doesNotMatch(gateway.notes(), /must be true|could not be brought to its end/);
});

test("a JSON answer to a streaming request is charged by its usage and passes unchanged", async () => {
  const recorder = await startRecorder();
  const own = await startGateway({ providers: { openai: { base_url: `${recorder.url}/v1` } } });
  const made = await own.makeKey();
  const answer = await fetch(`${own.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${made.key}` },
    body: JSON.stringify({
      model: "sim-small",
      stream: true,
      messages: [{ role: "user", content: "a" }],
    }),
  });
  const { usage } = (await answer.json()) as { usage: { completion_tokens: number } };
  const [entry] = await own.entries();
  assert.deepEqual(
    [usage.completion_tokens, entry?.status, entry?.usage["input"], entry?.usage["output"]],
    [2, "settled", 7, 2],
  );
});

test("an undecodable answer is also cancelled at the provider, since it might never end", async () => {
  let isClosed: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (isClosed = resolve));
  const recorder = await startRecorder((_request, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    const endless = setInterval(() => response.write("this is no gzip"), 10);
    response.on("close", () => {
      clearInterval(endless);
      isClosed();
    });
  });
  const own = await startGateway({ providers: { openai: { base_url: `${recorder.url}/v1` } } });
  const made = await own.makeKey();
  const answer = await fetch(`${own.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${made.key}` },
    body: JSON.stringify({
      model: "sim-small",
      max_tokens: 9,
      messages: [{ role: "user", content: "a" }],
    }),
  });
  assert.equal(answer.status, 502);
  await closed;
  const [entry] = await own.entries();
  assert.equal(entry?.status, "unresolved");
});
