/** Meters the answers of media endpoints: files of speech, images, and their usage. */

import { BodyMeter } from "../../answer/body-meter.ts";
import { sseMeter } from "../../answer/stream-meter.ts";
import type { AnswerToMeter, Endpoint, UsageMeter } from "../../wire.ts";
import { OpenaiAnswer } from "../answer.ts";
import { fileMeter } from "./file-meter.ts";
import { MediaStream } from "./stream.ts";
import { UnitAnswer } from "./unit-answer.ts";
import { unitMeter } from "./unit-meter.ts";

export function mediaMeter(endpoint: Endpoint, answer: AnswerToMeter): UsageMeter {
  const { facts, stream, byUnits = false } = answer;
  if (facts.isFile) return fileMeter(endpoint, answer);
  if (stream) {
    const meter = sseMeter(new MediaStream(facts, endpoint.name));
    return byUnits ? unitMeter(meter, { endpoint, facts }) : meter;
  }
  const generates = endpoint.name !== "rerank";
  const reader = new OpenaiAnswer(facts, generates);
  return new BodyMeter(byUnits ? new UnitAnswer(reader, { endpoint, facts }) : reader, {
    generates: generates && !byUnits,
  });
}
