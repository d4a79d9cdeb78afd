/** An answer that is billed by unit is read however it begins, and estimated if it reports nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openaiWire } from "../wire.ts";

const wire = openaiWire();

interface Answered {
  readonly path: string;
  readonly asked: Buffer;
  readonly type?: string;
  readonly chunks: readonly (Buffer | string)[];
}

function read({ path, asked, type, chunks }: Answered) {
  const endpoint = wire.endpoint("POST", path);
  const { facts } = wire.read(endpoint, asked, type);
  const meter = wire.meter(endpoint, { stream: false, facts });
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    assert.deepEqual(meter.push(bytes), bytes, "the answer passes unchanged");
  }
  const { reading } = meter.end();
  return { ...reading, outputTokens: meter.progress.outputTokens };
}

function image(chunks: Answered["chunks"], more: object = {}) {
  const asked = Buffer.from(JSON.stringify({ model: "m", prompt: "a", n: 3, ...more }));
  return read({ path: "/images/generations", asked, chunks });
}

function speech(format: string | undefined, file: Buffer): number {
  const body = { model: "m", input: "a", response_format: format };
  const asked = Buffer.from(JSON.stringify(body));
  return read({ path: "/audio/speech", asked, chunks: [file] }).outputTokens;
}

function transcribed(chunks: Answered["chunks"], format = "json") {
  const part = (head: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name=${head}\r\n\r\n${value}\r\n`;
  const parts = [
    part('"model"', "m"),
    part('"response_format"', format),
    part('"file"; filename="a"', "RIFF"),
  ];
  const asked = Buffer.from(`${parts.join("")}--b--\r\n`);
  const type = "multipart/form-data; boundary=b";
  return read({ path: "/audio/transcriptions", asked, type, chunks });
}

const usage = { input_tokens: 10, output_tokens: 272, total_tokens: 282, cost: 0.02 };
const json = JSON.stringify({ data: [{}], usage });
const data = JSON.stringify({ type: "image_generation.completed", usage });
const counted = [{ model: null, usage: { input: 10, output: 0, output_image: 272 } }];

/** Each byte in a chunk of its own. */
function bytesOf(text: string): readonly Buffer[] {
  return Array.from(Buffer.from(text), (byte) => Buffer.of(byte));
}

test("JSON is read after white space or a byte order mark, however it is cut", () => {
  for (const start of ["", "\n", "\r\n\t", " ".repeat(5000), "\uFEFF", "\uFEFF\n"])
    for (const chunks of [[start + json], [start, json], bytesOf(start + json)]) {
      const { parts, unit, reportedCost } = image(chunks);
      const found = [parts, unit?.count, reportedCost];
      assert.deepEqual(found, [counted, 1, 20_000_000_000n], JSON.stringify(start.slice(0, 9)));
    }
});

test("events are read whatever their first field is, however they are cut", () => {
  for (const start of ["", "\r\n", "retry: 10\n\n", ": a\n\n", "id: 1\n", "event: a\n", "\uFEFF"])
    for (const chunks of [[`${start}data: ${data}\n\n`], bytesOf(`${start}data: ${data}\n\n`)])
      assert.deepEqual(image(chunks).parts, counted, JSON.stringify(start));
});

test("an error as an object or as a text costs nothing", () => {
  for (const error of [{ message: "no" }, "no"])
    for (const start of ["", "\n"]) {
      const { flags, unit } = image([start + JSON.stringify({ error })]);
      assert.deepEqual([flags, unit], [["provider_error"], undefined]);
    }
  for (const error of [null, "", 0])
    assert.deepEqual(image([JSON.stringify({ error, data: [{}] })]).flags, []);
});

