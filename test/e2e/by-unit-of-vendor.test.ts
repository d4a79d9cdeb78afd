/**
 * Calls billed by unit in the forms of one vendor, at the prices of the built-in list: the pages and
 * recordings that Mistral reads, and the videos and images that xAI makes.
 */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { APIError } from "openai";
import { openaiAt } from "./client.ts";
import { startGateway, type GatewayProcess } from "./process.ts";
import { startRecorder } from "./recording.ts";
import { always } from "./settings.ts";

let gateway: GatewayProcess;
let key: string;
let other: string;

let answer: { readonly status?: number; readonly body: object } = { body: {} };

const recorder = await startRecorder((_request, response) => {
  response.writeHead(answer.status ?? 200, { "content-type": "application/json" });
  response.end(JSON.stringify(answer.body));
});

before(async () => {
  const upstream = { wire: "openai" as const, base_url: `${recorder.url}/v1`, api_key: "k" };
  gateway = await startGateway({
    providers: { mistral: upstream, xai: upstream },
  });
  ({ key } = await gateway.makeKey({ project: "p1" }));
  ({ key: other } = await gateway.makeKey({ project: "p2" }));
});

type Vendor = "mistral" | "xai";

interface Asked {
  readonly vendor: Vendor;
  readonly path: string;
  readonly body: object;
  readonly caller?: string;
  readonly operation?: string;
}

function send({ vendor, path, body, caller = key, operation }: Asked): Promise<unknown> {
  const headers = operation === undefined ? {} : { "x-purser-operation-id": operation };
  return openaiAt(gateway, { key: caller, path: `/${vendor}`, headers }).post(path, {
    body,
    maxRetries: 0,
  });
}

let calls = 0;

/** Makes a call whose provider answers so, and returns the cost, status and usage in the ledger. */
async function charge(answered: object, asked: Asked): Promise<readonly unknown[]> {
  answer = { body: answered };
  const operation = `vendor-${++calls}`;
  await send({ ...asked, operation });
  const [entry] = await gateway.entries(`operation_id=${operation}`);
  assert.ok(entry, "the call is in the ledger");
  const counts = Object.entries(entry.usage).filter(([, count]) => count !== 0);
  return [entry.cost_usd, entry.status, Object.fromEntries(counts)];
}

async function refused(asked: Asked): Promise<APIError> {
  const sent = recorder.requests.length;
  const error: unknown = await send(asked).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof APIError, "the call is refused");
  assert.equal(recorder.requests.length, sent, "nothing was forwarded");
  return error;
}

async function poorKey(project: string, amount: string): Promise<string> {
  const { key: poor } = await gateway.makeKey({ project });
  const budget = { budget_id: project, budget_type: "project", resource_id: project, ...always };
  await gateway.makeBudget({ ...budget, amount });
  return poor;
}

const link = { type: "document_url", document_url: "https://example.com/a.pdf" };

function read(more: object = {}): Asked {
  const body = { model: "mistral-ocr-2512", document: link, ...more };
  return { vendor: "mistral", path: "/ocr", body };
}

function pages(count: number, more: object = {}): object {
  const page = { markdown: "Text", images: [], dimensions: { dpi: 200, height: 2, width: 1 } };
  return {
    pages: Array.from({ length: count }, (_, index) => ({ index, ...page })),
    model: "mistral-ocr-2512",
    document_annotation: null,
    usage_info: { pages_processed: count, doc_size_bytes: 1000, ...more },
  };
}

const format = { type: "json_schema", json_schema: { name: "a", schema: { type: "object" } } };

