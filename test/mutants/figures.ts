/** Results of a run per room. */

import type { Examination } from "./examine.ts";
import { judgementOf, type Judged } from "./judged.ts";

export interface RoomFigures {
  readonly room: string;
  readonly mutants: number;
  readonly killed: number;
  /** Killed by tests outside the folder. */
  readonly byWider: number;
  /** Killed by a timeout. */
  readonly byTime: number;
  /** Survivors that no test can detect. */
  readonly judged: number;
  readonly survived: number;
  /** The percentage killed of those that a test can detect, to one decimal, rounded down. */
  readonly killedPercent: number;
}

export function figuresOf(
  room: string,
  examinations: readonly Examination[],
  judged: readonly Judged[],
): RoomFigures {
  const survivors = examinations.filter(({ fate }) => fate === "survived");
  const known = survivors.filter(({ mutant }) => judgementOf(mutant, judged));
  const killed = examinations.length - survivors.length;
  const visible = examinations.length - known.length;
  return {
    room,
    mutants: examinations.length,
    killed,
    byWider: examinations.filter(({ fate }) => fate === "wider").length,
    byTime: examinations.filter(({ fate }) => fate === "time").length,
    judged: known.length,
    survived: survivors.length - known.length,
    killedPercent: visible === 0 ? 100 : Math.floor((killed * 1000) / visible) / 10,
  };
}
