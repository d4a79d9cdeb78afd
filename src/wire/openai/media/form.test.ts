/** A form is read as every strict reader reads it, or refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../../domain/error.ts";
import { mostSeconds } from "./audio-length.ts";
import { isForm, readForm } from "./form.ts";

function field(name: string, value: string, more = ""): string {
  return `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
}

const form = `${field("model", "m")}${field("file", "RIFF\r\n--not it\r\n", '; filename="a"')}--b--\r\n`;

function read(text: string): ReturnType<typeof readForm> {
  return readForm(Buffer.from(text));
}

test("fields and files are found, and only the model is edited", () => {
  const found = read(form);
  assert.equal(found.text("model"), "m");
  assert.equal(found.text("prompt"), undefined);
  assert.equal(found.files("file")[0]?.toString(), "RIFF\r\n--not it\r\n");
  assert.equal(found.textBytes, 1);
  assert.equal(found.contentType, "multipart/form-data; boundary=b");
  const edited = Buffer.from(found.withText("model", "other")).toString();
  assert.equal(edited, form.replace("\r\n\r\nm\r\n", "\r\n\r\nother\r\n"));
});

test("a form that readers could read differently is refused", () => {
  const model = field("model", "m");
  for (const text of [
    `--b\r\n`,
    model,
    `${model}--b--\r\n${model}`,
    `${model}--bc\r\n${model}--b--`,
    `--b\r\n\r\nm\r\n--b--\r\n`,
    `--b\r\nContent-Disposition: form-data; name="model"; name="x"\r\n\r\nm\r\n--b--\r\n`,
    `--b\r\nContent-Disposition: form-data;\r\n name="model"\r\n\r\nm\r\n--b--\r\n`,
    `--b\r\nContent-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64\r\n\r\nbQ==\r\n--b--\r\n`,
  ])
    assert.throws(() => read(text), PurserError, JSON.stringify(text));
  assert.throws(() => read(`${model}${model}--b--`).text("model"), /twice/);
  assert.throws(
    () => read(`${field("model", "m", '; filename="x"')}--b--`).text("model"),
    /file name/,
  );
  assert.throws(() => read(`${field("n", "1e3")}--b--`).whole("n", { min: 1 }), /count/);
});

test("any damaged form is read or refused, never anything else", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % below;
  };
  for (let round = 0; round < 5000; round++) {
    const bytes = Buffer.from(form);
    for (let change = 0; change <= random(4); change++)
      bytes[random(bytes.length)] = [13, 10, 45, 34, 59, random(256)][random(6)] ?? 0;
    const damaged = bytes.subarray(0, random(4) === 0 ? random(bytes.length) : bytes.length);
    if (!isForm(damaged)) continue;
    try {
      const found = readForm(damaged);
      assert.ok(found.textBytes <= damaged.length);
      found.text("model");
      found.files("file");
    } catch (error) {
      assert.ok(error instanceof PurserError, String(error));
    }
  }
});

test("the length of audio is that of a WAV header, else a bound", () => {
  assert.equal(mostSeconds(Buffer.alloc(7500)), 10);
  assert.equal(mostSeconds(Buffer.alloc(0)), 1);
  const wav = Buffer.alloc(32_000);
  wav.write("RIFF", 0, "latin1");
  wav.write("WAVEfmt ", 8, "latin1");
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24);
  wav.writeUInt32LE(16_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  assert.equal(mostSeconds(wav), 2);
  wav.writeUInt32LE(1_000_000, 28);
  assert.equal(mostSeconds(wav), 2, "of different rates, the lowest is believed");
  wav.writeUInt32LE(8_000_000, 24);
  wav.writeUInt32LE(8_000_000, 28);
  assert.equal(mostSeconds(wav), 43, "a rate that no WAV file has is not believed");
});
