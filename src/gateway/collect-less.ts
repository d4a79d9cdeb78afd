/** How often the garbage collector looks for the memory of large bodies. */

import { setFlagsFromString } from "node:v8";

/**
 * Lets V8 judge the bytes outside of its heap, which is where bodies are, together with the heap. By itself it marks the whole heap
 * whenever 64 MB of bodies have come and gone: with prompts of 400 KB ten times a second, and that took half of the process's time.
 * What young buffers take is found by the far cheaper collections of young objects instead.
 *
 * For the whole process: a program calls it once, a library does not.
 */
export function collectLess(): void {
  setFlagsFromString("--external-memory-accounted-in-global-limit");
}
