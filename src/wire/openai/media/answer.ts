/** Meters the answers of media endpoints: files of speech, images, and their usage. */

import { BodyMeter } from "../../answer/body-meter.ts";
import { sseMeter } from "../../answer/stream-meter.ts";
import type { AnswerToMeter, Endpoint, UsageMeter } from "../../wire.ts";
import { ChatStream } from "../chat/stream.ts";
import { OpenaiAnswer } from "../answer.ts";
import { fileMeter } from "./file-meter.ts";
import { unitMeter } from "./unit-meter.ts";

export function mediaMeter(endpoint: Endpoint, answer: AnswerToMeter): UsageMeter {
  const { facts, stream, byUnits } = answer;
  if (facts.isFile) return fileMeter(answer);
  const meter = stream
    ? sseMeter(new ChatStream(facts, endpoint.name))
    : new BodyMeter(new OpenaiAnswer(facts, true), { generates: true });
  return byUnits ? unitMeter(meter, { endpoint, facts }) : meter;
}
