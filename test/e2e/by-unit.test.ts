/**
 * Speech, transcription, images and reranking through OpenAI's SDK: each is held and charged by its
 * own unit where a price is known, and refused where none is.
 */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { APIError, type OpenAI } from "openai";
import { openaiAt } from "./client.ts";
import type { Entry } from "./figures.ts";
import { startGateway, type GatewayProcess } from "./process.ts";
import { startRecorder } from "./recording.ts";
import { always } from "./settings.ts";

let gateway: GatewayProcess;
let key: string;

interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Buffer;
  /** What follows the body, once it is known. */
  readonly rest?: Promise<string | Buffer>;
}

let answer: Answer = json({});

const recorder = await startRecorder((_request, response) => {
  response.writeHead(answer.status ?? 200, { "content-type": answer.type });
  response.write(answer.body);
  if (answer.rest === undefined) response.end();
  else void answer.rest.then((rest) => response.end(rest));
});

function json(body: object, status = 200): Answer {
  return { status, type: "application/json", body: JSON.stringify(body) };
}

/** USD: per million tokens, and per unit. */
const prices: readonly (readonly [model: string, prices: object])[] = [
  ["tts-1", { meters: { characters: "0.000015" } }],
  ["gpt-4o-mini-tts", { input: "0.6", output: "12", output_audio: "12" }],
  ["whisper-1", { meters: { audio_seconds: "0.0001" } }],
  ["gpt-4o-transcribe", { input: "2.5", output: "10", input_audio: "6" }],
  ["dall-e-3", { meters: { images_standard_1024x1024: "0.04", images_hd_1024x1792: "0.12" } }],
  ["gpt-image-1", { input: "5", output: "40", input_image: "10", output_image: "40" }],
  ["rerank-v3.5", { meters: { search_units: "0.002" } }],
  ["rerank-2", { input: "0.05", output: "0" }],
];

before(async () => {
  gateway = await startGateway({
    providers: Object.fromEntries(
      ["openai", "groq"].map((name) => [
        name,
        { wire: "openai", base_url: `${recorder.url}/v1`, api_key: "k" },
      ]),
    ),
  });
  await gateway.api("POST", "/api/v1/prices", {
    body: { provider: "groq", model: "w", input: "0", output: "0", meters: { audio_seconds: "1" } },
  });
  for (const [model, more] of prices)
    await gateway.api("POST", "/api/v1/prices", {
      body: { provider: "openai", model, input: "0", output: "0", ...more },
    });
  ({ key } = await gateway.makeKey({ project: "p1" }));
});

let calls = 0;

interface Charged {
  readonly usd: string;
  readonly status: Entry["status"];
  readonly usage: Readonly<Record<string, unknown>>;
  readonly flags: readonly string[];
}

/** Makes a call whose provider answers so, and returns its entry in the ledger. */
async function charge(
  answered: Answer,
  call: (client: OpenAI) => Promise<unknown>,
  path: "/openai" | "/groq" = "/openai",
): Promise<Charged> {
  answer = answered;
  const operation = `unit-${++calls}`;
  const headers = { "x-purser-operation-id": operation };
  await call(openaiAt(gateway, { key, path, headers }));
  const [entry] = await gateway.entries(`operation_id=${operation}`);
  assert.ok(entry, "the call is in the ledger");
  const { cost_usd: usd, status, usage, flags } = entry;
  return { usd, status, usage: nonZero(usage), flags };
}

