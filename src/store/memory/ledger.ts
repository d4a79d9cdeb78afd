/** A ledger whose state is on a server that it shares with others. */

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Feed } from "../../app/port/feed.ts";
import type { Ledger, OpenHold } from "../../app/port/ledger.ts";
import type { Budget } from "../../domain/budget/budget.ts";
import { PurserError } from "../../domain/error.ts";
import type { Key } from "../../domain/key/key.ts";
import { balancesOf, needsOfBalances } from "../../domain/ledger/balances.ts";
import type { AnswerOf, Command } from "../../domain/ledger/command.ts";
import type { Balance, Pause } from "../../domain/ledger/counter.ts";
import type { Entry } from "../../domain/ledger/entry.ts";
import { LoadedBooks } from "../../domain/ledger/loaded-books.ts";
import type { Loaded } from "../../domain/ledger/loaded.ts";
import { noNeeds, type Needs } from "../../domain/ledger/needs.ts";
import { countingFor } from "../../domain/ledger/recount.ts";
import { isDefinition, Registry } from "../../domain/ledger/registry.ts";
import type { Replacements } from "../../domain/ledger/replacements.ts";
import type { KeptPrice } from "../../domain/price/text/kept-price.ts";
import type { KeptPriceUpdate } from "../../domain/price/update/price-update.ts";
import { alertKey, type KeptAlert } from "../../domain/rule/alert.ts";
import type { KeptEpoch } from "../../domain/ledger/epoch.ts";
import type { ExportState } from "../../domain/ledger/export-run.ts";
import type { KeptRule } from "../../domain/rule/rule.ts";
import { asOpenHold } from "../open-hold.ts";
import { attempt, type Attempt, type Outcome } from "./attempt.ts";
import { definitions, type Reads } from "./item.ts";
import { type Link, ReplyLost, Unreachable, untilReplied } from "./link.ts";
import { takeBatch, type Waiting } from "./queue.ts";
import type { MemoryServer } from "./server.ts";

/** Wait before asking a server again that could not be reached, in milliseconds. */
const retryMs = 5;

export class MemoryLedger implements Ledger {
  readonly #link: Link<MemoryServer>;
  readonly #client = randomUUID();
  readonly #registry = new Registry();
  readonly #closing = new AbortController();
  readonly #queue: Waiting[] = [];
  /** The last definition in the registry. */
  #definedSeq = 0;
  #work: Promise<void> | null = null;
  #problem: PurserError | null = null;

  constructor(link: Link<MemoryServer>) {
    this.#link = link;
  }

  /** Loads the definitions, and follows those of other clients from then on. */
  async open(feed: Feed): Promise<void> {
    await this.#refresh();
    void this.#followDefinitions(feed);
  }

  commit<C extends Command>(
    command: C,
    progress: (share: number) => void = () => undefined,
  ): Promise<AnswerOf[C["kind"]]> {
    if (command.kind === "put_budget") progress(0);
    return this.#enqueue(command, true);
  }

  decide<C extends Command>(command: C): Promise<AnswerOf[C["kind"]]> {
    return this.#enqueue(command, !isEndOfCall(command));
  }

