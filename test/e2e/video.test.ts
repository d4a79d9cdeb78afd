/**
 * Videos and images as jobs and predictions, through the official SDKs of OpenAI and Google: they are
 * held and charged by seconds and images, and belong to the key that made them.
 */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { GoogleGenAI } from "@google/genai";
import type { OpenAI } from "openai";
import { openaiAt } from "./client.ts";
import { startGateway, type GatewayProcess } from "./process.ts";
import { startRecorder } from "./recording.ts";
import { always } from "./settings.ts";

let gateway: GatewayProcess;
let key: string;
let other: string;

let status = 200;
let answer: object = {};

const recorder = await startRecorder((_request, response) => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(answer));
});

before(async () => {
  const api_key = "k";
  gateway = await startGateway({
    providers: {
      openai: { wire: "openai", base_url: `${recorder.url}/v1`, api_key },
      gemini: { wire: "gemini", base_url: recorder.url, api_key },
    },
  });
  ({ key } = await gateway.makeKey({ project: "p1" }));
  ({ key: other } = await gateway.makeKey({ project: "p2" }));
});

interface Clients {
  readonly openai: OpenAI;
  readonly gemini: GoogleGenAI;
}

function clientsOf(caller: string, headers: Readonly<Record<string, string>> = {}): Clients {
  return {
    openai: openaiAt(gateway, { key: caller, path: "/openai", headers }),
    // Version 3 of the SDK makes images and videos only in this mode.
    gemini: new GoogleGenAI({
      vertexai: true,
      apiKey: caller,
      httpOptions: {
        baseUrl: `${gateway.url}/gemini`,
        apiVersion: "v1beta",
        headers: { ...headers },
      },
    }),
  };
}

type Call = (clients: Clients) => Promise<unknown>;

let calls = 0;

/** Makes a call whose provider answers so, and returns the cost, status and usage in the ledger. */
async function charge(answered: object, call: Call): Promise<readonly unknown[]> {
  answer = answered;
  const operation = `video-${++calls}`;
  await call(clientsOf(key, { "x-purser-operation-id": operation }));
  const [entry] = await gateway.entries(`operation_id=${operation}`);
  assert.ok(entry, "the call is in the ledger");
  const counts = Object.entries(entry.usage).filter(([, count]) => count !== 0);
  return [entry.cost_usd, entry.status, Object.fromEntries(counts)];
}

function job(more: object): object {
  const times = { created_at: 1, completed_at: null, expires_at: null };
  const state = { object: "video", status: "queued", progress: 0, error: null };
  return { id: "video_1", ...state, ...times, model: "sora-2", ...more };
}

const video = { seconds: "4", size: "720x1280" };
const prompt = "A cat.";

