/** Writes the report of a run: a table and the survivors, or JSON. */

import { table, type Column } from "../../src/cli/terminal/table.ts";
import type { Output } from "../../src/cli/terminal/screen.ts";
import type { RoomFigures } from "./figures.ts";
import type { Judged } from "./judged.ts";
import type { Mutant } from "./mutant.ts";

export interface Survivor {
  readonly mutant: Mutant;
  readonly judged: Judged | undefined;
}

export interface Report {
  readonly seed: number;
  readonly rooms: readonly RoomFigures[];
  readonly survivors: readonly Survivor[];
  /** Test files that fail without a mutant. */
  readonly leftOut: readonly string[];
}

const columns: readonly Column[] = [
  { title: "ROOM" },
  { title: "MUTANTS", align: "right" },
  { title: "KILLED", align: "right" },
  { title: "BY WIDER TESTS", align: "right", spare: 1 },
  { title: "BY TIME-OUT", align: "right", spare: 2 },
  { title: "JUDGED", align: "right" },
  { title: "SURVIVED", align: "right" },
  { title: "KILLED %", align: "right" },
];

export function writeReport({ seed, rooms, survivors, leftOut }: Report, output: Output): void {
  const rows = rooms.map((room) => [
    room.room,
    ...[room.mutants, room.killed, room.byWider, room.byTime, room.judged, room.survived].map(
      String,
    ),
    room.killedPercent.toFixed(1),
  ]);
  output.write(`${table(columns, rows, { heading: output.paint.dim, room: output.columns })}\n`);
  for (const survivor of survivors) output.write(survivorText(survivor));
  if (leftOut.length > 0)
    output.write(`Skipped, since they fail without a mutant: ${leftOut.join(", ")}\n`);
  output.write(`Seed ${seed}\n`);
}

export function reportJson({ survivors, ...report }: Report): string {
  const shown = survivors.map(({ mutant: { file, line, rule, before, after }, judged }) => ({
    file,
    line,
    rule,
    before,
    after,
    verdict: judged?.verdict ?? null,
    why: judged?.why ?? null,
  }));
  return `${JSON.stringify({ ...report, survivors: shown }, null, 2)}\n`;
}

function survivorText({ mutant, judged }: Survivor): string {
  const state = judged ? `judged (${judged.verdict}: ${judged.why})` : "SURVIVED";
  return `${mutant.file}:${mutant.line}: ${mutant.rule}: ${state}\n  - ${mutant.before}\n  + ${mutant.after}\n`;
}
