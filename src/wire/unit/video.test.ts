/** Tests which meters price a video, and which lengths are understood. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { reportedSeconds, requestedSeconds, videoUnit } from "./video.ts";

const meters = (size: string | undefined) => videoUnit({ size, seconds: 4 }).meters;

test("a size is named by its resolution: the shorter side, 2k or 4k", () => {
  const named: Readonly<Record<string, string>> = {
    "720x1280": "720p",
    "1280x720": "720p",
    "1792x1024": "1024p",
    "1080X1920": "1080p",
    "1440p": "2k",
    "3840x2160": "4k",
    "4K": "4k",
    "480p": "480p",
  };
  for (const [size, resolution] of Object.entries(named))
    assert.equal(meters(size)[0], `video_seconds_${resolution}`, size);
});

test("the usual price applies up to 1080p; a larger size costs what the next one does, or the most", () => {
  assert.deepEqual(meters("720p"), ["video_seconds_720p", "video_seconds"]);
  assert.deepEqual(meters("1080p"), ["video_seconds_1080p", "video_seconds"]);
  assert.deepEqual(
    meters("1088p"),
    ["1088p", "2k", "4k", "8k"].map((one) => `video_seconds_${one}`),
  );
  assert.deepEqual(
    meters("1440p"),
    ["2k", "4k", "8k"].map((one) => `video_seconds_${one}`),
  );
  assert.deepEqual(meters("8k"), ["video_seconds_8k"]);
});

test("a size that is not understood has no meter, so that the dearest variant applies", () => {
  for (const size of [undefined, "", "auto", "720", "720x", "0x0", "07x720", "99999x99999", "4p\n"])
    assert.deepEqual(meters(size), [], String(size));
});

test("a requested length is a whole number of seconds, in any notation that JSON has for it", () => {
  for (const [value, seconds] of [
    ["8", 8],
    [8, 8],
    ["08", 8],
    [undefined, undefined],
    [null, undefined],
  ] as const)
    assert.equal(requestedSeconds(value, "seconds"), seconds);
  for (const value of ["", "abc", "8s", "-8", "8.5", " 8", "1e1", 8.5, 0, 3601, 1e21, NaN, [8], {}])
    assert.throws(() => requestedSeconds(value, "seconds"), { code: "invalid_request" });
});

test("a reported length is rounded up, and ignored if it is impossible", () => {
  assert.deepEqual(
    ["8", 8, 7.2, "", "x", 0, -1, 1e9, Infinity, null, undefined, [8]].map(reportedSeconds),
    [8, 8, 8, ...Array<undefined>(9).fill(undefined)],
  );
});
