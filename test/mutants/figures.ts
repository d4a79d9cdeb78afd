/** Figures of a run, by room. */

import type { Examination } from "./examine.ts";
import { judgementOf, type Judged } from "./judged.ts";

export interface RoomFigures {
  readonly room: string;
  readonly mutants: number;
  readonly killed: number;
  /** Of those killed, by tests outside of the folder. */
  readonly byWider: number;
  /** Of those killed, by a time-out. */
  readonly byTime: number;
  /** Survivors that no test can see. */
  readonly judged: number;
  readonly survived: number;
  /** Killed ones among those that a test can see, in percent to one decimal, rounded down. */
  readonly killedPercent: number;
}

export function figuresOf(room: string, examinations: readonly Examination[], judged: readonly Judged[]): RoomFigures {
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
