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
  assert.equal(mostSeconds(wav({ samples: 4_000_000, byteRate: 8_000_000 })), 14_400);
});

test("MP3 has at least 8 kbit/s, also after a tag; 10 s are billed at least", () => {
  const frames = Buffer.alloc(50_000);
  frames.set([0xff, 0xfb]);
  assert.equal(mostSeconds(frames), 50);
  const tagged = Buffer.concat([
    Buffer.from("ID3\x04\0\0\0\0\x01\0", "latin1"),
    Buffer.alloc(128),
    frames,
  ]);
  assert.equal(mostSeconds(tagged), 51);
  assert.equal(mostSeconds(frames.subarray(0, 100)), 10);
});

test("any other recording may hold four hours, since silence takes next to no bytes", () => {
  const beginnings = ["fLaC", "OggS", "\0\0\0\x20ftypM4A ", "ID3\x04\0\0\0\0\0\0fLaC", ""];
  for (const beginning of beginnings) {
    const file = Buffer.alloc(40_000);
    file.write(beginning, 0, "latin1");
    assert.equal(mostSeconds(file), 14_400, beginning);
  }
  assert.equal(mostSeconds(Buffer.from([0xff, 0xf1])), 14_400, "AAC");
});