  async flush(): Promise<void> {
    while (this.#work) {
      if (this.#problem) throw this.#problem;
      await Promise.race([this.#work, pause(retryMs)]);
    }
  }

  budgets(): readonly Budget[] {
    return [...this.#registry.budgets.values()];
  }

  budget(budgetId: string): Budget | undefined {
    return this.#registry.budgets.get(budgetId);
  }

  pauseOf(budgetId: string, value: string | null): Pause | null {
    return this.#registry.controls.pauseOf(budgetId, value);
  }

  pausesOf(budgetId: string): readonly Pause[] {
    return this.#registry.controls.pausesOf(budgetId);
  }

  keys(): readonly Key[] {
    return [...this.#registry.keys.values()];
  }

  keyByHash(hash: string): Key | undefined {
    return this.#registry.keysByHash.get(hash);
  }

  prices(): readonly KeptPrice[] {
    return this.#registry.prices;
  }

  rules(): readonly KeptRule[] {
    return [...this.#registry.rules.values()];
  }

  alerts(): readonly KeptAlert[] {
    return [...this.#registry.alerts.values()];
  }

  alertOf(of: Pick<KeptAlert, "ruleId" | "value">): KeptAlert | undefined {
    return this.#registry.alerts.get(alertKey(of));
  }

  replacements(): Replacements | null {
    return this.#registry.replacements.current;
  }

  epochs(): readonly KeptEpoch[] {
    return [...this.#registry.epochs];
  }

  exportState(schedule: string): ExportState | undefined {
    return this.#registry.exports.get(schedule);
  }

  priceUpdates(): readonly KeptPriceUpdate[] {
    return [...this.#registry.priceUpdates.values()];
  }

  async balances(budgetId: string, at: number, value?: string): Promise<readonly Balance[]> {
    const budget = this.budget(budgetId);
    if (!budget) return [];
    const query = { at, ...(value !== undefined && { value }) };
    const needs = needsOfBalances(budget, query);
    const loaded = await this.#load(needs);
    return balancesOf(new LoadedBooks(this.#registry, { needs, loaded }), budget, query);
  }

  async openHolds(): Promise<readonly OpenHold[]> {
    const { holds } = await this.#load({ ...noNeeds, openHolds: true });
    return holds.map(asOpenHold);
  }

  async holdOf(operationId: string): Promise<OpenHold | undefined> {
    const { operations } = await this.#load({ ...noNeeds, operations: [operationId] });
    const hold = operations[0]?.hold;
    return hold ? asOpenHold(hold) : undefined;
  }

  problem(): PurserError | null {
    return this.#problem;
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    try {
      await this.flush();
    } finally {
      this.#closing.abort();
    }
  }

  #enqueue<C extends Command>(command: C, mayFail: boolean): Promise<AnswerOf[C["kind"]]> {
    if (this.#closing.signal.aborted)
      return Promise.reject(new PurserError("shutting_down", "the ledger is closed"));
    return new Promise((resolve, reject) => {
      const answer = resolve as Waiting["resolve"];
      this.#queue.push({ command, mayFail, resolve: answer, reject });
      this.#work ??= this.#decideAll();
    });
  }

  /** One batch after another: commands that come meanwhile make the next one. */
  async #decideAll(): Promise<void> {
    // The commands of one turn of the event loop share a batch.
    await Promise.resolve();
    while (this.#queue.length > 0 && !this.#closing.signal.aborted) {
      const left = await this.#decideBatch(takeBatch(this.#queue));
      this.#queue.unshift(...left);
      if (left.length > 0) await pause(retryMs);
    }
    this.#work = null;
  }

  /** @returns The commands to decide again, as the server could not be reached. */
  async #decideBatch(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    try {
      const outcomes = await this.#decided(batch.map(({ command }) => command));
      this.#problem = null;
      for (const [place, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[place];
        if (outcome && "answer" in outcome) resolve(outcome.answer);
        else reject(outcome?.error);
      }
      return [];
    } catch (error) {
      if (!(error instanceof Unreachable)) {
        for (const { reject } of batch) reject(error);
        return [];
      }
      this.#problem = unavailable(error);
      for (const { mayFail, reject } of batch) if (mayFail) reject(this.#problem);
      return batch.filter(({ mayFail }) => !mayFail);
    }
  }

  /**
   * Decides until nothing has changed in between.
   *
   * @throws Unreachable, and nothing was committed.
   */
  async #decided(commands: readonly Command[]): Promise<readonly Outcome[]> {
    for (let tries = 0; ; tries += 1) {
      const outcomes = commands.some(definesSomething)
        ? await this.#decideAlone(commands)
        : await this.#decideOnce(commands);
      if (outcomes) return outcomes;
      await this.#refresh();
      // The longer others get ahead of us, the longer we wait, at random.
      await pause(Math.random() * Math.min(tries, 5));
    }
  }

  /** Under the lock: a budget is decided over all open holds, and its past charges are counted. */
  async #decideAlone(commands: readonly Command[]): Promise<readonly Outcome[] | null> {
    if (!(await this.#link.askAgain("lock", this.#client))) return null;
    try {
      await this.#refresh();
      return await this.#decideOnce(await Promise.all(commands.map((one) => this.#counted(one))));
    } finally {
      await this.#untilReached("unlock", this.#client);
    }
  }

  async #counted(command: Command): Promise<Command> {
    if (command.kind !== "put_budget") return command;
    const counting = countingFor(this.#registry, command);
    return { ...command, counted: await this.#link.askAgain("count", counting) };
  }

  /** @returns null if something has changed in between. */
  async #decideOnce(commands: readonly Command[]): Promise<readonly Outcome[] | null> {
    const definedSeq = this.#definedSeq;
    const reads: Reads = new Map([[definitions, definedSeq]]);
    const tried = await untilReplied(() =>
      attempt(this.#link, this.#registry, { commands, reads }),
    );
    // A definition that came meanwhile may need what was not loaded.
    if (!tried || this.#definedSeq !== definedSeq) return null;
    return (await this.#commit(tried)) ? tried.outcomes : null;
  }

  /** @returns Whether the entries are in the journal; true if there are none. */
  async #commit({ outcomes, reads }: Attempt): Promise<boolean> {
    const entries = outcomes.flatMap((outcome) => outcome.entries);
    if (entries.length === 0) return true;
    const request = { id: randomUUID(), client: this.#client, entries, reads };
    const first = await this.#untilKnown(request);
    if (first === null) return false;
    for (const [place, entry] of entries.entries()) this.#define(first + place, entry);
    return true;
  }

  /** Once a reply was lost, the entries may be in the journal, and only the server knows. */
  async #untilKnown(request: Parameters<MemoryServer["commit"]>[0]): Promise<number | null> {
    try {
      return await this.#link.ask("commit", request);
    } catch (error) {
      if (!(error instanceof ReplyLost)) throw error;
      return await this.#untilReached("commit", request);
    }
  }

  #untilReached: Link<MemoryServer>["ask"] = async (method, request) => {
    for (;;) {
      try {
        return await this.#link.askAgain(method, request);
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        await pause(retryMs);
      }
    }
  };

  async #load(needs: Needs): Promise<Loaded> {
    try {
      const found = await this.#link.askAgain("load", { needs, reads: new Map() });
      return found?.loaded ?? nothingLoaded;
    } catch (error) {
      throw error instanceof Unreachable ? unavailable(error) : error;
    }
  }

  async #refresh(): Promise<void> {
    for (const { seq, entry } of await this.#link.askAgain("definitionsAfter", this.#definedSeq))
      this.#define(seq, entry);
  }

  async #followDefinitions(feed: Feed): Promise<void> {
    try {
      for await (const page of feed.follow(this.#definedSeq, this.#closing.signal))
        for (const { seq, entry } of page) this.#define(seq, entry);
    } catch (error) {
      if (!(error instanceof PurserError) || error.code !== "store_unavailable") throw error;
      await pause(retryMs);
      if (!this.#closing.signal.aborted) void this.#followDefinitions(feed);
    }
  }

  /** Definitions come in order, from several requests at a time: known ones are skipped. */
  #define(seq: number, entry: Entry): void {
    if (seq <= this.#definedSeq || !isDefinition(entry)) return;
    this.#registry.apply(entry);
    this.#definedSeq = seq;
  }
}

const nothingLoaded: Loaded = { operations: [], counters: [], keys: [], holds: [] };

function definesSomething(command: Command): boolean {
  return !("operationId" in command) && command.kind !== "expire";
}

function isEndOfCall({ kind }: Command): boolean {
  return kind === "settle" || kind === "release" || kind === "expire";
}

function unavailable(cause: Error): PurserError {
  return new PurserError("store_unavailable", "the server of the ledger cannot be reached", {
    remedy: "Check that it runs.",
    cause,
  });
}