describe("pages that are read from a document", () => {
  test("are charged as the answer counts them", async () => {
    assert.deepEqual(await charge(pages(29), read()), ["0.058", "settled", { pages: 29 }]);
  });

  test("are charged with those that are annotated, which have a price of their own", async () => {
    const asked = read({ document_annotation_format: format });
    const counted = pages(3, { pages_processed_annotation: 2 });
    const usage = { annotated_pages: 2, pages: 3 };
    assert.deepEqual(await charge(counted, asked), ["0.012", "settled", usage]);
  });

  test("are all annotated ones if the answer does not count those", async () => {
    const asked = read({ bbox_annotation_format: format });
    const usage = { annotated_pages: 3, pages: 3 };
    assert.deepEqual(await charge(pages(3), asked), ["0.015", "settled", usage]);
  });

  test("are charged although the answer counts annotations, which have no price", async () => {
    const body = { model: "mistral-ocr-2503", document: link };
    const counted = { ...pages(4, { pages_processed_annotation: 4 }), model: "mistral-ocr-2503" };
    const [cost] = await charge(counted, { vendor: "mistral", path: "/ocr", body });
    assert.equal(cost, "0.004");
  });

  test("of a large answer are charged", async () => {
    const images = [{ id: "a", image_base64: "A".repeat(5_000_000) }];
    const large = { ...pages(2), pages: [{ index: 0, markdown: "a", images }, { index: 1 }] };
    assert.deepEqual(await charge(large, read()), ["0.004", "settled", { pages: 2 }]);
  });

  test("are an estimate of what was held if the answer does not count them", async () => {
    const asked = read({ pages: [0, 1, 2] });
    assert.deepEqual(await charge({ pages: [] }, asked), ["0.006", "estimated", { pages: 3 }]);
  });

  test("are held as the request names them, else as many as a document can have", async () => {
    const poor = await poorKey("reader", "0.02");
    const error = await refused({ ...read(), caller: poor });
    assert.deepEqual([error.status, error.code], [402, "budget_exhausted"]);
    assert.match(error.message, /2(?:\.0+)? USD needed.*Send `pages`, such as \[0, 1\]/);
    answer = { body: pages(10) };
    await send({ ...read({ pages: "0-9" }), caller: poor });
    assert.equal((await refused({ ...read({ pages: [0] }), caller: poor })).status, 402);
  });

  test("are refused without a price, also of annotations", async () => {
    const unlisted = await refused(read({ model: "no-such-model" }));
    assert.equal(unlisted.status, 403);
    assert.match(unlisted.message, /meters: \{ pages:/);
    const body = { model: "mistral-ocr-2503", document: link, bbox_annotation_format: format };
    const bare = await refused({ vendor: "mistral", path: "/ocr", body });
    assert.match(bare.message, /has no price in annotated_pages/);
  });

  test("of a file are read only for the key that owns it", async () => {
    const document = { type: "file", file_id: "file-of-another" };
    assert.equal((await refused(read({ document }))).status, 403);
  });

  test("cost nothing if the provider answers with an error", async () => {
    answer = { status: 422, body: { message: "bad" } };
    const operation = "ocr-failed";
    await assert.rejects(send({ ...read(), operation }), { status: 422 });
    const [entry] = await gateway.entries(`operation_id=${operation}`);
    assert.deepEqual([entry?.status, entry?.cost_usd], ["released", "0"]);
  });
});

test("a recording at Mistral is charged by the seconds that its usage reports", async () => {
  const tokens = { prompt_tokens: 4, completion_tokens: 635, total_tokens: 3264 };
  const usage = { prompt_audio_seconds: 203, ...tokens };
  answer = { body: { model: "voxtral-mini-2602", text: "Hi", language: "en", usage } };
  const operation = "mistral-heard";
  const headers = { "x-purser-operation-id": operation };
  const client = openaiAt(gateway, { key, path: "/mistral", headers });
  const file = new File([Buffer.alloc(100)], "a.ogg", { type: "audio/ogg" });
  await client.audio.transcriptions.create({ model: "voxtral-mini-2602", file });
  const [entry] = await gateway.entries(`operation_id=${operation}`);
  assert.deepEqual([entry?.cost_usd, entry?.status], ["0.01015", "settled"]);
});

const prompt = "A cat.";
const model = "grok-imagine-video";

function make(more: object = {}): Asked {
  return { vendor: "xai", path: "/videos/generations", body: { model, prompt, ...more } };
}

const url = "https://example.com/a.png";

describe("a video that xAI makes", () => {
  test("is charged by its length and resolution when it is begun", async () => {
    const asked = make({ duration: 10, resolution: "720p" });
    const usage = { video_seconds_720p: 10 };
    assert.deepEqual(await charge({ request_id: "r1" }, asked), ["0.7", "settled", usage]);
  });

  test("without a length or a resolution is an estimate at the longest and the dearest", async () => {
    const job = { request_id: "r2" };
    const dearest = { video_seconds_720p: 15 };
    assert.deepEqual(await charge(job, make()), ["1.05", "estimated", dearest]);
    const named = make({ duration: 2, resolution: "1080p" });
    assert.deepEqual(await charge(job, named), ["0.14", "estimated", { video_seconds_720p: 2 }]);
    const sized = make({ duration: 2, size: "848x480" });
    assert.deepEqual(await charge(job, sized), ["0.14", "estimated", { video_seconds_720p: 2 }]);
  });

  test("from images is charged with those", async () => {
    const known = { duration: 4, resolution: "480p" };
    for (const [images, count, usd] of [
      [{ image: { url } }, 1, "0.202"],
      [{ reference_images: [{ url }, { url }] }, 2, "0.204"],
    ] as const) {
      const usage = { input_images: count, video_seconds_480p: 4 };
      const charged = await charge({ request_id: "r3" }, make({ ...known, ...images }));
      assert.deepEqual(charged, [usd, "estimated", usage]);
    }
  });

  test("from another video is refused, since its length is not known", async () => {
    const error = await refused(make({ video: { url } }));
    assert.deepEqual([error.status, error.code, error.param], [403, "unmetered", "video"]);
  });

  test("belongs to the key that made it", async () => {
    answer = { body: { request_id: "owned" } };
    await send(make({ duration: 1, resolution: "480p" }));
    const done = { status: "done", video: { url, duration: 1 }, model, progress: 100 };
    answer = { body: done };
    const path = "/xai";
    assert.deepEqual(await openaiAt(gateway, { key, path }).get("/videos/owned"), done);
    const stranger = openaiAt(gateway, { key: other, path });
    await assert.rejects(stranger.get("/videos/owned"), { status: 403 });
  });

  test("is refused by a budget that cannot pay for the longest one, with the field to send", async () => {
    const poor = await poorKey("viewer", "0.5");
    const error = await refused({ ...make({ resolution: "480p" }), caller: poor });
    assert.equal(error.status, 402);
    assert.match(error.message, /Send `duration`/);
    answer = { body: { request_id: "r4" } };
    await send({ ...make({ resolution: "480p", duration: 9 }), caller: poor });
  });
});

describe("images that xAI makes", () => {
  const asked = (more: object = {}): Asked => ({
    vendor: "xai",
    path: "/images/generations",
    body: { model: "grok-imagine-image-2.0", prompt, ...more },
  });
  const data = [{ url }];

  test("are charged at the resolution of the request, else at the dearest", async () => {
    const made = { data };
    assert.deepEqual(await charge(made, asked()), ["0.06", "estimated", { images: 1 }]);
    const small = asked({ resolution: "1k" });
    assert.deepEqual(await charge(made, small), ["0.04", "settled", { images_1k: 1 }]);
  });

  test("are charged as billed if the answer says that", async () => {
    const made = { data, usage: { cost_in_usd_ticks: 400_000_000 } };
    const [usd, status] = await charge(made, asked());
    assert.deepEqual([usd, status], ["0.04", "settled"]);
  });
});