describe("a video in OpenAI's format", () => {
  test("is charged by the seconds and the size of the job", async () => {
    const seen = { model: "sora-2-pro", seconds: "8", size: "1792x1024" };
    const call: Call = ({ openai }) =>
      openai.videos.create({ model: "sora-2-pro", prompt, seconds: "8", size: "1792x1024" });
    assert.deepEqual(await charge(job(seen), call), ["4", "settled", { video_seconds_1024p: 8 }]);
  });

  test("of the smaller size costs less", async () => {
    const call: Call = ({ openai }) => openai.videos.create({ model: "sora-2-pro", prompt });
    assert.deepEqual(await charge(job({ ...video, model: "sora-2-pro" }), call), [
      "1.2",
      "settled",
      { video_seconds_720p: 4 },
    ]);
  });

  test("without a model, a length and a size is charged by the documented ones", async () => {
    const charged = ["0.4", "settled", { video_seconds: 4 }];
    const call: Call = ({ openai }) => openai.videos.create({ prompt });
    assert.deepEqual(await charge(job(video), call), charged);
    assert.deepEqual(await charge({ id: "video_2", object: "video" }, call), charged);
  });

  test("with a reference image in a form is forwarded as it is, and charged", async () => {
    const image = new File([Buffer.alloc(9)], "a.png", { type: "image/png" });
    const call: Call = ({ openai }) =>
      openai.videos.create({ model: "sora-2", prompt, seconds: "12", input_reference: image });
    const charged = await charge(job({ ...video, seconds: "12" }), call);
    assert.deepEqual(charged, ["1.2", "settled", { video_seconds: 12 }]);
    assert.match(recorder.requests.at(-1)?.body ?? "", /name="seconds"\r\n\r\n12\r\n/);
  });

  test("of a length that is not a number of seconds is refused", async () => {
    const sent = recorder.requests.length;
    for (const seconds of ["abc", "", "0", "-4", "4.5", "1000000000", 4.5, {}]) {
      const body = { model: "sora-2", prompt, seconds };
      await assert.rejects(clientsOf(key).openai.post("/videos", { body }), {
        status: 400,
        param: "seconds",
      });
    }
    assert.equal(recorder.requests.length, sent, "nothing was forwarded");
  });

  test("that failed at once costs nothing", async () => {
    const call: Call = ({ openai }) => openai.videos.create({ prompt });
    const error = { code: "moderation_blocked", message: "no" };
    for (const reason of [error, null]) {
      const [usd] = await charge(job({ ...video, status: "failed", error: reason }), call);
      assert.equal(usd, "0", JSON.stringify(reason));
    }
  });

  test("belongs to the key that made it", async () => {
    answer = job({ ...video, id: "video_owned" });
    const { openai } = clientsOf(key);
    await openai.videos.create({ prompt });
    assert.equal((await openai.videos.retrieve("video_owned")).id, "video_owned");
    await openai.videos.downloadContent("video_owned");
    const { openai: stranger } = clientsOf(other);
    await assert.rejects(stranger.videos.retrieve("video_owned"), { status: 403 });
    await assert.rejects(stranger.videos.delete("video_owned"), { status: 403 });
    await assert.rejects(openai.videos.list(), { status: 403 });
    await openai.videos.delete("video_owned");
  });

  test("is not remixed, edited or extended, since neither the model nor the length is known", async () => {
    answer = job({ ...video, id: "video_source" });
    const { openai } = clientsOf(key);
    await openai.videos.create({ prompt });
    const sent = recorder.requests.length;
    const source = { video: { id: "video_source" } };
    await assert.rejects(openai.videos.remix("video_source", { prompt }), {
      status: 403,
      code: "unmetered",
    });
    for (const path of ["/videos/edits", "/videos/extensions"])
      await assert.rejects(openai.post(path, { body: { prompt, ...source } }), { status: 403 });
    assert.equal(recorder.requests.length, sent, "nothing was forwarded");
  });
});

const image = { bytesBase64Encoded: "AAAA", mimeType: "image/png" };
const imagen = "imagen-3.0-generate-001";

describe("images of Imagen", () => {
  test("are charged by those in the answer, without those that were filtered out", async () => {
    const filtered = { raiFilteredReason: "no" };
    const call: Call = ({ gemini }) =>
      gemini.models.generateImages({
        model: `models/${imagen}`,
        prompt,
        config: { numberOfImages: 3 },
      });
    assert.deepEqual(await charge({ predictions: [image, image, filtered] }, call), [
      "0.08",
      "settled",
      { images: 2 },
    ]);
  });

  test("of which none passed the filter cost nothing", async () => {
    const call: Call = ({ gemini }) =>
      gemini.models.generateImages({ model: `models/${imagen}`, prompt });
    for (const none of [{ predictions: [] }, {}])
      assert.deepEqual(await charge(none, call), ["0", "settled", {}]);
  });

  test("in an answer of another form are charged as held", async () => {
    const call: Call = ({ gemini }) =>
      gemini.models.generateImages({ model: `models/${imagen}`, prompt });
    const other = { generatedImages: [] };
    assert.deepEqual(await charge(other, call), ["0.16", "estimated", { images: 4 }]);
  });

  test("of a large answer are all charged", async () => {
    const large = { ...image, bytesBase64Encoded: "A".repeat(3_000_000) };
    const call: Call = ({ gemini }) =>
      gemini.models.generateImages({ model: `models/${imagen}`, prompt });
    const [usd] = await charge({ predictions: [large, large, large, large] }, call);
    assert.equal(usd, "0.16");
  });
});

const veo = "veo-3.1-fast-generate-001";
const operation = `models/${veo}/operations/op1`;

