/**
 * Simulates callers, slow streams, failures, retries, edits, window changes and crashes, in an
 * order decided by a seed.
 */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { before, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { openCatalogue, type Catalogue } from "../../src/catalogue/catalogue.ts";
import type { Attribution } from "../../src/domain/attribution/attribution.ts";
import type { Budget } from "../../src/domain/budget/budget.ts";
import { defineBudget } from "../../src/domain/budget/define.ts";
import { Caller } from "./caller.ts";
import { anonymousOwner, operationOf } from "../../src/domain/ledger/operation.ts";
import { Model, nameOf } from "./model.ts";
import { PurserProcess, type World } from "./process.ts";
import { ScriptedProvider } from "./provider.ts";
import { seeded, type Random } from "./random.ts";

const steps = 160;
/** An evening in New York, before a 25-hour night. */
const evening = Date.parse("2026-10-31T22:40:00Z");
const corpus = Array.from({ length: 14 }, (_, index) => index + 1);
/** Fixed seeds make CI runs reproducible; elsewhere, random seeds explore further. */
const chance = process.env["CI"]
  ? []
  : Array.from({ length: 3 }, (_, index) => (Date.now() + index * 7919) % 1_000_000_000);

const attributions: readonly Attribution[] = [
  { org: "o", team: "t1", project: "p1", user: "u1" },
  { org: "o", team: "t1", project: "p1" },
  { org: "o", team: "t2", project: "p2", user: "u2" },
  { org: "o" },
  { project: "p2" },
];

let catalogue: Catalogue;
before(async () => {
  catalogue = await openCatalogue();
});

for (const seed of [...corpus, ...chance]) {
  test(`the books stay correct whatever happens (seed ${seed})`, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "purser-simulation-"));
    try {
      await new Simulation(seeded(seed), folder).run();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** A call costs some 100 micro-USD: the smaller budgets are used up by a few. */
function budgets(random: Random): readonly Budget[] {
  const amount = (): string => `0.00${String(200 + random.below(2500)).padStart(4, "0")}`;
  const zone = { time_zone: "America/New_York" };
  const thresholds = [0.25, 0.5, 0.75, 1];
  const inputs = [
    {
      budget_id: "all",
      budget_type: "platform",
      resource_id: "main",
      amount: `0.0${10 + random.below(90)}`,
      period: "month",
    },
    {
      budget_id: "hourly",
      parent_budget_id: "all",
      budget_type: "org",
      resource_id: "o",
      amount: amount(),
      period: "hour",
      ...zone,
    },
    {
      budget_id: "daily",
      parent_budget_id: "hourly",
      budget_type: "team",
      resource_id: "*",
      amount: amount(),
      period: "day",
      thresholds,
      ...zone,
    },
    {
      budget_id: "tokens",
      budget_type: "project",
      resource_id: "p1",
      amount: 2000 + random.below(6000),
      currency: "tokens",
      period: "day",
      ...zone,
    },
    {
      budget_id: "requests",
      budget_type: "project",
      resource_id: "p2",
      amount: 5 + random.below(30),
      currency: "requests",
      period: "hour",
    },
    {
      budget_id: "watched",
      budget_type: "user",
      resource_id: "*",
      unattributed: "count",
      amount: "0.00005",
      period: "day",
      policy: "soft",
      thresholds,
      ...zone,
    },
  ];
  return inputs.map((input) =>
    defineBudget(input, {
      parentOf: (id) => (id === "hourly" ? "all" : id === "all" ? null : undefined),
    }),
  );
}

class Simulation {
  readonly #random: Random;
  readonly #folder: string;
  readonly #provider: ScriptedProvider;
  readonly #model: Model;
  readonly #callers: Caller[] = [];
  readonly #world: World;
  #now = evening;
  #purser: PurserProcess | undefined;
  #starts = 0;
  #operations = 0;

  constructor(random: Random, folder: string) {
    this.#random = random;
    this.#folder = folder;
    this.#provider = new ScriptedProvider(random, async (operationId) => {
      const hold = await this.#process.ledger.holdOf(operationOf(operationId, anonymousOwner));
      assert.ok(hold, `${operationId} is held before it is forwarded`);
      this.#model.begin(hold);
      return nameOf(hold);
    });
    this.#model = new Model(this.#provider.bills);
    const onDisconnect = random.oneOf(["drain", "cancel"] as const);
    this.#world = {
      clock: { now: () => this.#now, monotonic: () => this.#now },
      upstream: this.#provider,
      catalogue,
      onDisconnect,
    };
  }

  get #process(): PurserProcess {
    assert.ok(this.#purser);
    return this.#purser;
  }

  async run(): Promise<void> {
    this.#purser = await PurserProcess.start(this.#nextFolder(), this.#world);
    try {
      await this.#runAll();
    } finally {
      await this.#process.bury();
    }
  }

  async #runAll(): Promise<void> {
    for (const budget of budgets(this.#random)) await this.#put(budget);
    for (let step = 0; step < steps; step++) {
      await this.#act();
      await this.#rest();
    }
    await this.#finish();
    const rows = await this.#model.check(this.#process);
    await this.#model.checkAlerts(this.#process, rows);
    await this.#restart();
    assert.deepEqual(await this.#model.check(this.#process), rows, "a restart changes no figure");
  }

  async #act(): Promise<void> {
    const dice = this.#random.below(100);
    if (dice < 24) this.#call(`op-${++this.#operations}`);
    else if (dice < 28) this.#call(`op-${1 + this.#random.below(Math.max(1, this.#operations))}`);
    else if (dice < 80) await this.#serve();
    else if (dice < 85) this.#random.oneOf([...this.#callers, new Caller("unknown")]).leave();
    else if (dice < 92) this.#pass();
    else if (dice < 94) await this.#edit();
    else if (dice < 96) await this.#control();
    else if (dice < 97) await this.#restartWhenIdle();
    else await this.#crash();
  }

  /**
   * Advances the provider by one or more steps. A stream refused meanwhile is cut before its next
   * chunk.
   */
  async #serve(): Promise<void> {
    for (let more = this.#random.below(4); more >= 0; more--) {
      this.#provider.step();
      await turn();
      await this.#model.look(this.#process, this.#now);
    }
  }

  #call(operationId: string): void {
    const caller = new Caller(operationId);
    this.#callers.push(caller);
    this.#process.call({
      attribution: this.#random.oneOf(attributions),
      caller,
      text: "Count the coins. ".repeat(1 + this.#random.below(12)),
      stream: this.#random.below(3) > 0,
      maxTokens: this.#random.oneOf([null, 64, 300]),
      wants: 1 + this.#random.below(400),
    });
  }

  /** Advances the clock by minutes, occasionally by an hour or half a day. */
  #pass(): void {
    this.#now += this.#random.oneOf([1000, 60_000, 420_000, 3_600_000, 43_200_000]);
    this.#process.lookAround();
  }

  async #edit(): Promise<void> {
    const { ledger } = this.#process;
    const old = ledger.budget(this.#random.oneOf(["all", "hourly", "tokens"]));
    assert.ok(old);
    const amount = (old.amount * BigInt(50 + this.#random.below(150))) / 100n;
    await this.#put({ ...old, amount });
    await this.#model.allow(this.#process, old.budgetId, this.#now);
    this.#process.lookAround();
  }

  /** Pauses a budget, resumes or extends it; later edits and calls find it so. */
  async #control(): Promise<void> {
    const { ledger } = this.#process;
    const budgetId = this.#random.oneOf(["all", "hourly", "tokens"]);
    const control = { at: this.#now, budgetId, value: null, by: "admin", reason: null };
    const amount = (ledger.budget(budgetId)?.amount ?? 0n) / BigInt(2 + this.#random.below(8));
    if (ledger.pausesOf(budgetId).length > 0)
      await ledger.commit({ kind: "resume_budget", ...control });
    else if (this.#random.below(2) === 0)
      await ledger.commit({ kind: "extend_budget", ...control, amount });
    else await ledger.commit({ kind: "pause_budget", ...control });
    this.#process.lookAround();
  }

  async #put(budget: Budget): Promise<void> {
    await this.#process.ledger.commit({ kind: "put_budget", at: this.#now, budget, when: "put" });
  }

  async #restartWhenIdle(): Promise<void> {
    if (this.#process.underWay === 0) await this.#restart();
  }

  async #restart(): Promise<void> {
    const { directory } = this.#process;
    await this.#process.bury();
    this.#purser = await PurserProcess.start(directory, this.#world);
  }

  /** Crashes in the middle of current work: everything not yet on disk is lost. */
  async #crash(): Promise<void> {
    for (let more = this.#random.below(4); more > 0; more--) {
      if (this.#random.below(2) === 0) this.#call(`op-${++this.#operations}`);
      else await this.#serve();
    }
    for (let turns = this.#random.below(4); turns > 0; turns--) await turn();
    if (this.#random.below(2) === 0) this.#provider.step();
    const dead = this.#process;
    const looked = this.#model.look(dead, this.#now);
    const folder = dead.kill(this.#nextFolder());
    await looked;
    this.#provider.loseCallers();
    await dead.bury();
    this.#purser = await PurserProcess.start(folder, this.#world);
    await this.#model.allowAfterCrash(this.#process, this.#now);
  }

  /** Runs pending work until it can go no further by itself. */
  async #rest(): Promise<void> {
    await turn();
    await this.#process.ledger.flush();
    await turn();
    await this.#model.look(this.#process, this.#now);
    assert.deepEqual(this.#process.failures, []);
  }

  async #finish(): Promise<void> {
    for (let rounds = 0; this.#process.underWay > 0; rounds++) {
      assert.ok(rounds < 20_000, "every call comes to its end");
      if (this.#provider.busy > 0) this.#provider.step();
      else this.#pass();
      await this.#rest();
    }
  }

  #nextFolder(): string {
    return path.join(this.#folder, String(++this.#starts));
  }
}
