/** Streams generateContent, as events or as one JSON list. */

import type { Plan, Route, Step } from "../call.ts";
import { closing, frame, tokenSteps, unseen } from "../answer/step.ts";
import {
  candidate,
  finishReason,
  response,
  usage,
  usageFields,
  wholeParts,
} from "./generate-answer.ts";

/**
 * Every event repeats the cumulative usage so far. `alt=sse` makes events; without it, the answer
 * is one JSON list.
 */
export function* generateStream(plan: Plan, route: Route): Generator<Step> {
  const asEvents = /(^|&)alt=sse(&|$)/.test(route.query);
  let written = false;
  const wrap = (json: string): string => {
    const text = asEvents ? `data: ${json}\n\n` : `${written ? ",\n" : "["}${json}`;
    written = true;
    return text;
  };
  if (plan.reasoningEach > 0) yield unseen(plan.reasoningEach * plan.ask.choices);
  for (let index = 0; index < plan.ask.choices; index++) yield* choiceSteps(plan, index, wrap);
  if (!asEvents) yield closing(written ? "]" : "[]");
}

function* choiceSteps(plan: Plan, index: number, wrap: (json: string) => string): Generator<Step> {
  const { content } = plan;
  const last = index === plan.ask.choices - 1;
  if (plan.tool) {
    const call = wrap(response(plan, candidate(wholeParts(plan), { index, finish: null }), ""));
    yield { text: call, kind: "token", output: content.tokens, reasoning: 0 };
  } else {
    yield* tokenSteps({ plan, content, reasoning: false }, (text, to) => {
      const sent = index * content.tokens + to;
      return wrap(
        response(
          plan,
          candidate(`{"text":${text}}`, { index, finish: null }),
          usageSoFar(plan, sent),
        ),
      );
    });
  }
  const end = candidate('{"text":""}', { index, finish: finishReason(plan) });
  yield frame(wrap(response(plan, end, last ? usageFields(plan) : "")));
}

/** @param said Text tokens sent so far. */
function usageSoFar({ claimed }: Plan, said: number): string {
  if (!claimed || claimed.output < 0) return claimed ? `,"usageMetadata":${usage(claimed)}` : "";
  return `,"usageMetadata":${usage({ ...claimed, output: claimed.reasoning + said })}`;
}
