/** Splits server-sent events without copying them. */

export { SseEvent } from "./event.ts";
export { largestEventBytes, SseSplitter, type SseSplitterOptions } from "./split.ts";
