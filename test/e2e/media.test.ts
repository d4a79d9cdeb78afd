/** Speech, images and other media through a gateway: each call is held and charged by its units. */

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { before, test } from "node:test";
import OpenAI, { toFile } from "openai";
import { openaiAt } from "./client.ts";
import type { Entry } from "./figures.ts";
import { startGateway, type GatewayProcess } from "./process.ts";
import { startRecorder, type Recorded } from "./recording.ts";
import { always } from "./settings.ts";

let gateway: GatewayProcess;
/** What the provider answers next: JSON, the events of a stream, or a file. */
let next: Answer = {};
let status = 200;

type Answer = Buffer | object | readonly object[];

function answer(_request: Recorded, response: ServerResponse): void {
  if (Buffer.isBuffer(next)) {
    response.writeHead(status, { "content-type": "audio/mpeg" });
    response.end(next);
  } else if (Array.isArray(next)) {
    response.writeHead(status, { "content-type": "text/event-stream" });
    const events = next as readonly { readonly type: string }[];
    response.end(
      events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""),
    );
  } else {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(next));
  }
}

const provider = await startRecorder(answer);

const units = { provider: "openai", input: "0", output: "0" };

const prices = [
  { ...units, model: "by-character", meters: { characters: "0.000015" } },
  {
    provider: "openai",
    model: "by-speech-token",
    input: "0.6",
    output: "12",
    max_output_tokens: 9000,
  },
  {
    ...units,
    model: "by-image",
    meters: { images_hd_1024x1792: "0.12", images_1024x1024: "0.04" },
  },
  { provider: "openai", model: "gpt-image-1", input: "5", input_image: "10", output: "40" },
  { ...units, model: "by-second", meters: { audio_seconds: "0.0001" } },
  { provider: "openai", model: "by-audio-token", input: "2.5", input_audio: "6", output: "10" },
  { ...units, model: "by-search", meters: { search_units: "0.002" } },
  { provider: "openai", model: "rerank-by-token", input: "0.05", output: "0" },
  { ...units, model: "of-another-unit", meters: { pages: "0.01" } },
];

before(async () => {
  gateway = await startGateway({
    providers: { openai: { base_url: `${provider.url}/v1`, api_key: "sk-of-the-provider" } },
  });
  for (const body of prices)
    assert.equal((await gateway.api("POST", "/api/v1/prices", { body })).status, 201);
});

let projects = 0;

/** A client with a project and a hard budget of its own. */
async function clientWith(amount: string): Promise<{ client: OpenAI; project: string }> {
  const project = `media-${++projects}`;
  await gateway.makeBudget({
    budget_id: project,
    budget_type: "project",
    resource_id: project,
    amount,
    ...always,
  });
  const { key } = await gateway.makeKey({ project });
  return { client: openaiAt(gateway, { key, path: "/openai" }), project };
}

async function onlyEntry(project: string): Promise<Entry> {
  await gateway.flush();
  const entries = await gateway.entries(`project=${project}`);
  assert.equal(entries.length, 1);
  return entries[0] ?? assert.fail();
}

/** The counts above zero. */
function counted({ usage }: Entry): Readonly<Record<string, number | undefined>> {
  return Object.fromEntries(Object.entries(usage).filter(([, count]) => count !== 0));
}

