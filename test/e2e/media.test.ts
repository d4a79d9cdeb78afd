/** Speech, images and other media through a gateway: each call is held and charged by its units. */

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { before, test } from "node:test";
import OpenAI from "openai";
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