function nonZero(counts: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

function settled(usd: string, usage: object): Charged {
  return { usd, status: "settled", usage: { ...usage }, flags: [] };
}

/** A second of silence in WAV takes this many bytes. */
const bytesPerSecond = 2 * 16_000;

function recording(seconds: number): File {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(16_000, 24);
  head.writeUInt32LE(bytesPerSecond, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  return new File([head, Buffer.alloc(seconds * bytesPerSecond)], "a.wav", { type: "audio/wav" });
}

const mp3: Answer = { type: "audio/mpeg", body: Buffer.alloc(9600, 0xff) };

function speak(model: string, input = "Grüße 👋"): (client: OpenAI) => Promise<unknown> {
  return async (client) =>
    (await client.audio.speech.create({ model, input, voice: "alloy" })).arrayBuffer();
}

describe("speech", () => {
  test("is charged by the characters of the input", async () => {
    assert.deepEqual(await charge(mp3, speak("tts-1")), settled("0.000105", { characters: 7 }));
  });

  test("reaches the caller byte for byte", async () => {
    answer = { type: "audio/mpeg", body: Buffer.from([0, 255, 123, 10, 13, 0]) };
    const spoken = await openaiAt(gateway, { key, path: "" }).audio.speech.create({
      model: "tts-1",
      input: "a",
      voice: "alloy",
    });
    assert.deepEqual(Buffer.from(await spoken.arrayBuffer()), answer.body);
  });

  test("plays while it is made, as a file and as events", async () => {
    for (const type of ["audio/mpeg", "text/event-stream"]) {
      const { promise: rest, resolve: finish } = Promise.withResolvers<string>();
      const body = `data: {"type":"speech.audio.delta","audio":"AAAA"}\n\n`;
      const last = `data: {"type":"speech.audio.done"}\n\n`;
      const charged = await charge({ type, body, rest }, async (client) => {
        const spoken = await client.audio.speech.create({
          model: "tts-1",
          input: "Hi",
          voice: "alloy",
        });
        const reader = spoken.body?.getReader() ?? assert.fail();
        const read = async (): Promise<string> =>
          Buffer.from((await reader.read()).value ?? []).toString();
        assert.equal(await read(), body, "the beginning passes before the end is known");
        finish(last);
        assert.ok((await read()).startsWith(last));
        await reader.cancel();
      });
      assert.deepEqual(charged, settled("0.00003", { characters: 2 }), type);
    }
  });

  test("billed by tokens is estimated by the size of the audio if the answer reports none", async () => {
    const { status, usage, flags } = await charge(mp3, speak("gpt-4o-mini-tts"));
    assert.deepEqual([status, usage["output_audio"], flags], ["estimated", 101, ["usage_missing"]]);
  });

  test("billed by tokens is charged as its last event reports", async () => {
    const usage = { input_tokens: 14, output_tokens: 101, total_tokens: 115 };
    const events = [
      { type: "speech.audio.delta", audio: "AAAA" },
      { type: "speech.audio.done", usage },
    ];
    const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
    assert.deepEqual(
      await charge({ type: "text/event-stream", body }, async (client) => {
        const { speech } = client.audio;
        const spoken = await speech.create({
          model: "gpt-4o-mini-tts",
          input: "Hi",
          voice: "alloy",
          stream_format: "sse",
        });
        const heard = await spoken.text();
        assert.ok(heard.startsWith(body));
        assert.match(heard.slice(body.length), /^: purser cost_usd=0\.0012204 /);
      }),
      settled("0.0012204", { input: 14, output_audio: 101 }),
    );
  });
});

describe("transcription", () => {
  const transcribe =
    (model: string, more: object = {}) =>
    (client: OpenAI) =>
      client.audio.transcriptions.create({ model, file: recording(3), ...more });

  test("is charged by the seconds that the answer reports", async () => {
    const heard = json({ text: "Hi", usage: { type: "duration", seconds: 3 } });
    assert.deepEqual(
      await charge(heard, transcribe("whisper-1")),
      settled("0.0003", { audio_seconds: 3 }),
    );
  });

  test("at Groq is charged for ten seconds at least, as it bills", async () => {
    for (const [seconds, billed] of [
      [3, 10],
      [11, 11],
    ] as const) {
      const heard = json({ text: "Hi", usage: { type: "duration", seconds } });
      assert.deepEqual(
        await charge(heard, transcribe("w"), "/groq"),
        settled(`${billed}`, { audio_seconds: billed }),
      );
    }
  });

  test("with the verbose format is charged by its duration, to the nearest second", async () => {
    const heard = json({ task: "transcribe", duration: 3.4, text: "Hi" });
    assert.deepEqual(
      await charge(heard, transcribe("whisper-1", { response_format: "verbose_json" })),
      settled("0.0003", { audio_seconds: 3 }),
    );
  });

  test("of an unreadable length is estimated by that of the recording", async () => {
    for (const duration of ["", " ", "-1", false, [], null]) {
      const { usd, status } = await charge(json({ duration, text: "Hi" }), transcribe("whisper-1"));
      assert.deepEqual([usd, status], ["0.001", "estimated"], JSON.stringify(duration));
    }
  });

  test("as a plain text is estimated by the length of the recording", async () => {
    const heard = { type: "text/plain", body: "Hi\n" };
    assert.deepEqual(await charge(heard, transcribe("whisper-1", { response_format: "text" })), {
      usd: "0.001",
      status: "estimated",
      usage: { audio_seconds: 10 },
      flags: ["usage_missing"],
    });
  });

  test("billed by tokens is charged by those", async () => {
    const usage = {
      type: "tokens",
      input_tokens: 60,
      input_token_details: { text_tokens: 10, audio_tokens: 50 },
      output_tokens: 5,
      total_tokens: 65,
    };
    assert.deepEqual(
      await charge(json({ text: "Hi", usage }), transcribe("gpt-4o-transcribe")),
      settled("0.000375", { input: 10, input_audio: 50, output: 5 }),
    );
  });

  test("passes on byte for byte, and with another model name only that changes", async () => {
    answer = json({ text: "Hi" });
    const form = (model: string): string =>
      ["--b", 'Content-Disposition: form-data; name="model"', "", model]
        .concat(
          "--b",
          'Content-Disposition: form-data; name="file"; filename="a"',
          "",
          "\u0000\r\n-",
        )
        .concat("--b--", "")
        .join("\r\n");
    const send = async (path: string, model: string): Promise<unknown> => {
      const headers = {
        authorization: `Bearer ${key}`,
        "content-type": "multipart/form-data; boundary=b",
      };
      const body = form(model);
      const sent = await fetch(gateway.url + path, { method: "POST", headers, body });
      assert.equal(sent.status, 200, await sent.text());
      return recorder.requests.at(-1)?.body;
    };
    const same = form("whisper-1");
    assert.equal(await send("/openai/v1/audio/translations", "whisper-1"), same);
    assert.equal(await send("/v1/audio/translations", "openai/whisper-1"), same);
  });
});

describe("images", () => {
  const generate =
    (model: string, more: object = {}) =>
    (client: OpenAI) =>
      client.images.generate({ model, prompt: "a", stream: false, ...more });

  test("are charged by quality and size, each one of the answer", async () => {
    const made = json({ created: 1, data: [{ url: "http://a" }] });
    assert.deepEqual(
      await charge(made, generate("dall-e-3", { quality: "hd", size: "1024x1792" })),
      settled("0.12", { images_hd_1024x1792: 1 }),
    );
    assert.deepEqual(
      await charge(made, generate("dall-e-3")),
      settled("0.04", { images_standard_1024x1024: 1 }),
    );
  });

  test("of a size without a price are an estimate at the dearest one", async () => {
    const made = json({ created: 1, data: [{ url: "http://a" }] });
    assert.deepEqual(await charge(made, generate("dall-e-3", { size: "1792x1024" })), {
      ...settled("0.12", { images_hd_1024x1792: 1 }),
      status: "estimated",
      flags: ["usage_missing"],
    });
  });

  const usage = {
    input_tokens: 50,
    input_tokens_details: { text_tokens: 10, image_tokens: 40 },
    output_tokens: 4160,
    total_tokens: 4210,
  };

  test("billed by tokens are charged by those of text and of images", async () => {
    const made = json({ created: 1, data: [{ b64_json: "AAAA" }], usage });
    assert.deepEqual(
      await charge(made, (client) =>
        client.images.edit({ model: "gpt-image-1", prompt: "a", image: recording(0) }),
      ),
      settled("0.16685", { input: 10, input_image: 40, output_image: 4160 }),
    );
  });

  test("that come as large events are charged by the last one", async () => {
    const piece = { type: "image_generation.partial_image", b64_json: "A".repeat(5_000_000) };
    const done = { type: "image_generation.completed", b64_json: "AAAA", usage };
    const body = [piece, done].map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
    const ask = async (client: OpenAI): Promise<void> => {
      const asked = { model: "gpt-image-1", prompt: "a", stream: true } as const;
      for await (const event of await client.images.generate(asked)) assert.ok(event.type);
    };
    assert.deepEqual(
      await charge({ type: "text/event-stream", body }, ask),
      settled("0.16685", { input: 10, input_image: 40, output_image: 4160 }),
    );
  });

  test("that come as events are charged by the last one", async () => {
    const done = { type: "image_generation.completed", b64_json: "AAAA", usage };
    const body = `event: ${done.type}\ndata: ${JSON.stringify(done)}\n\n`;
    assert.deepEqual(
      await charge({ type: "text/event-stream", body }, async (client) => {
        const events = await client.images.generate({
          model: "gpt-image-1",
          prompt: "a",
          stream: true,
        });
        for await (const event of events) assert.equal(event.type, done.type);
      }),
      settled("0.16685", { input: 10, input_image: 40, output_image: 4160 }),
    );
  });
});

describe("events that end in an error", () => {
  const bodyOf = (events: readonly object[]): string =>
    events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  const error = { type: "error", error: { message: "the prompt was blocked", code: "blocked" } };
  const piece = { type: "image_generation.partial_image", b64_json: "AAAA" };
  const usage = { input_tokens: 10, output_tokens: 100, total_tokens: 110 };
  const draw = (model: string) => (client: OpenAI) =>
    client.post("/images/generations", {
      body: { model, prompt: "a", stream: true },
      stream: true,
    });
  const speak = (client: OpenAI): Promise<unknown> =>
    client.audio.speech.create({ model: "tts-1", input: "Hi", voice: "alloy" });

  test("cost nothing if they report no usage, by unit and by tokens", async () => {
    for (const [events, call] of [
      [[error], draw("gpt-image-1")],
      [[piece, error], draw("gpt-image-1")],
      [[piece, { error: error.error }], draw("dall-e-3")],
      [[{ type: "speech.audio.delta", audio: "AAAA" }, error], speak],
    ] as const) {
      const { usd, flags } = await charge(
        { type: "text/event-stream", body: bodyOf(events) },
        call,
      );
      assert.equal(usd, "0");
      assert.ok(flags.includes("provider_error"), flags.join());
    }
  });

  test("cost what they report", async () => {
    const body = bodyOf([{ ...piece, usage }, error]);
    const { usage: counts, flags } = await charge(
      { type: "text/event-stream", body },
      draw("gpt-image-1"),
    );
    assert.deepEqual([counts, flags], [{ input: 10, output_image: 100 }, ["provider_error"]]);
  });
});

describe("reranking", () => {
  const rank = (model: string) => (client: OpenAI) =>
    client.post("/rerank", { body: { model, query: "a", documents: ["b", "c"] } });

  test("is charged by Cohere's search units", async () => {
    const ranked = json({ results: [], meta: { billed_units: { search_units: 1 } } });
    assert.deepEqual(
      await charge(ranked, rank("rerank-v3.5")),
      settled("0.002", { search_units: 1 }),
    );
  });

  test("is charged by tokens where those are billed", async () => {
    const ranked = json({ results: [], usage: { total_tokens: 20 } });
    assert.deepEqual(await charge(ranked, rank("rerank-2")), settled("0.000001", { input: 20 }));
  });
});

test("a call that is billed by tokens fits a budget for the most that one image can cost", async () => {
  const { key: one } = await gateway.makeKey({ project: "one" });
  const budget = { budget_id: "one", budget_type: "project", resource_id: "one", ...always };
  await gateway.makeBudget({ ...budget, amount: "2" });
  answer = json({ created: 1, data: [] });
  const client = openaiAt(gateway, { key: one, path: "/openai" });
  await client.images.generate({ model: "gpt-image-1", prompt: "a" });
  await assert.rejects(client.images.generate({ model: "gpt-image-1", prompt: "a", n: 10 }), {
    status: 402,
  });
});

async function refused(call: (client: OpenAI) => Promise<unknown>): Promise<APIError> {
  const client = openaiAt(gateway, { key, path: "/openai" });
  try {
    await call(client);
  } catch (error) {
    if (error instanceof APIError) return error;
    throw error;
  }
  return assert.fail("the call is refused");
}

/** One call of each kind. */
const kinds: readonly (readonly [
  model: string,
  call: (client: OpenAI, model: string) => Promise<unknown>,
])[] = [
  ["tts-1", (client, model) => speak(model, "a".repeat(4000))(client)],
  [
    "whisper-1",
    (client, model) => client.audio.transcriptions.create({ model, file: recording(600) }),
  ],
  ["dall-e-3", (client, model) => client.images.generate({ model, prompt: "a" })],
  ["gpt-image-1", (client, model) => client.images.generate({ model, prompt: "a" })],
  [
    "rerank-v3.5",
    (client, model) =>
      client.post("/rerank", { body: { model, query: "a", documents: Array(2000).fill("b") } }),
  ],
];

describe("every kind", () => {
  test("is refused without a price, with the way to state one", async () => {
    const sent = recorder.requests.length;
    for (const [, call] of kinds) {
      const error = await refused((client) => call(client, "no-such-model"));
      const { code, message } = error;
      assert.deepEqual([error.status, code], [403, "unmetered"], message);
      assert.match(JSON.stringify(error.error), /`input` and `output`.*meters: \{ \w+:/);
    }
    assert.equal(recorder.requests.length, sent, "nothing was forwarded");
  });

  test("costs nothing if its provider answers with an error", async () => {
    for (const [model, call] of kinds) {
      const failed = json({ error: { message: "bad", type: "invalid_request_error" } }, 400);
      const before = recorder.requests.length;
      const { status, usd } = await charge(failed, (client) =>
        call(client, model).catch(() => undefined),
      );
      assert.deepEqual([recorder.requests.length, status, usd], [before + 1, "released", "0"]);
    }
  });

  test("is refused by a budget that cannot pay for the most it can cost", async () => {
    const { key: poor } = await gateway.makeKey({ project: "poor" });
    await gateway.makeBudget({
      budget_id: "poor",
      budget_type: "project",
      resource_id: "poor",
      amount: "0.03",
      ...always,
    });
    answer = json({});
    const sent = recorder.requests.length;
    for (const [model, call] of kinds) {
      const client = openaiAt(gateway, { key: poor, path: "/openai" });
      await assert.rejects(call(client, model), { status: 402 }, model);
    }
    assert.equal(recorder.requests.length, sent, "nothing was forwarded");
  });
});

test("a model with a price per unit only is unpriced at an endpoint billed by tokens", async () => {
  await gateway.makeBudget({
    budget_id: "tight",
    budget_type: "project",
    resource_id: "tight",
    amount: "1",
    period: "month",
    policy: "hard",
  });
  const tight = await gateway.makeKey({ project: "tight" });
  answer = json({
    id: "c",
    model: "dall-e-3",
    choices: [],
    usage: { prompt_tokens: 9, completion_tokens: 5 },
  });
  const body = { model: "dall-e-3", messages: [{ role: "user" as const, content: "a" }] };
  const before = recorder.requests.length;
  await assert.rejects(
    openaiAt(gateway, { key: tight.key, path: "/openai" }).chat.completions.create(body),
    (error) => {
      assert.ok(error instanceof APIError);
      assert.equal(error.status, 402);
      assert.match(error.message, /openai\/dall-e-3 has no price for tokens, only for images_/);
      assert.doesNotMatch(error.message, /Did you mean/);
      return true;
    },
  );
  assert.equal(recorder.requests.length, before);
  const charged = await charge(answer, (client) => client.chat.completions.create(body));
  assert.deepEqual([charged.usd, charged.flags], ["0", ["unpriced"]]);
  const estimate = await gateway.api("POST", "/api/v1/estimate", {
    body: { provider: "openai", model: "dall-e-3", input_tokens: 9, max_output_tokens: 5 },
  });
  assert.deepEqual([estimate.status, estimate.json["high_usd"]], [200, null]);
});
