/** What a request gives to an endpoint billed by unit: texts to classify, images, recordings. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { APIError, type OpenAI } from "openai";
import { openaiAt } from "./client.ts";
import { startGateway } from "./process.ts";
import { startRecorder } from "./recording.ts";

let answer: object = {};
const recorder = await startRecorder((_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(answer));
});
const gateway = await startGateway({
  providers: { openai: { wire: "openai", base_url: `${recorder.url}/v1`, api_key: "k" } },
});
const prices: readonly (readonly [model: string, prices: object])[] = [
  ["classifier", { input: "5" }],
  ["painter", { input: "0", output: "0", meters: { images: "0.02", input_images: "0.002" } }],
  ["by-request", { input: "0", request: "0.01" }],
  ["listener", { input: "1", input_audio: "10" }],
  ["whisper-1", { input: "0", output: "0", meters: { audio_seconds: "0.0001" } }],
];
for (const [model, more] of prices)
  await gateway.api("POST", "/api/v1/prices", {
    body: { provider: "openai", model, output: "0", ...more },
  });
const { key } = await gateway.makeKey({ project: "p1" });

let calls = 0;

/** @returns The cost and the status of the call's entry; undefined if it has none. */
async function charged(
  answered: object,
  call: (client: OpenAI) => Promise<unknown>,
): Promise<readonly [string, string] | undefined> {
  answer = answered;
  const operation = `inputs-${++calls}`;
  const headers = { "x-purser-operation-id": operation };
  await call(openaiAt(gateway, { key, path: "/openai", headers }));
  const [entry] = await gateway.entries(`operation_id=${operation}`);
  return entry && [entry.cost_usd, entry.status];
}

test("a moderation is charged where its model has a price, and free elsewhere", async () => {
  const results = [{ flagged: false }];
  const moderate = (model?: string) => (client: OpenAI) =>
    client.moderations.create({ input: ["a", "b"], ...(model !== undefined && { model }) });
  const usage = { prompt_tokens: 1000, completion_tokens: 0, total_tokens: 1000 };
  assert.deepEqual(
    await charged({ id: "m", model: "classifier", results, usage }, moderate("classifier")),
    ["0.005", "settled"],
  );
  assert.deepEqual(
    await charged({ id: "m", model: "by-request", results }, moderate("by-request")),
    ["0.01", "estimated"],
  );
  assert.equal(await charged({ id: "m", results }, moderate()), undefined);
  assert.equal(await charged({ id: "m", results }, moderate("no-such-classifier")), undefined);
});

test("images to edit are charged besides the images made, where they have a price", async () => {
  const image = () => new File([Buffer.from("png")], "a.png", { type: "image/png" });
  const edit = (client: OpenAI) =>
    client.images.edit({ model: "painter", prompt: "a", image: [image(), image(), image()] });
  assert.deepEqual(await charged({ created: 1, data: [{ b64_json: "AAAA" }] }, edit), [
    "0.026",
    "settled",
  ]);
});

test("a recording is charged at the rate of audio, whatever the answer reports", async () => {
  // 16,000 bytes of MP3 at 8 kbit/s have 16 seconds, of 25 tokens at most.
  const file = () => new File([Buffer.alloc(16_000)], "a.mp3", { type: "audio/mpeg" });
  const listen = (client: OpenAI) =>
    client.audio.transcriptions.create({ model: "listener", file: file() });
  const usage = { input_tokens: 1000, output_tokens: 2, total_tokens: 1002 };
  assert.deepEqual(await charged({ text: "a", usage }, listen), ["0.01", "settled"]);
  const none = { input_tokens: 0, output_tokens: 2, total_tokens: 2 };
  for (const answered of [{ text: "a" }, { text: "a", usage: none }]) {
    const [cost, status] = (await charged(answered, listen)) ?? [];
    assert.equal(status, "estimated");
    assert.ok(Number(cost) >= 16 * 25 * 0.00001, `${cost} is charged for ${answered.text}`);
  }
});

test("a recording at an address is refused, also beside a file: its length is not known", async () => {
  const file = () => new File([Buffer.alloc(100)], "a.mp3", { type: "audio/mpeg" });
  for (const field of ["url", "file_url", "file_id"]) {
    const request = {
      model: "whisper-1",
      file: file(),
      [field]: "https://a.example/two-hours.mp3",
    };
    await assert.rejects(
      charged({ text: "a" }, (client) => client.audio.transcriptions.create(request)),
      (error) => error instanceof APIError && error.status === 400 && error.message.includes(field),
    );
  }
});
