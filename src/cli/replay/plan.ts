/** Who makes which call of a trace: teams, agents and users, chosen by a seed. */

import { seeded } from "./random.ts";
import type { TraceRow } from "./trace.ts";

export interface PlannedCall extends TraceRow {
  readonly team: string;
  readonly agent: string;
  readonly user: string;
  readonly model: string;
  readonly stream: boolean;
}

export interface PlanOptions {
  readonly teams: number;
  readonly agents: number;
  readonly users: number;
  /** 0 to 1. */
  readonly streamShare: number;
  readonly seed: number;
}

/** What the agents' work needs: most of them a small model, some a large one, a few one that reasons. */
const models = ["sim-small", "sim-large", "sim-small", "sim-reasoner"] as const;

const teamNames = [
  "atlas",
  "borealis",
  "cassini",
  "dione",
  "europa",
  "fornax",
  "gemini",
  "helios",
] as const;

/** An agent belongs to one team and works with one model; a user may ask any agent. */
export function planCalls(rows: readonly TraceRow[], options: PlanOptions): readonly PlannedCall[] {
  const random = seeded(options.seed);
  return rows.map((row) => {
    const agent = busier(random.next(), options.agents);
    return {
      ...row,
      team: teamName(agent % options.teams),
      agent: `agent-${padded(agent + 1, options.agents)}`,
      user: `user-${padded(random.below(options.users) + 1, options.users)}`,
      model: models[agent % models.length] ?? models[0],
      stream: random.next() < options.streamShare,
    };
  });
}

export function teamsOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => teamName(index));
}

function teamName(index: number): string {
  return teamNames[index] ?? `team-${index + 1}`;
}

/** Some agents are busier than others, as they are in life: the square makes the first ones come up more often. */
function busier(share: number, count: number): number {
  return Math.floor(share * share * count);
}

function padded(value: number, most: number): string {
  return String(value).padStart(String(most).length, "0");
}
