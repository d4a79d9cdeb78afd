/** Frees the memory of large answers while they pass through. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes of an answer between two garbage collections. */
const stride = 4 * 1024 * 1024;

/**
 * The bytes of an answer are outside the heap: a few objects refer to megabytes. The garbage
 * collector, which watches the heap, would run only after about 70 MB. A collection of the young
 * generation takes about 1 ms.
 */
export class PassedMemory {
  #bytes = 0;

  passed(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < stride) return;
    this.#bytes = 0;
    collectYoung();
  }
}

type Collect = (options: { readonly type: "minor" }) => void;

let collect: Collect | null = null;

function collectYoung(): void {
  collect ??= exposed();
  collect({ type: "minor" });
}

/** V8 exposes the function to contexts created while this flag is set. */
function exposed(): Collect {
  setFlagsFromString("--expose-gc");
  const found = runInNewContext("gc") as Collect;
  setFlagsFromString("--no-expose-gc");
  return found;
}
