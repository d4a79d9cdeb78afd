/** Gives the memory of large answers back as they pass. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Behind this much of one answer, its garbage is collected. In bytes. */
const stride = 4 * 1024 * 1024;

/**
 * The bytes of an answer lie outside of the heap, a few objects pointing to megabytes of them: the garbage collector, which looks at the
 * heap, would run after some seventy megabytes. A collection of the young objects takes about a millisecond.
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

/** V8 exposes the function to contexts that are created while this flag is set. */
function exposed(): Collect {
  setFlagsFromString("--expose-gc");
  const found = runInNewContext("gc") as Collect;
  setFlagsFromString("--no-expose-gc");
  return found;
}
