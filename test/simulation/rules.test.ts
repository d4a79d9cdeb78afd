/**
 * Simulates rules with actions while calls are charged, budgets are controlled, and the process is
 * killed at random, in an order decided by a seed: each alert once, none missing, each delivered.
 */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { defineBudget } from "../../src/domain/budget/define.ts";
import { aHold, anOutcome } from "../../src/domain/ledger/desk.test-kit.ts";
import type { CallId } from "../../src/domain/ledger/entry.ts";
import type { Rule } from "../../src/domain/rule/rule.ts";
import { seeded, type Random } from "./random.ts";
import {
  alertsIn,
  cheapUsers,
  checkPauses,
  expectedAlerts,
  nameOf,
  type Figures,
} from "./rule-model.ts";
import { Receiver, RuleProcess, type RuleWorld } from "./rule-process.ts";

const steps = 100;
const begin = Date.parse("2026-10-31T22:10:00Z");
const corpus = Array.from({ length: 4 }, (_, index) => index + 1);
/** Fixed seeds make CI runs reproducible; elsewhere, random seeds explore further. */
const chance = process.env["CI"]
  ? []
  : Array.from({ length: 1 }, (_, index) => (Date.now() + index * 7919) % 1_000_000_000);

for (const seed of [...corpus, ...chance]) {
  test(`each alert fires once and is delivered, whatever happens (seed ${seed})`, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "purser-rules-"));
    try {
      await new RuleSimulation(seeded(seed), folder).run();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

const figures: Figures = {
  hourly: 400n,
  each: 1300n,
  all: 4500n,
  halfHour: 50n,
  cheap: 60n,
  pace: 80n,
  big: 250n,
  job: 900n,
  fast: 600n,
};

const users = ["u1", "u2", "u3"] as const;
const teams = ["t1", "t2"] as const;
const taskNames = ["a", "b", "c", "d", "e"] as const;

const budgets = [
  { budget_id: "all", budget_type: "platform", resource_id: "main", period: "day" },
  { budget_id: "hourly", budget_type: "team", resource_id: "t1", period: "hour" },
  { budget_id: "each", budget_type: "user", resource_id: "*", period: "day" },
  { budget_id: "tasks", budget_type: "task", resource_id: "*", period: "year" },
].map((input) =>
  defineBudget({ amount: "1", policy: "soft", ...input }, { parentOf: () => undefined }),
);

const plain = { notify: null, escalate: null, action: null } as const;

function threshold(budgetId: string, percent: bigint, of: "actual" | "forecast" = "actual") {
  return { when: "threshold", budgetId, partsPerMillion: Number(percent) * 10_000, of } as const;
}

const rules: readonly Rule[] = [
  {
    ...plain,
    ruleId: "half-hour",
    condition: threshold("hourly", figures.halfHour),
    action: { kind: "pause", budgetId: "hourly" },
  },
  {
    ...plain,
    ruleId: "cheap",
    condition: threshold("each", figures.cheap),
    action: { kind: "model", models: { "p/m": "p/small" } },
  },
  { ...plain, ruleId: "pace", condition: threshold("all", figures.pace, "forecast") },
  {
    ...plain,
    ruleId: "big",
    condition: { when: "operation_over", amount: figures.big, currency: "USD" },
  },
  {
    ...plain,
    ruleId: "job",
    condition: { when: "task_over", amount: figures.job, currency: "tokens" },
    action: { kind: "pause", budgetId: "tasks" },
  },
  {
    ...plain,
    ruleId: "fast",
    condition: {
      when: "spend_over",
      amount: figures.fast,
      currency: "USD",
      windowMs: 3_600_000,
      by: "user",
    },
    action: { kind: "pause", budgetId: "each" },
  },
  { ...plain, ruleId: "odd", condition: { when: "unpriced_model" } },
];

const kinds = [
  "extend_budget",
  "pause_budget",
  "resume_budget",
  "resume_budget",
  "resume_budget",
] as const;

interface OpenCall {
  readonly call: CallId;
  readonly most: number;
}

class RuleSimulation {
  readonly #random: Random;
  readonly #folder: string;
  readonly #world: RuleWorld;
  readonly #rests: number[] = [];
  #open: OpenCall[] = [];
  #now = begin;
  #purser: RuleProcess | undefined;
  #starts = 0;
  #operations = 0;

  constructor(random: Random, folder: string) {
    this.#random = random;
    this.#folder = folder;
    const clock = { now: () => this.#now, monotonic: () => this.#now };
    // Its own sequence: how often it is asked depends on timing.
    this.#world = { clock, receiver: new Receiver(seeded(random.below(1_000_000))) };
  }

  get #process(): RuleProcess {
    assert.ok(this.#purser);
    return this.#purser;
  }

  async run(): Promise<void> {
    this.#purser = await RuleProcess.open(this.#nextFolder(), this.#world);
    try {
      await this.#define();
      await this.#process.start();
      for (let step = 0; step < steps; step++) await this.#act();
      await this.#check();
    } finally {
      await this.#process.close();
    }
  }

  async #define(): Promise<void> {
    const { ledger } = this.#process;
    const amounts = new Map<string, bigint>(Object.entries(figures));
    for (const one of budgets) {
      const budget = { ...one, amount: amounts.get(one.budgetId) ?? 1_000_000n };
      await ledger.commit({ kind: "put_budget", at: this.#now, budget, when: "put" });
    }
    for (const rule of rules)
      await ledger.commit({ kind: "put_rule", at: this.#now, rule, deleted: false });
  }

  async #act(): Promise<void> {
    const dice = this.#random.below(100);
    if (dice < 35) await this.#hold();
    else if (dice < 65) await this.#settle();
    else if (dice < 76) this.#now += this.#random.oneOf([1, 1000, 60_000, 900_000, 4_000_000]);
    else if (dice < 88) await this.#control();
    else if (dice < 92) await this.#rest();
    else await this.#crash();
  }

  async #hold(): Promise<void> {
    for (let more = this.#random.below(4); more >= 0; more--) await this.#holdOne();
  }

  async #holdOne(): Promise<void> {
    const { ledger } = this.#process;
    const [user, team] = [this.#random.oneOf(users), this.#random.oneOf(teams)];
    const task = this.#random.oneOf(taskNames);
    const most = 20 + this.#random.below(400);
    const isPaused =
      (team === "t1" && ledger.pausesOf("hourly").length > 0) ||
      ledger.pausesOf("all").length > 0 ||
      ledger.pausesOf("each").some(({ value }) => value === null || value === user) ||
      ledger.pausesOf("tasks").some(({ value }) => value === task);
    const command = aHold(`op-${++this.#operations}`, BigInt(most), {
      at: this.#now,
      attribution: { user, team, task },
    });
    const answer = await ledger.commit(command);
    assert.ok(!(isPaused && answer.admitted), "a paused budget refuses");
    if (answer.admitted) this.#open.push({ call: answer.call, most });
  }

  async #settle(): Promise<void> {
    for (let more = this.#random.below(4); more >= 0; more--) await this.#settleOne();
  }

  /** Ends a call, possibly in another window than the one in which it was held. */
  async #settleOne(): Promise<void> {
    const place = this.#random.below(this.#open.length);
    const [one] = this.#open.splice(place, 1);
    if (!one) return;
    const amount = Math.ceil(one.most / (1 + this.#random.below(3)));
    const isOdd = this.#random.below(8) === 0;
    const outcome = anOutcome(BigInt(amount), {
      usage: { input: amount },
      ...(isOdd && { flags: ["unpriced"], model: this.#random.oneOf(["x", "y"]) }),
    });
    const settling = { at: this.#now, ...one.call, outcome, fingerprint: null };
    await this.#process.ledger.commit({ kind: "settle", ...settling });
  }

  /** Limits change only when the rules have been evaluated for all charges. */
  async #control(): Promise<void> {
    await this.#rest();
    const { ledger } = this.#process;
    const budgetId = this.#random.oneOf(["hourly", "each", "tasks", "all"]);
    const isEach = budgetId === "each" || budgetId === "tasks";
    const value = isEach ? this.#random.oneOf(budgetId === "each" ? users : taskNames) : null;
    const whole = isEach && this.#random.below(3) === 0 ? null : value;
    const common = { at: this.#now, budgetId, by: "admin", reason: null };
    const kind = this.#random.oneOf(kinds);
    if (kind === "extend_budget") {
      const amount = BigInt(100 + this.#random.below(900));
      await ledger.commit({ kind, ...common, value, amount });
    } else if (kind === "resume_budget") await ledger.commit({ kind, ...common, value: null });
    else await ledger.commit({ kind, ...common, value: budgetId === "tasks" ? value : whole });
  }

  async #rest(): Promise<void> {
    this.#rests.push(await this.#process.rest());
    assert.deepEqual(this.#process.problems, []);
  }

  /** Kills in the middle of the evaluation of what was charged last. */
  async #crash(): Promise<void> {
    for (let more = this.#random.below(4); more > 0; more--) {
      await this.#hold();
      this.#now += this.#random.oneOf([0, 1000, 900_000, 4_000_000]);
      await this.#settle();
    }
    if (this.#random.below(2) === 0) await sleep(this.#random.below(5));
    for (let turns = this.#random.below(6); turns > 0; turns--) await turn();
    const dead = this.#process;
    const folder = dead.kill(this.#nextFolder());
    await dead.close();
    // It may be down for hours.
    if (this.#random.below(3) === 0) this.#now += this.#random.oneOf([60_000, 5_000_000]);
    this.#purser = await RuleProcess.open(folder, this.#world);
    await this.#process.start();
    // What was charged before is found before anything else happens, or together with it.
    if (this.#random.below(2) === 0) await this.#rest();
  }

  async #check(): Promise<void> {
    while (this.#open.length > 0) await this.#settleOne();
    await this.#process.delivered();
    const journal = await this.#process.journal();
    const alerts = alertsIn(journal);
    const names = alerts.map(nameOf);
    assert.equal(new Set(names).size, names.length, `an alert fires once: ${names.join(", ")}`);
    const { must, may } = expectedAlerts(journal, { figures, rests: this.#rests });
    assert.deepEqual([...must.difference(new Set(names))], [], "no alert is missing");
    assert.deepEqual([...new Set(names).difference(may)], [], "no alert is without a reason");
    checkPauses(journal);
    this.#checkModels(cheapUsers(journal, this.#now));
    this.#checkDelivered(alerts);
  }

  #checkModels(expected: readonly string[]): void {
    const route = { provider: "p", model: "m" };
    const cheap = users.filter((user) =>
      this.#process.ledger
        .replacements()
        ?.of({ attribution: { user }, route, budgets: [] }, this.#now),
    );
    assert.deepEqual(cheap, expected, "the users that are served by a cheaper model");
  }

  /** At least once each, and always the same under the same id. */
  #checkDelivered(alerts: ReturnType<typeof alertsIn>): void {
    const { received } = this.#world.receiver;
    const byId = Map.groupBy(received, ({ id }) => id);
    for (const [id, same] of byId)
      assert.equal(new Set(same.map((event) => JSON.stringify(event))).size, 1, `event ${id}`);
    const told = [...byId.values()].map(([event]) => {
      assert.ok(event);
      return `${event.id} ${event.subject} ${String(event.data["value"])}`;
    });
    const fired = alerts.map(({ seq, alert }) => `${seq} ${alert.ruleId} ${alert.value}`);
    assert.deepEqual(told.toSorted(), fired.toSorted());
  }

  #nextFolder(): string {
    return path.join(this.#folder, String(++this.#starts));
  }
}