test("images without reported tokens are estimated by their number, quality and size", () => {
  const two = JSON.stringify({ data: [{ b64_json: "A".repeat(50_000) }, { url: "u" }] });
  assert.equal(image([two]).outputTokens, 2 * 6240);
  assert.equal(image([two], { quality: "low", size: "1024x1024" }).outputTokens, 2 * 408);
  assert.equal(image([two], { quality: "low", size: "2048x3072" }).outputTokens, 2 * 4 * 408);
  const said = JSON.stringify({ data: [{}], quality: "medium", size: "1024x1024" });
  assert.equal(image([said]).outputTokens, 1584);
  assert.equal(image(["unread"]).outputTokens, 3 * 6240, "those requested");
});

test("speech is estimated by the bit rate of its header, else of its format", () => {
  const wav = Buffer.alloc(44 + 48_000 * 60);
  wav.write("RIFF----WAVEfmt ");
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(24_000, 24);
  wav.writeUInt32LE(48_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  assert.equal(speech("wav", wav), 21 * 60 + 1);
  assert.equal(speech("PCM", Buffer.alloc(48_000 * 60)), 21 * 60);
  const mp3 = (first: number, second: number, rate: number): Buffer => {
    const file = Buffer.alloc(60 * rate);
    file.set([0xff, first, second, 0]);
    return file;
  };
  assert.equal(speech(undefined, mp3(0xf3, 0xe4, 20_000)), 21 * 60, "160 kbit/s at 24 kHz");
  assert.equal(speech("mp3", mp3(0xfb, 0x94, 16_000)), 21 * 60, "128 kbit/s at 44.1 kHz");
  assert.equal(speech("mp3", mp3(0xfb, 0x04, 2000)), 21 * 60, "an unknown rate is the lowest");
  assert.equal(speech("opus", Buffer.from(`OggS${"a".repeat(1996)}`)), 21);
});

test("a transcript as text is not read as JSON, and one without tokens counts as its text", () => {
  for (const format of ["text", "srt", "vtt", "TEXT"]) {
    const { unit, parts } = transcribed(['{"duration":0,"usage":{"seconds":0}}'], format);
    assert.deepEqual([unit, parts], [undefined, []], format);
  }
  assert.equal(transcribed(['{"duration":7}']).unit?.count, 7);
  assert.equal(transcribed(['{"text":"abcdef","words":[1,2,3]}']).outputTokens, 2);
});

test("a recording is billed for a second at least", () => {
  for (const answer of ['{"duration":0.4}', '{"duration":0}', '{"usage":{"seconds":0}}'])
    assert.equal(transcribed([answer]).unit?.count, 1, answer);
});

test("images that come one after another each report their own usage", () => {
  for (const kind of ["image_generation", "image_edit"]) {
    const event = (type: string, more: object) =>
      `data: ${JSON.stringify({ type: `${kind}.${type}`, b64_json: "AAAA", ...more })}\n\n`;
    const partial = event("partial_image", { partial_image_index: 0 });
    const one = event("completed", { usage });
    const two = event("completed", { usage: { ...usage, output_tokens: 300, total_tokens: 310 } });
    const { parts, reportedCost, rawUsage } = image([partial, one, partial, two]);
    assert.deepEqual(parts, [{ model: null, usage: { input: 20, output: 0, output_image: 572 } }]);
    assert.equal(reportedCost, 40_000_000_000n);
    assert.equal(JSON.parse(rawUsage ?? "").length, 2);
    assert.deepEqual(image([partial, one]).parts, counted);
  }
});

test("the input of a transcription is audio, unless the answer says otherwise", () => {
  const parts = (counts: object) =>
    transcribed([JSON.stringify({ text: "a", usage: counts })]).parts;
  const total = { input_tokens: 100, output_tokens: 5, total_tokens: 105 };
  const heard = (input: number, audio: number) => [
    { model: null, usage: { input, output: 5, input_audio: audio } },
  ];
  assert.deepEqual(parts(total), heard(0, 100));
  const details = { text_tokens: 10, audio_tokens: 90 };
  assert.deepEqual(parts({ ...total, input_token_details: details }), heard(10, 90));
});
