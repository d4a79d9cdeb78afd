/**
 * Finds damage in the write-ahead log, which SQLite takes for the end of the log, dropping the
 * rest.
 */

import { existsSync, readFileSync } from "node:fs";
import { PurserError } from "../../domain/error.ts";
import { ledgerFile } from "./schema.ts";

const headerBytes = 32;
const frameHeaderBytes = 24;
const littleEndian = 0x377f0682;
const bigEndian = 0x377f0683;

/**
 * Call this before the first connection, since SQLite would truncate the log at the damage, and
 * only while there is no writer.
 *
 * @throws PurserError `store_unavailable` if the log is damaged.
 */
export function refuseDamagedLog(directory: string): void {
  const what = damageOfLog(directory);
  if (what === null) return;
  throw new PurserError("store_unavailable", `the ledger in ${directory} is damaged: ${what}`, {
    field: "data",
    remedy:
      "Keep a copy of the data folder and restore the last backup that verifies. To continue without the log's contents, such as after a power loss, remove ledger.db-wal.",
  });
}

/**
 * Each frame carries the salt of its log and a checksum over everything before it. The last frames
 * may be torn if the process ended while writing. A damaged frame followed by others of the same
 * log was changed later.
 *
 * Source: https://sqlite.org/fileformat2.html#the_write_ahead_log, read 2026-11-28.
 *
 * @returns The damage; null if the log is intact or absent.
 */
function damageOfLog(directory: string): string | null {
  const file = `${ledgerFile(directory)}-wal`;
  if (!existsSync(file)) return null;
  const bytes = readFileSync(file);
  if (bytes.length < headerBytes) return null;
  const magic = bytes.readUInt32BE(0);
  if (magic !== littleEndian && magic !== bigEndian)
    return "its write-ahead log has no valid header";
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
    for (
      let frame = bad + this.#frameBytes;
      frame + this.#frameBytes <= this.#bytes.length;
      frame += this.#frameBytes
    ) {
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

  /** Frames after the end of the log are left over from an earlier one with a different salt. */
  #isOfThisLog(frame: number): boolean {
    return this.#bytes.compare(this.#bytes, 16, 24, frame + 8, frame + 16) === 0;
  }

  #hasSum(at: number): boolean {
    return (
      this.#view.getUint32(at) === this.#sum[0] && this.#view.getUint32(at + 4) === this.#sum[1]
    );
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
