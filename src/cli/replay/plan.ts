/** Assigns the calls of a trace to teams, agents and users, from a seed. */

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

/** Most agents use a small model, some a large one, and some a reasoning model. */
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

/** An agent belongs to one team and uses one model; a user may use any agent. */
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

/** Squaring the share makes the first agents busier than the others. */
function busier(share: number, count: number): number {
  return Math.floor(share * share * count);
}

function padded(value: number, most: number): string {
  return String(value).padStart(String(most).length, "0");
}
