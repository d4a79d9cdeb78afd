/** Tests the seconds and images that a request for a deferred video can be billed for. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { RequestedUnit } from "../../wire.ts";
import { openaiWire } from "../wire.ts";

const wire = openaiWire();
const endpoint = wire.endpoint("POST", "/videos/generations");

function read(more: object) {
  const body = { model: "grok-imagine-video", prompt: "a", ...more };
  return wire.read(endpoint, Buffer.from(JSON.stringify(body)));
}

function unit(more: object): RequestedUnit {
  return read(more).facts.unit ?? assert.fail("it is billed by unit");
}

const known = { duration: 6, resolution: "720p" };
const sd = ["video_seconds_480p"];
const hd = ["video_seconds_720p"];

test("a video is exact if the request states its length and resolution", () => {
  for (const [body, meters, count, isExact] of [
    [known, hd, 6, true],
    [{ duration: "6", resolution: "480P" }, sd, 6, true],
    [{ duration: 6 }, [], 6, false],
    [{ resolution: "480p" }, sd, 15, false],
    [{}, [], 15, false],
    [{ model: "other", resolution: "480p" }, sd, 20, false],
    [{ ...known, seconds: 9 }, hd, 9, true],
    [{ ...known, size: "848x480" }, [], 6, false],
    [{ ...known, resolution: "best" }, [], 6, false],
  ] as const) {
    const { meters: priced, count: held, isExact: exact } = unit(body);
    assert.deepEqual([priced, held, exact], [meters, count, isExact], JSON.stringify(body));
  }
});

test("images are counted in addition, wherever they are", () => {
  const url = "https://example.com/a.png";
  for (const [body, count] of [
    [{ image: { url } }, 1],
    [{ image_url: url }, 1],
    [{ reference_images: [{ url }, { url }], image: { url } }, 3],
    [{ reference_image_urls: [url] }, 1],
  ] as const) {
    const { also, isExact } = unit({ ...known, ...body });
    const images = { meters: ["input_images"], family: "input_images", count, mayBeFree: true };
    assert.deepEqual(also, [images]);
    assert.equal(isExact, false);
  }
  assert.equal(unit({ ...known, image: null }).also, undefined);
});

test("the length in an answer is that of each video", () => {
  const videos = wire.endpoint("POST", "/videos");
  const asked = { model: "m", prompt: "a", seconds: 8, n: 3 };
  const { facts } = wire.read(videos, Buffer.from(JSON.stringify(asked)));
  const meter = wire.meter(videos, { stream: false, facts });
  meter.push(Buffer.from('{"id":"v1","status":"queued","seconds":"4","size":"1280x720"}'));
  assert.equal(meter.end().reading.unit?.count, 12);
});

test("a length that is not a number of seconds, and a given video, are refused", () => {
  for (const duration of [0, -1, 4.5, "abc", 1e9, {}])
    assert.throws(() => read({ duration }), { code: "invalid_request" });
  assert.throws(() => read({ video_url: "https://example.com/a.mp4" }), { code: "unmetered" });
  assert.throws(() => read({ model: undefined }), { code: "invalid_request" });
});

test("a job is known by its id, and what its answer reports is not a bill", () => {
  const { facts, stored } = read(known);
  assert.equal(stored.makes, true);
  const answer = Buffer.from('{"request_id":"r1","usage":{"cost_in_usd_ticks":0}}');
  const ids: string[] = [];
  const watch = wire.madeIds({ of: "call", isStream: false, onIds: (made) => ids.push(...made) });
  const meter = wire.meter(endpoint, { stream: false, facts });
  watch.push(answer);
  meter.push(answer);
  watch.end();
  const { unit, reportedCost, parts } = meter.end().reading;
  assert.deepEqual([ids, unit, reportedCost, parts], [["r1"], undefined, null, []]);
});
