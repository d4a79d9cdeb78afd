/** Server-sent events, split without being built. */

export { SseEvent } from "./event.ts";
export { largestEventBytes, SseSplitter, type SseSplitterOptions } from "./split.ts";