describe("a video of Veo", () => {
  const make =
    (config: object): Call =>
    ({ gemini }) =>
      gemini.models.generateVideos({ model: `models/${veo}`, source: { prompt }, config });

  test("is charged by the seconds, the number and the resolution in the request", async () => {
    const name = { name: operation };
    for (const [config, usd, usage] of [
      [{}, "0.8", { video_seconds: 8 }],
      [{ durationSeconds: 4 }, "0.4", { video_seconds: 4 }],
      [{ resolution: "1080p", numberOfVideos: 2 }, "1.92", { video_seconds_1080p: 16 }],
      [{ resolution: "4K" }, "2.4", { video_seconds_4k: 8 }],
    ] as const)
      assert.deepEqual(await charge(name, make(config)), [usd, "settled", usage]);
  });

  test("of a resolution that is not known is charged as the dearest, as an estimate", async () => {
    for (const resolution of ["best", "2k", "1440p", "8k", "1088p"])
      assert.deepEqual(
        await charge({ name: operation }, make({ resolution })),
        ["2.4", "estimated", { video_seconds_4k: 8 }],
        resolution,
      );
  });

  test("of a length or number that is not understood is refused", async () => {
    const sent = recorder.requests.length;
    for (const config of [{ durationSeconds: 1e9 }, { durationSeconds: 0 }, { numberOfVideos: 0 }])
      await assert.rejects(make(config)(clientsOf(key)), { status: 400 });
    assert.equal(recorder.requests.length, sent, "nothing was forwarded");
  });

  test("belongs, with its file, to the key that made it", async () => {
    answer = { name: operation };
    await make({})(clientsOf(key));
    const uri = "https://generativelanguage.googleapis.com/v1beta/files/v1:download?alt=media";
    const generateVideoResponse = { generatedSamples: [{ video: { uri } }] };
    answer = { name: operation, done: true, response: { generateVideoResponse } };
    const read = async (path: string, caller: string): Promise<number> => {
      const headers = { "x-goog-api-key": caller };
      return (await fetch(`${gateway.url}/gemini/v1beta/${path}`, { headers })).status;
    };
    const file = "files/v1:download?alt=media";
    assert.equal(await read(file, key), 403, "nothing is known of the file yet");
    assert.deepEqual([await read(operation, other), await read(operation, key)], [403, 200]);
    assert.deepEqual([await read(file, other), await read(file, key)], [403, 200]);
  });
});

/** One call of each kind. */
const kinds: readonly (readonly [model: string, call: (model: string) => Call])[] = [
  [
    "sora-2",
    (model) =>
      ({ openai }) =>
        openai.videos.create({ model, prompt }),
  ],
  [
    imagen,
    (model) =>
      ({ gemini }) =>
        gemini.models.generateImages({ model: `models/${model}`, prompt }),
  ],
  [
    veo,
    (model) =>
      ({ gemini }) =>
        gemini.models.generateVideos({ model: `models/${model}`, source: { prompt } }),
  ],
];

describe("every kind", () => {
  test("is refused without a price by its unit, with the way to state one", async () => {
    const sent = recorder.requests.length;
    for (const [, call] of kinds)
      for (const model of ["no-such-model", "gemini-2.5-flash"])
        await assert.rejects(call(model)(clientsOf(key)), (error: Error & { status?: number }) => {
          assert.equal(error.status, 403);
          assert.match(
            JSON.stringify([error, error.message]),
            /of zero and .meters: \{ (?:video_sec|image)/,
          );
          return true;
        });
    assert.equal(recorder.requests.length, sent, "nothing was forwarded");
  });

  test("costs nothing if its provider answers with an error", async () => {
    status = 400;
    for (const [model, call] of kinds) {
      const failed = { error: { code: 400, message: "bad", status: "INVALID_ARGUMENT" } };
      const [usd, state] = await charge(failed, (clients) =>
        call(model)(clients).catch(() => undefined),
      );
      assert.deepEqual([usd, state], ["0", "released"], model);
    }
    status = 200;
  });

  test("is refused by a budget that cannot pay for the most it can cost", async () => {
    const { key: poor } = await gateway.makeKey({ project: "poor" });
    const budget = { budget_id: "poor", budget_type: "project", resource_id: "poor", ...always };
    await gateway.makeBudget({ ...budget, amount: "0.15" });
    const sent = recorder.requests.length;
    for (const [model, call] of kinds)
      await assert.rejects(call(model)(clientsOf(poor)), { status: 402 }, model);
    assert.equal(recorder.requests.length, sent, "nothing was forwarded");
  });
});
