/** The ledger process: receives one `Work` over its channel, times it, and replies with `Done`. */

import { setImmediate } from "node:timers/promises";
import { recover } from "../../src/app/call/recover.ts";
import { Waiting } from "../../src/app/hold/waiting.ts";
import { silentObserver } from "../../src/app/port/parts.test-kit.ts";
import type { Ledger } from "../../src/app/port/ledger.ts";
import { openCatalogue } from "../../src/catalogue/catalogue.ts";
import type { Budget } from "../../src/domain/budget/budget.ts";
import { defineBudget } from "../../src/domain/budget/define.ts";
import type { PriceBook } from "../../src/domain/price/sheet.ts";
import { openLedger } from "../../src/store/sqlite/open.ts";
import { fourLevels } from "../target/purser.ts";
import { firstAt, inventCall } from "./invented-call.ts";
import type { Done, Work } from "./work.ts";

const batch = 1000;
const clock = { now: () => Date.now(), monotonic: () => Math.floor(performance.now()) };

process.on("message", (work: Work) => {
  answer(work).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
});

async function answer(work: Work): Promise<void> {
  process.send?.(await perform(work));
}

async function perform(work: Work): Promise<Done> {
  const book = (await openCatalogue()).book([]);
  if (work.kind === "recover") return recoverLedger(work.directory, book);
  const { ledger, reader } = await openLedger({
    directory: work.directory,
    durability: "full",
    clock,
  });
  await declareBudgets(ledger);
  const begin = performance.now();
  const count = await write(ledger, book, work);
  const seconds = (performance.now() - begin) / 1000;
  if (work.kind !== "leave-open") {
    await reader.close();
    await ledger.close();
  }
  return { seconds, count, memoryBytes: process.memoryUsage.rss() };
}

async function declareBudgets(ledger: Ledger): Promise<void> {
  const known = new Map<string, Budget>();
  for (const input of fourLevels) {
    const budget = defineBudget(input, { parentOf: (id) => known.get(id)?.parentBudgetId });
    known.set(budget.budgetId, budget);
    if (!ledger.budget(budget.budgetId))
      await ledger.commit({ kind: "put_budget", at: firstAt, budget, when: "put" });
  }
}

/** @returns The number of entries written. */
async function write(
  ledger: Ledger,
  book: PriceBook,
  work: Exclude<Work, { kind: "recover" }>,
): Promise<number> {
  if (work.kind === "fill") return fill(ledger, book, work);
  if (work.kind === "hold") return holdAndSettle(ledger, book, work);
  if (work.kind === "record") return record(ledger, book, work);
  for (let number = work.from; number < work.from + work.calls; number++)
    await ledger.decide(inventCall(book, number).hold);
  await ledger.flush();
  return work.calls;
}

async function fill(
  ledger: Ledger,
  book: PriceBook,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number> {
  // Decides the next batch while one is being written.
  let before = Promise.resolve();
  for (let number = from; number < to; number += batch) {
    const decided: Promise<unknown>[] = [];
    for (let place = number; place < Math.min(number + batch, to); place++) {
      const { hold, settle } = inventCall(book, place);
      decided.push(ledger.decide(hold), ledger.decide(settle));
    }
    const written = ledger.flush();
    // The batch is sent on the next turn of the event loop.
    await setImmediate();
    await Promise.all([before, ...decided]);
    before = written;
  }
  await before;
  return (to - from) * 2;
}

async function record(
  ledger: Ledger,
  book: PriceBook,
  { from, calls }: { readonly from: number; readonly calls: number },
): Promise<number> {
  for (let number = from; number < from + calls; number += batch) {
    const rows = Array.from({ length: Math.min(batch, from + calls - number) }, (_, place) => {
      const { hold, settle } = inventCall(book, number + place);
      const { operationId, attribution, route, budgets, at: startedAt } = hold;
      const call = { operationId, attribution, route, budgets, startedAt, at: settle.at };
      const { outcome } = settle;
      return ledger.commit({ kind: "record", ...call, outcome, fingerprint: operationId });
    });
    await Promise.all(rows);
  }
  return calls * 2;
}

async function holdAndSettle(
  ledger: Ledger,
  book: PriceBook,
  {
    from,
    calls,
    atOnce,
  }: { readonly from: number; readonly calls: number; readonly atOnce: number },
): Promise<number> {
  let next = from;
  const one = async (): Promise<void> => {
    while (next < from + calls) {
      const { hold, settle } = inventCall(book, next++);
      await ledger.commit(hold);
      await ledger.decide(settle);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  await ledger.flush();
  return calls * 2;
}

async function recoverLedger(directory: string, book: PriceBook): Promise<Done> {
  const begin = performance.now();
  const { ledger, reader } = await openLedger({ directory, durability: "full", clock });
  const count = await recover(
    { ledger, clock, waiting: new Waiting(), observer: silentObserver },
    book.version,
  );
  const seconds = (performance.now() - begin) / 1000;
  await reader.close();
  await ledger.close();
  return { seconds, count, memoryBytes: process.memoryUsage.rss() };
}
