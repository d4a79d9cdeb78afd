/** Caps implausible token counts at the maximum that a call can have used. */

import { countContext, countOutput, type FixedMeter, type Usage } from "./usage.ts";

/** The maximum of each kind that one part of a call can have used. */
export interface UsageBounds {
  /** Tokens read by the model. */
  readonly context: number;
  /** Tokens generated. */
  readonly output: number;
  /** Calls of each tool. */
  readonly toolCalls: number;
}

/** Most expensive first: those counts are kept, so the capped cost is never too low. */
const contextMeters: readonly FixedMeter[] = [
  "cache_write_1h",
  "cache_write_5m",
  "input_audio",
  "input_image",
  "input",
  "cache_read_audio",
  "cache_read",
];
const outputMeters: readonly FixedMeter[] = ["output_audio", "output_image", "output"];
const toolMeters: readonly FixedMeter[] = ["web_search", "file_search", "code_execution"];

/** @returns The same object if every count is within its bound. */
export function boundUsage(usage: Usage, bounds: UsageBounds): Usage {
  if (isWithin(usage, bounds)) return usage;
  const cuts = [
    ...cutTogether(usage, contextMeters, bounds.context),
    ...cutTogether(usage, outputMeters, bounds.output),
    ...toolMeters
      .filter((meter) => (usage[meter] ?? 0) > bounds.toolCalls)
      .map((meter) => [meter, bounds.toolCalls] as const),
  ];
  const bounded: Usage = { ...usage, ...Object.fromEntries(cuts) };
  const { reasoning, output = 0 } = bounded;
  return reasoning === undefined ? bounded : { ...bounded, reasoning: Math.min(reasoning, output) };
}

function isWithin(usage: Usage, { context, output, toolCalls }: UsageBounds): boolean {
  return (
    countContext(usage) <= context &&
    countOutput(usage) <= output &&
    toolMeters.every((meter) => (usage[meter] ?? 0) <= toolCalls)
  );
}

/** The reduced counts that together make `most`. */
function cutTogether(
  usage: Usage,
  meters: readonly FixedMeter[],
  most: number,
): readonly (readonly [FixedMeter, number])[] {
  const cuts: [FixedMeter, number][] = [];
  let room = most;
  for (const meter of meters) {
    const count = usage[meter] ?? 0;
    if (count > room) cuts.push([meter, room]);
    room -= Math.min(count, room);
  }
  return cuts;
}
