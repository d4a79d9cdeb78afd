/** Names the meter of input whose kind the answer does not report. */

import type { RequestFacts } from "../../wire/wire.ts";

/** A recording is audio, which may cost more than text. */
export function inputMeter({ unit }: Pick<RequestFacts, "unit">): "input" | "input_audio" {
  return unit?.input === "audio" ? "input_audio" : "input";
}
