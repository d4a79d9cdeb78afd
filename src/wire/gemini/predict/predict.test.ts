/** Tests the upper bounds read from requests for images and videos, and the counts in answers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reading, RequestedUnit } from "../../wire.ts";
import { geminiWire } from "../wire.ts";

const paths = { images: "imagen:predict", videos: "veo:predictLongRunning" };

function read(kind: keyof typeof paths, body: unknown) {
  const endpoint = geminiWire.endpoint("POST", `/v1beta/models/${paths[kind]}`);
  return { endpoint, ...geminiWire.read(endpoint, Buffer.from(JSON.stringify(body))) };
}

function unit(kind: keyof typeof paths, parameters?: object, instances = 1): RequestedUnit {
  const body = {
    instances: Array.from({ length: instances }, () => ({ prompt: "a" })),
    parameters,
  };
  return read(kind, body).facts.unit ?? assert.fail("it is billed by unit");
}

test("a request without parameters is held at the documented number, length and resolution", () => {
  assert.deepEqual(unit("images"), {
    meters: ["images_1k", "images"],
    family: "images",
    count: 4,
    isExact: false,
    output: null,
  });
  assert.deepEqual(unit("videos"), {
    meters: ["video_seconds_720p", "video_seconds"],
    family: "video_seconds",
    count: 8,
    isExact: true,
    output: null,
  });
});

test("the largest number counts, by whatever name and spelling, for each instance", () => {
  assert.equal(unit("images", { sampleCount: 2 }).count, 2);
  assert.equal(unit("images", { sampleCount: 1, sample_count: 3 }).count, 3);
  assert.equal(unit("images", { sampleCount: 1, numberOfImages: 4 }, 2).count, 8);
  assert.equal(unit("videos", { numberOfVideos: 2, durationSeconds: "6" }).count, 12);
  assert.equal(unit("videos", { duration_seconds: 60, durationSeconds: 4 }).count, 60);
});

test("a size that is not known has no meter, so that the dearest variant applies", () => {
  for (const size of ["2048", "8K", ""])
    assert.deepEqual(unit("images", { sampleImageSize: size }).meters, [], size);
  assert.deepEqual(unit("images", { sampleImageSize: "1K", imageSize: "4K" }).meters, []);
  assert.deepEqual(unit("images", { sampleImageSize: "2K" }).meters, ["images_2k"]);
  assert.deepEqual(unit("images", { sampleImageSize: "1K" }).meters, ["images_1k", "images"]);
  const { meters, isExact } = unit("videos", { resolution: "UHD" });
  assert.deepEqual([meters, isExact], [[], false]);
});

test("what is not understood, or is repeated, is refused", () => {
  for (const parameters of [
    { sampleCount: 0 },
    { sampleCount: "2" },
    { sampleCount: 1e9 },
    { durationSeconds: "abc" },
    { durationSeconds: 1e9 },
    { resolution: 720 },
    [],
    "4",
  ])
    assert.throws(() => unit("videos", parameters as object), { code: "invalid_request" });
  const twice = Buffer.from('{"instances":[],"parameters":{"sampleCount":1,"sampleCount":4}}');
  const { endpoint } = read("images", { instances: [] });
  assert.throws(() => geminiWire.read(endpoint, twice), { code: "invalid_request" });
});

function reading(answer: string): Reading {
  const { endpoint, facts } = read("images", { instances: [] });
  const meter = geminiWire.meter(endpoint, { stream: false, facts });
  meter.push(Buffer.from(answer));
  return meter.end().reading;
}

function images(answer: string): number | undefined {
  return reading(answer).unit?.count;
}

test("an answer is read after white space or a byte order mark, and an error may be a text", () => {
  for (const start of ["\n", "\uFEFF", "\uFEFF \r\n"]) {
    assert.equal(images(`${start}{"predictions":[{"gcsUri":"gs://a"}]}`), 1);
    for (const error of ['{"error":{}}', '{"error":"no"}'])
      assert.deepEqual(reading(start + error).flags, ["provider_error"]);
  }
});

test("images in the answer are counted; reasons and safety attributes are not", () => {
  const image = { bytesBase64Encoded: "AAAA", mimeType: "image/png" };
  const rest = [{ raiFilteredReason: "no" }, { safetyAttributes: {}, contentType: "Positive" }];
  assert.equal(images(JSON.stringify({ predictions: [image, { gcsUri: "gs://a" }, ...rest] })), 2);
  assert.equal(images('{"predictions":[]}'), 0);
});

test("an image in an unknown field is counted, and an unknown list leaves what was held", () => {
  assert.equal(images('{"predictions":[{"image":{}},{"audioContent":"AAAA"}]}'), 2);
  assert.equal(images('{"predictions":["AAAA",null]}'), 2);
  assert.equal(images('{"predictions":[{"gcsUri":"gs://a"}],"error":{"code":500}}'), 1);
  for (const unknown of [
    '{"generatedImages":[{}]}',
    '{"predictions":{}}',
    '{"predictions":null}',
    '{"error":{"code":500}}',
  ])
    assert.equal(images(unknown), undefined, unknown);
});

test("an answer without a list and unknown fields has no images: all were filtered out", () => {
  for (const empty of ["{}", '{"deployedModelId":"1","model":"m","metadata":{}}'])
    assert.equal(images(empty), 0, empty);
});

test("an answer that cannot be read leaves what was held", () => {
  for (const broken of ["", "[]", '{"predictions":[{"bytesBase64Encoded":"AA'])
    assert.equal(images(broken), undefined, broken);
});

test("a file or a video that the request names must belong to its key", () => {
  const uri = "https://generativelanguage.googleapis.com/v1beta/files/v1";
  const { stored } = read("videos", { instances: [{ prompt: "a", video: { uri } }] });
  assert.deepEqual(stored, { uses: [{ key: "uri", id: "files/v1" }], makes: true });
});

test("instances are counted without being built", () => {
  const endpoint = geminiWire.endpoint("POST", `/v1beta/models/${paths.videos}`);
  // A parser would refuse the escape.
  const body = String.raw`{"instances":[{"prompt":"\q"},{},[]]}`;
  assert.equal(geminiWire.read(endpoint, Buffer.from(body)).facts.unit?.count, 24);
});
