/** One attempt at a batch: load what its commands need, decide, and commit what was decided. */

import type { AnswerOf, Command } from "../../domain/ledger/command.ts";
import { decide } from "../../domain/ledger/decide.ts";
import type { Entry } from "../../domain/ledger/entry.ts";
import { mergeLoaded } from "../../domain/ledger/load.ts";
import { LoadedBooks } from "../../domain/ledger/loaded-books.ts";
import { mergeNeeds, needs, needsOfCalls } from "../../domain/ledger/needs.ts";
import type { Registry } from "../../domain/ledger/registry.ts";
import { itemsOf, type Reads } from "./item.ts";
import type { Link } from "./link.ts";
import type { MemoryServer } from "./server.ts";

/** What one command came to. */
export type Outcome =
  | { readonly answer: AnswerOf[Command["kind"]]; readonly entries: readonly Entry[] }
  | { readonly error: unknown; readonly entries: readonly [] };

/** The outcome of each command, and everything that they depend on. */
export interface Attempt {
  readonly outcomes: readonly Outcome[];
  readonly reads: Reads;
}

/** @returns null if the state changed between the two loads. */
export async function attempt(
  link: Link<MemoryServer>,
  registry: Registry,
  { commands, reads }: { readonly commands: readonly Command[]; readonly reads: Reads },
): Promise<Attempt | null> {
  const first = mergeNeeds(commands.map((command) => needs(command, registry)));
  const known = await link.ask("load", { needs: first, reads });
  if (!known) return null;
  const readsThen = withItems(reads, known);
  const { loaded } = known;
  const second = mergeNeeds(commands.map((command) => needsOfCalls(command, registry, loaded)));
  const found = await link.ask("load", { needs: second, reads: readsThen });
  if (!found) return null;
  const books = new LoadedBooks(registry, {
    needs: mergeNeeds([first, second]),
    loaded: mergeLoaded(loaded, found.loaded),
  });
  const outcomes = commands.map((command) => run(books, command));
  return { outcomes, reads: withItems(readsThen, found) };
}

/** Decides one command, for the next ones to see. */
function run(books: LoadedBooks, command: Command): Outcome {
  try {
    const decided = decide(books, command);
    for (const entry of decided.entries) books.apply(entry);
    return decided;
  } catch (error) {
    return { error, entries: [] };
  }
}

function withItems(
  reads: Reads,
  { seq, loaded }: { readonly seq: number; readonly loaded: Parameters<typeof itemsOf>[0] },
): Reads {
  const all = new Map(reads);
  for (const item of itemsOf(loaded)) if (!all.has(item)) all.set(item, seq);
  return all;
}
