/**
 * Finds from the charges in the journal alone which alerts must have fired, and what they must have
 * paused: an independent model of the rules in `rules.test.ts`.
 */

import assert from "node:assert/strict";
import type { FollowedEntry } from "../../src/app/port/feed.ts";
import type { AlertEntry, BudgetPauseEntry } from "../../src/domain/ledger/entry.ts";

/** Of the rules, and of the budgets that they are about; amounts in pico-USD or tokens. */
export interface Figures {
  readonly hourly: bigint;
  readonly each: bigint;
  readonly all: bigint;
  readonly halfHour: bigint;
  readonly cheap: bigint;
  readonly pace: bigint;
  readonly big: bigint;
  readonly job: bigint;
  readonly fast: bigint;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

interface Charge {
  readonly seq: number;
  readonly heldAt: number;
  readonly at: number;
  readonly cost: bigint;
  readonly tokens: bigint;
  readonly operation: string;
  readonly user: string;
  readonly team: string;
  readonly task: string;
  readonly model: string;
  readonly isUnpriced: boolean;
}

/** Alerts by name: those that must have fired, and those that may have. */
export interface Expected {
  readonly must: ReadonlySet<string>;
  readonly may: ReadonlySet<string>;
}

type Alerted = AlertEntry & { readonly seq: number };

export function alertsIn(journal: readonly FollowedEntry[]): readonly Alerted[] {
  return journal.flatMap(({ seq, entry }) =>
    entry.kind === "rule_fired" ? [{ ...entry, seq }] : [],
  );
}

/** A name that an alert has once: of its rule, its value, and what it fires once per. */
export function nameOf({ alert }: Pick<AlertEntry, "alert">): string {
  const { ruleId, when, value, window, chargedAt } = alert;
  const rolling = when === "spend_over" || when === "unpriced_model";
  const once = when === "threshold" ? window.start : rolling ? chargedAt : "ever";
  return `${ruleId} ${value} ${once}`;
}

/**
 * @param rests Numbers of entries after which all rules had been evaluated. Limits change only
 *   after one of these.
 */
export function expectedAlerts(
  journal: readonly FollowedEntry[],
  { figures, rests }: { readonly figures: Figures; readonly rests: readonly number[] },
): Expected {
  const charges = chargesIn(journal);
  const exact = [
    ...operations(charges, figures),
    ...tasks(charges, figures),
    ...spenders(charges, figures),
    ...unpriced(charges),
  ];
  const thresholds = [
    { rule: "half-hour", of: "hourly", share: figures.halfHour, forecast: false },
    { rule: "cheap", of: "each", share: figures.cheap, forecast: false },
    { rule: "pace", of: "all", share: figures.pace, forecast: true },
  ] as const;
  const found = thresholds.map((threshold) =>
    thresholdAlerts(journal, charges, { ...threshold, limit: figures[threshold.of], rests }),
  );
  return {
    must: new Set([...exact, ...found.flatMap(({ must }) => must)]),
    may: new Set([...exact, ...found.flatMap(({ may }) => may)]),
  };
}

function chargesIn(journal: readonly FollowedEntry[]): readonly Charge[] {
  return journal.flatMap(({ seq, entry, context: { call } }) => {
    if (entry.kind !== "settle") return [];
    assert.ok(call, "a charge has its call");
    const { user = "", team = "", task = "" } = call.attribution;
    const { at, cost, model } = entry;
    const { usd, tokens } = cost;
    const isUnpriced = entry.flags.includes("unpriced");
    const operation = entry.operationId;
    const who = { user, team, task, model, isUnpriced, operation };
    return [{ seq, heldAt: call.at, at, cost: usd, tokens, ...who }];
  });
}

function operations(charges: readonly Charge[], { big }: Figures): readonly string[] {
  return charges.filter(({ cost }) => cost > big).map(({ operation }) => `big ${operation} ever`);
}

function tasks(charges: readonly Charge[], { job }: Figures): readonly string[] {
  return [...Map.groupBy(charges, ({ task }) => task)].flatMap(([task, all]) =>
    all.reduce((sum, { tokens }) => sum + tokens, 0n) > job ? [`job ${task} ever`] : [],
  );
}

function spenders(charges: readonly Charge[], { fast }: Figures): readonly string[] {
  return [...Map.groupBy(charges, ({ user }) => user)].flatMap(([user, all]) => {
    const inWindow = (end: number): bigint =>
      all
        .filter(({ at }) => at >= end - hourMs && at <= end)
        .reduce((sum, { cost }) => sum + cost, 0n);
    const times = [...new Set(all.map(({ at }) => at))].sort((left, right) => left - right);
    return everyWindow(
      times.filter((at) => inWindow(at) > fast),
      hourMs,
    ).map((at) => `fast ${user} ${at}`);
  });
}

function unpriced(charges: readonly Charge[]): readonly string[] {
  const odd = Map.groupBy(
    charges.filter(({ isUnpriced }) => isUnpriced),
    ({ model }) => model,
  );
  return [...odd].flatMap(([model, all]) =>
    everyWindow(
      all.map(({ at }) => at),
      dayMs,
    ).map((at) => `odd p/${model} ${at}`),
  );
}

/** The times at which an alert fires that does not fire again within a time. */
function everyWindow(times: readonly number[], ms: number): readonly number[] {
  const fired: number[] = [];
  for (const at of times) if (at >= (fired.at(-1) ?? Number.NEGATIVE_INFINITY) + ms) fired.push(at);
  return fired;
}

interface Threshold {
  readonly rule: string;
  readonly of: "hourly" | "each" | "all";
  readonly limit: bigint;
  /** Of the limit, in percent. */
  readonly share: bigint;
  readonly forecast: boolean;
  readonly rests: readonly number[];
}

interface Counted {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

function thresholdAlerts(
  journal: readonly FollowedEntry[],
  charges: readonly Charge[],
  { rule, of, limit: amount, share, forecast, rests }: Threshold,
): { readonly must: readonly string[]; readonly may: readonly string[] } {
  const [must, may] = [new Set<string>(), new Set<string>()];
  const spent = new Map<string, bigint>();
  /** By value, the start of the newest window that may have fired. */
  const newest = new Map<string, number>();
  let from = 0;
  for (const rest of [...rests, Number.MAX_SAFE_INTEGER]) {
    const segment = charges.filter(({ seq }) => seq > from && seq <= rest);
    const counters = new Map<string, Counted & { readonly times: number[] }>();
    for (const charge of segment) {
      const counter = counterOf(of, charge);
      if (!counter) continue;
      const name = `${rule} ${counter.value} ${counter.start}`;
      spent.set(name, (spent.get(name) ?? 0n) + charge.cost);
      const kept = counters.get(name) ?? { ...counter, times: [] };
      kept.times.push(charge.at);
      counters.set(name, kept);
    }
    const before = new Map(newest);
    const reached = [...counters].flatMap(([name, counter]) => {
      const limit = amount + grantedTo(journal, { ...counter, of, seq: rest });
      const meets = (at: number): boolean =>
        figureAt(spent.get(name) ?? 0n, { ...counter, at, forecast }) * 100n >= limit * share;
      const mayFire = counter.times.some(meets);
      if (mayFire)
        newest.set(counter.value, Math.max(newest.get(counter.value) ?? 0, counter.start));
      return mayFire ? [{ name, counter, mustFire: meets(counter.times.at(-1) ?? 0) }] : [];
    });
    // A window that is over has no alert once a later one has.
    for (const { name, counter, mustFire } of reached) {
      if ((before.get(counter.value) ?? 0) <= counter.start) may.add(name);
      if (mustFire && newest.get(counter.value) === counter.start) must.add(name);
    }
    from = rest;
  }
  return { must: [...must], may: [...may] };
}

/** A budget counts a call in the window in which it was held. */
function counterOf(of: Threshold["of"], { heldAt, team, user }: Charge): Counted | null {
  const length = of === "hourly" ? hourMs : dayMs;
  const start = Math.floor(heldAt / length) * length;
  const window = { start, end: start + length };
  if (of === "hourly") return team === "t1" ? { value: "hourly", ...window } : null;
  return { value: of === "each" ? user : "all", ...window };
}

function figureAt(
  spent: bigint,
  { start, end, at, forecast }: Omit<Counted, "value"> & { at: number; forecast: boolean },
): bigint {
  if (!forecast || at >= end) return spent;
  const [elapsed, whole] = [BigInt(at - start), BigInt(end - start)];
  return elapsed * 20n < whole ? 0n : (spent * whole) / elapsed;
}

function grantedTo(
  journal: readonly FollowedEntry[],
  { of, value, start, seq: last }: Counted & { readonly of: string; readonly seq: number },
): bigint {
  return journal.reduce((sum, { seq, entry }) => {
    if (entry.kind !== "budget_extension" || seq > last) return sum;
    const { counter, amount } = entry;
    const isSame = counter.budgetId === of && counter.windowStart === start;
    return isSame && (of !== "each" || counter.value === value) ? sum + amount : sum;
  }, 0n);
}

/** What the pausing rules pause. */
const paused: Readonly<Record<string, "hourly" | "each" | "tasks">> = {
  "half-hour": "hourly",
  fast: "each",
  job: "tasks",
};

/** Each alert of a pausing rule is followed by its pause, unless there is one or it is too late. */
export function checkPauses(journal: readonly FollowedEntry[]): void {
  const now = new Set<string>();
  const owed: BudgetPauseEntry[] = [];
  for (const { seq, entry } of journal) {
    const due = owed.pop();
    if (due) assert.deepEqual(entry, due, `the pause of entry ${seq - 1}`);
    else if (entry.kind === "budget_pause")
      assert.doesNotMatch(entry.by, /^rule:/, `entry ${seq} pauses without an alert`);
    if (entry.kind === "budget_pause") now.add(`${entry.budgetId} ${entry.value}`);
    if (entry.kind === "budget_resume")
      for (const one of now) if (isEnded(one, entry)) now.delete(one);
    const budgetId = entry.kind === "rule_fired" ? paused[entry.alert.ruleId] : undefined;
    if (entry.kind !== "rule_fired" || budgetId === undefined) continue;
    const { ruleId, until } = entry.alert;
    const value = budgetId === "hourly" ? null : entry.alert.value;
    const isOver = until !== null && entry.at >= until;
    if (isOver || now.has(`${budgetId} null`) || now.has(`${budgetId} ${value}`)) continue;
    const [by, reason] = [`rule:${ruleId}`, `rule ${ruleId} fired`];
    owed.push({ kind: "budget_pause", at: entry.at, budgetId, value, by, reason });
  }
  assert.deepEqual(owed, []);
}

function isEnded(
  pause: string,
  { budgetId, value }: { readonly budgetId: string; readonly value: string | null },
): boolean {
  return value === null ? pause.startsWith(`${budgetId} `) : pause === `${budgetId} ${value}`;
}

/** The users whose calls the rule `cheap` serves by another model at a time. */
export function cheapUsers(journal: readonly FollowedEntry[], at: number): readonly string[] {
  const until = new Map<string, number>();
  for (const { entry } of journal) {
    if (entry.kind === "rule_fired" && entry.alert.ruleId === "cheap")
      until.set(entry.alert.value, entry.alert.until ?? 0);
    if (entry.kind === "budget_resume" && entry.budgetId === "each")
      for (const user of until.keys())
        if (entry.value === null || entry.value === user) until.delete(user);
  }
  return [...until].flatMap(([user, end]) => (at < end ? [user] : [])).toSorted();
}
