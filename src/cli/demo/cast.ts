/** The teams, budgets and agents of the demo, and the calls that they make. */

import type { KeyInput, NewKeyJson } from "../../contract/key.ts";
import { ask, type Connection } from "../connection.ts";
import type { PlannedCall } from "../replay/plan.ts";
import type { Random } from "../replay/random.ts";

interface Agent {
  readonly team: string;
  readonly agent: string;
  readonly model: string;
  /** Typical tokens per call. */
  readonly input: number;
  readonly output: number;
  readonly stream: boolean;
}

const agents: readonly Agent[] = [
  { team: "support", agent: "triage", model: "sim-small", input: 900, output: 120, stream: false },
  { team: "support", agent: "answers", model: "sim-small", input: 2400, output: 320, stream: true },
  {
    team: "coding",
    agent: "reviewer",
    model: "sim-large",
    input: 9000,
    output: 500,
    stream: false,
  },
  {
    team: "coding",
    agent: "builder",
    model: "sim-large",
    input: 14_000,
    output: 900,
    stream: true,
  },
  {
    team: "research",
    agent: "reader",
    model: "sim-reasoner",
    input: 6000,
    output: 700,
    stream: false,
  },
  { team: "research", agent: "scout", model: "sim-small", input: 1500, output: 260, stream: true },
];

const users = ["ada", "ben", "chloe", "dev", "emil", "fay"] as const;

/**
 * Two teams have enough; the budget of the third runs out during the demo. One agent and one task
 * have budgets for the scenarios.
 */
const budgets = [
  {
    budget_id: "company",
    budget_type: "platform",
    resource_id: "main",
    amount: "200",
    period: "month",
  },
  {
    budget_id: "support",
    parent_budget_id: "company",
    budget_type: "team",
    resource_id: "support",
    amount: "2",
    period: "day",
  },
  {
    budget_id: "coding",
    parent_budget_id: "company",
    budget_type: "team",
    resource_id: "coding",
    amount: "60",
    period: "day",
  },
  {
    budget_id: "research",
    parent_budget_id: "company",
    budget_type: "team",
    resource_id: "research",
    amount: "0.25",
    period: "day",
  },
  {
    budget_id: "each-user",
    parent_budget_id: "company",
    budget_type: "user",
    resource_id: "*",
    amount: "25",
    period: "day",
  },
  {
    budget_id: "runaway",
    parent_budget_id: "company",
    budget_type: "agent",
    resource_id: "runaway",
    amount: "0.50",
    period: "day",
  },
  {
    budget_id: "one-answer",
    parent_budget_id: "company",
    budget_type: "task",
    resource_id: "one-answer",
    amount: "0.2",
    period: "day",
  },
] as const;

/** Creates the budgets, and a key for each team. @returns The keys by team. */
export async function enter(admin: Connection): Promise<ReadonlyMap<string, string>> {
  for (const body of budgets) await ask(admin, "POST", { path: "/api/v1/budgets", body });
  const keys = new Map<string, string>();
  for (const team of new Set(agents.map((agent) => agent.team))) {
    const body: KeyInput = {
      name: `${team}-agents`,
      role: "caller",
      attribution: { team },
      may_refine: ["agent", "user", "task"],
    };
    keys.set(team, ((await ask(admin, "POST", { path: "/api/v1/keys", body })) as NewKeyJson).key);
  }
  return keys;
}

/** The next random call. */
export function nextCall(random: Random): PlannedCall {
  const agent = agents[random.below(agents.length)] ?? agents[0];
  const spread = (typical: number): number =>
    Math.max(1, Math.round(typical * (0.4 + 1.2 * random.next())));
  return {
    afterMs: 0,
    inputTokens: spread(agent?.input ?? 1),
    outputTokens: spread(agent?.output ?? 1),
    team: agent?.team ?? "support",
    agent: agent?.agent ?? "triage",
    user: users[random.below(users.length)] ?? users[0],
    model: agent?.model ?? "sim-small",
    stream: agent?.stream ?? false,
  };
}