async function refusal(call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const sent = provider.requests.length;
  const error: unknown = await call.then(
    () => assert.fail("it was not refused"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof OpenAI.APIError, String(error));
  assert.equal(provider.requests.length, sent, "nothing was forwarded");
  return error;
}

const hello = { voice: "alloy", input: "Grüße 👋" } as const;

test("speech is charged by its characters, and passes on as it is", async () => {
  const { client, project } = await clientWith("1");
  next = Buffer.from([0xff, 0xfb, 0, 1, 2, 3]);
  const spoken = await client.audio.speech.create({ model: "by-character", ...hello });
  assert.deepEqual(Buffer.from(await spoken.arrayBuffer()), next);
  const entry = await onlyEntry(project);
  assert.deepEqual(counted(entry), { characters: 7 });
  assert.equal(entry.cost_usd, "0.000105");
  assert.equal(entry.status, "settled");
});

test("a budget that cannot pay for the characters refuses the call", async () => {
  const { client } = await clientWith("0.0001");
  const error = await refusal(client.audio.speech.create({ model: "by-character", ...hello }));
  assert.equal(error.status, 402);
});

test("a model without a price for the unit is refused under a hard budget", async () => {
  const { client } = await clientWith("1");
  for (const model of ["of-another-unit", "of-no-price"]) {
    const error = await refusal(client.audio.speech.create({ model, ...hello }));
    assert.equal(error.code, "unpriced", model);
  }
});

test("an error of the provider costs nothing", async () => {
  const { client, project } = await clientWith("1");
  next = { error: { message: "no such voice", type: "invalid_request_error" } };
  status = 400;
  await assert.rejects(client.audio.speech.create({ model: "by-character", ...hello }));
  status = 200;
  const budget = await gateway.budget(project);
  assert.deepEqual([budget["spent"], budget["held"]], ["0", "0"]);
});

test("speech billed by tokens is estimated from the request and the file", async () => {
  const { client, project } = await clientWith("1");
  next = Buffer.alloc(4800);
  const spoken = await client.audio.speech.create({ model: "by-speech-token", ...hello });
  await spoken.arrayBuffer();
  const entry = await onlyEntry(project);
  assert.equal(entry.status, "estimated");
  assert.equal(entry.usage["output"], 100);
});

const image = { prompt: "a cat" } as const;

test("images are charged by their number, quality and size", async () => {
  const { client, project } = await clientWith("1");
  next = { created: 1, data: [{ url: "https://images.example/1" }] };
  await client.images.generate({
    model: "by-image",
    quality: "hd",
    size: "1024x1792",
    ...image,
  });
  const entry = await onlyEntry(project);
  assert.deepEqual(counted(entry), { images_hd_1024x1792: 1 });
  assert.equal(entry.cost_usd, "0.12");
});

test("images billed by tokens are charged as the answer reports", async () => {
  const { client, project } = await clientWith("1");
  next = {
    created: 1,
    data: [{ b64_json: "AAAA" }],
    usage: {
      input_tokens: 50,
      input_tokens_details: { text_tokens: 10, image_tokens: 40 },
      output_tokens: 1056,
      total_tokens: 1106,
    },
  };
  await client.images.generate({ model: "gpt-image-1", ...image });
  const entry = await onlyEntry(project);
  assert.deepEqual(counted(entry), { input: 10, input_image: 40, output: 1056 });
  assert.equal(entry.cost_usd, "0.04269");
});

/** A WAV file of this many seconds, of 8000 bytes each. */
function wav(seconds: number): Buffer {
  const file = Buffer.alloc(44 + seconds * 8000 - 44);
  file.write("RIFF", 0, "latin1");
  file.write("WAVEfmt ", 8, "latin1");
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(8000, 24);
  file.writeUInt32LE(8000, 28);
  file.writeUInt16LE(1, 32);
  file.writeUInt16LE(8, 34);
  return file;
}

test("a transcription is charged by the seconds that the answer reports, and its form passes byte for byte", async () => {
  const { client, project } = await clientWith("0.0011");
  next = { text: "Hello.", usage: { type: "duration", seconds: 9.2 } };
  const file = await toFile(wav(10), "a.wav");
  await client.audio.transcriptions.create({ model: "by-second", file, language: "en" });
  const sent = provider.requests.at(-1) ?? assert.fail();
  const type: string | undefined =
    sent.rawHeaders[sent.rawHeaders.findIndex((name) => /^content-type$/i.test(name)) + 1];
  const [, boundary = ""] = /^multipart\/form-data; boundary=(.+)$/.exec(type ?? "") ?? [];
  assert.ok(boundary !== "" && sent.body.startsWith(`--${boundary}\r\n`));
  assert.match(sent.body, /name="language"\r\n\r\nen\r\n/);
  const entry = await onlyEntry(project);
  assert.deepEqual(counted(entry), { audio_seconds: 10 });
  assert.deepEqual([entry.cost_usd, entry.status, entry.flags], ["0.001", "settled", []]);
});

test("a file whose length a budget cannot pay for is refused", async () => {
  const { client } = await clientWith("0.001");
  const file = await toFile(wav(11), "a.wav");
  const error = await refusal(client.audio.transcriptions.create({ model: "by-second", file }));
  assert.equal(error.status, 402);
});

test("a translation as text is charged by the most seconds that its file can have", async () => {
  const { client, project } = await clientWith("1");
  next = Buffer.from("Hello.");
  const file = await toFile(Buffer.alloc(7500, 1), "a.mp3");
  await client.audio.translations.create({ model: "by-second", file, response_format: "text" });
  const entry = await onlyEntry(project);
  assert.deepEqual(counted(entry), { audio_seconds: 10 });
  assert.equal(entry.status, "estimated");
});

test("a transcription billed by tokens is charged as the answer reports", async () => {
  const { client, project } = await clientWith("1");
  next = {
    text: "Hello.",
    usage: {
      type: "tokens",
      input_tokens: 14,
      input_token_details: { text_tokens: 4, audio_tokens: 10 },
      output_tokens: 3,
      total_tokens: 17,
    },
  };
  const file = await toFile(wav(2), "a.wav");
  await client.audio.transcriptions.create({ model: "by-audio-token", file });
  const entry = await onlyEntry(project);
  assert.deepEqual(counted(entry), { input: 4, input_audio: 10, output: 3 });
  assert.equal(entry.cost_usd, "0.0001");
});

test("edited images and variations are charged by their number", async () => {
  const { client, project } = await clientWith("1");
  next = { created: 1, data: [{ b64_json: "AAAA" }, { b64_json: "AAAA" }] };
  const file = await toFile(Buffer.alloc(100, 1), "a.png", { type: "image/png" });
  await client.images.edit({ model: "by-image", image: file, prompt: "a hat", n: 2 });
  const entry = await onlyEntry(project);
  assert.deepEqual(counted(entry), { images_standard_1024x1024: 2 });
  assert.equal(entry.cost_usd, "0.08");
  await client.images.createVariation({ model: "by-image", image: file, n: 2 });
  assert.equal((await gateway.budget(project))["spent"], "0.16");
});

test("a form with two models, or with text before it, is refused", async () => {
  const { key } = await gateway.makeKey();
  const send = async (body: string): Promise<unknown> => {
    const answer = await fetch(`${gateway.url}/openai/v1/audio/transcriptions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "multipart/form-data; boundary=b",
      },
      body,
    });
    return answer.status;
  };
  const field = (name: string, value: string): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const model = field("model", "by-second");
  next = { text: "", usage: { type: "duration", seconds: 1 } };
  assert.equal(await send(`${model}--b--\r\n`), 200);
  for (const body of [
    `${model}${field("model", "cheap")}--b--\r\n`,
    `preamble\r\n${model}--b--\r\n`,
    `${model}--b--\r\n${model}`,
    model,
  ])
    assert.equal(await send(body), 400, body);
});

const ranked = { query: "capital", documents: ["Berlin", "Paris"] };

test("a rerank is charged by search units, or by the tokens that the answer reports", async () => {
  const { client, project } = await clientWith("0.003");
  next = { results: [], meta: { billed_units: { search_units: 1 } } };
  await client.post("/rerank", { body: { model: "by-search", ...ranked } });
  const entry = await onlyEntry(project);
  assert.deepEqual([counted(entry), entry.cost_usd], [{ search_units: 1 }, "0.002"]);
  const error = await refusal(client.post("/rerank", { body: { model: "by-search", ...ranked } }));
  assert.equal(error.status, 402);
  const other = await clientWith("1");
  next = { model: "rerank-by-token", results: [], usage: { total_tokens: 20 } };
  await other.client.post("/rerank", { body: { model: "rerank-by-token", ...ranked } });
  const byToken = await onlyEntry(other.project);
  assert.deepEqual([counted(byToken), byToken.cost_usd], [{ input: 20 }, "0.000001"]);
});

test("streams of speech, transcripts and images are charged as their last event reports", async () => {
  const { client, project } = await clientWith("1");
  const usage = { input_tokens: 14, output_tokens: 101, total_tokens: 115 };
  const audio = Buffer.alloc(300).toString("base64");
  next = [
    { type: "speech.audio.delta", audio },
    { type: "speech.audio.done", usage },
  ];
  const spoken = await client.audio.speech.create({
    model: "by-speech-token",
    stream_format: "sse",
    ...hello,
  });
  assert.match(await spoken.text(), /speech\.audio\.done/);
  const entry = await onlyEntry(project);
  assert.deepEqual(counted(entry), { input: 14, output: 101 });
  assert.deepEqual([entry.status, entry.flags], ["settled", []]);
  next = [
    { type: "transcript.text.delta", delta: "Hello." },
    { type: "transcript.text.done", text: "Hello.", usage: { type: "tokens", ...usage } },
  ];
  const file = await toFile(wav(2), "a.wav");
  const events = await client.audio.transcriptions.create({
    model: "by-audio-token",
    file,
    stream: true,
  });
  const types: string[] = [];
  for await (const event of events) types.push(event.type);
  assert.deepEqual(types, ["transcript.text.delta", "transcript.text.done"]);
  next = [{ type: "image_generation.completed", b64_json: audio.repeat(20), usage }];
  const images = await client.images.generate({ model: "gpt-image-1", stream: true, ...image });
  for await (const event of images) assert.equal(event.type, "image_generation.completed");
  await gateway.flush();
  const entries = await gateway.entries(`project=${project}`);
  for (const one of entries) {
    assert.deepEqual(counted(one), { input: 14, output: 101 }, one.endpoint);
    assert.deepEqual([one.status, one.flags], ["settled", []], one.endpoint);
  }
  assert.equal(entries.length, 3);
});
