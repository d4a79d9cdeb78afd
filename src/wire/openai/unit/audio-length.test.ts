/** The bound of a recording's length by its bytes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { mostSeconds } from "./audio-length.ts";

/** A WAV file of 32 s at 8 kHz with 16 bits, as its header says. */
function wav(header: { samples?: number; byteRate?: number; block?: number } = {}): Buffer {
  const file = Buffer.alloc(512_000);
  file.write("RIFF", 0, "latin1");
  file.write("WAVEfmt ", 8, "latin1");
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(header.samples ?? 8000, 24);
  file.writeUInt32LE(header.byteRate ?? 16_000, 28);
  file.writeUInt16LE(header.block ?? 2, 32);
  file.writeUInt16LE(16, 34);
  return file;
}

test("the length of uncompressed WAV is that of its header", () => {
  assert.equal(mostSeconds(wav()), 32);
});

test("of rates that differ in a header, the lowest counts, and one that no file has is not believed", () => {
  assert.equal(mostSeconds(wav({ byteRate: 1_000_000 })), 32);
  assert.equal(mostSeconds(wav({ byteRate: 8000 })), 64);
  assert.equal(mostSeconds(wav({ block: 1 })), 64);
  assert.equal(mostSeconds(wav({ samples: 4_000_000, byteRate: 8_000_000 })), 1024);
});

test("any other recording is at most as long as its bytes at the lowest bit rate, and 10 s at least", () => {
  assert.equal(mostSeconds(Buffer.alloc(50_000)), 100);
  assert.equal(mostSeconds(Buffer.alloc(1)), 10);
});
