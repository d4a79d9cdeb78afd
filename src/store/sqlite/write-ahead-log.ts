/** Looks for damage in the write-ahead log, which SQLite itself would take for the log's end, and drop what follows. */

import { existsSync, readFileSync } from "node:fs";
import { PurserError } from "../../domain/error.ts";
import { ledgerFile } from "./schema.ts";

const headerBytes = 32;
const frameHeaderBytes = 24;
const littleEndian = 0x377f0682;
const bigEndian = 0x377f0683;

/**
 * Call this before the first connection, which would take the log for what it seems to be, and only while there is no writer.
 *
 * @throws PurserError `store_unavailable` for a log that was damaged.
 */
export function refuseDamagedLog(directory: string): void {
  const what = damageOfLog(directory);
  if (what === null) return;
  throw new PurserError("store_unavailable", `the ledger in ${directory} is damaged: ${what}`, {
    field: "data",
    remedy:
      "Keep a copy of the data folder, and restore the last backup that verifies. To go on without what the log held, such as after a loss of power, remove ledger.db-wal.",
  });
}

/**
 * Frames carry the salt of their log and a checksum over all before them. The last ones may be torn, by a process that ended while it
 * wrote; one that is damaged and has others of the same log behind it was changed later.
 *
 * Source: https://sqlite.org/fileformat2.html#the_write_ahead_log, read 2026-11-28.
 *
 * @returns What is wrong; null for a log that is whole, or not there.
 */
function damageOfLog(directory: string): string | null {
  const file = `${ledgerFile(directory)}-wal`;
  if (!existsSync(file)) return null;
  const bytes = readFileSync(file);
  if (bytes.length < headerBytes) return null;
  const magic = bytes.readUInt32BE(0);
  if (magic !== littleEndian && magic !== bigEndian) return "its write-ahead log has no head";
  const log = new Log(bytes, magic === bigEndian);
  return log.isDamaged() ? "its write-ahead log has a damaged page" : null;
}

class Log {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #isBigEndian: boolean;
  readonly #frameBytes: number;
  #sum: readonly [number, number] = [0, 0];

  constructor(bytes: Buffer, isBigEndian: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isBigEndian = isBigEndian;
    this.#frameBytes = frameHeaderBytes + bytes.readUInt32BE(8);
  }

  isDamaged(): boolean {
    this.#add(0, 24);
    if (!this.#hasSum(24)) return true;
    const bad = this.#firstBadFrame();
    for (let frame = bad + this.#frameBytes; frame + this.#frameBytes <= this.#bytes.length; frame += this.#frameBytes) {
      if (this.#isOfThisLog(frame)) return true;
    }
    return false;
  }

  #firstBadFrame(): number {
    let frame = headerBytes;
    for (; frame + this.#frameBytes <= this.#bytes.length; frame += this.#frameBytes) {
      this.#add(frame, 8);
      this.#add(frame + frameHeaderBytes, this.#frameBytes - frameHeaderBytes);
      if (!this.#isOfThisLog(frame) || !this.#hasSum(frame + 16)) return frame;
    }
    return frame;
  }

  /** Frames behind the end of the log are left of an earlier one, whose salts are others. */
  #isOfThisLog(frame: number): boolean {
    return this.#bytes.compare(this.#bytes, 16, 24, frame + 8, frame + 16) === 0;
  }

  #hasSum(at: number): boolean {
    return this.#view.getUint32(at) === this.#sum[0] && this.#view.getUint32(at + 4) === this.#sum[1];
  }

  #add(from: number, length: number): void {
    let [first, second] = this.#sum;
    for (let at = from; at < from + length; at += 8) {
      first = (first + this.#view.getUint32(at, !this.#isBigEndian) + second) >>> 0;
      second = (second + this.#view.getUint32(at + 4, !this.#isBigEndian) + first) >>> 0;
    }
    this.#sum = [first, second];
  }
}
