/** Refreshes the price book from a published list: checks, applies, reverts, and lists updates. */

import { randomUUID } from "node:crypto";
import { PurserError } from "../../domain/error.ts";
import { withoutUserInfo } from "../../domain/input/user-info.ts";
import type { BookedModel, BookInForce } from "../../domain/price/update/list-change.ts";
import type { DoubtKind } from "../../domain/price/update/list-doubt.ts";
import {
  beginningAt,
  rowOfText,
  stateOf,
  type KeptPriceUpdate,
  type PriceUpdate,
} from "../../domain/price/update/price-update.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { Observer } from "../port/observer.ts";
import type { PriceLists, ReadList } from "../port/price-lists.ts";
import type { LedgerReader } from "../port/reader.ts";
import { compareWithBook, type ListDifferences } from "./compare-list.ts";
import type { CurrentPrices } from "./current-prices.ts";
import { nextMoment } from "./next-moment.ts";
import { effectOnSpend, type SpendEffect } from "./spend-effect.ts";

export interface UpdateContext {
  readonly ledger: Ledger;
  readonly reader: Pick<LedgerReader, "totals">;
  readonly clock: Clock;
  readonly lists: PriceLists;
  readonly prices: CurrentPrices;
  /** Every model with a price from the catalogue or an update. */
  readonly models: () => readonly BookedModel[];
  readonly firstHand?: BookInForce["firstHand"];
  readonly reportsBilledCost: (provider: string) => boolean;
  readonly observer: Pick<Observer, "pricesChecked">;
}

/** The text of a list, or where to download it. */
export type ListOrigin =
  | { readonly text: string; readonly name: string }
  | { readonly from: string };

export interface UpdateRequest {
  readonly origin: ListOrigin;
  /** Kinds of doubt to accept. */
  readonly accept: readonly DoubtKind[];
}

/**
 * - `checked` nothing was stored, as asked
 * - `applied` the prices were stored
 * - `unchanged` the list agrees with the book, which is recorded
 * - `refused` a doubt that was not accepted: nothing was stored
 */
export type UpdateState = "checked" | "applied" | "unchanged" | "refused";

export interface UpdateReport extends Omit<ListDifferences, "texts"> {
  readonly state: UpdateState;
  /** Null if nothing was stored. */
  readonly updateId: string | null;
  readonly source: string;
  readonly version: string;
  readonly sha256: string;
  readonly from: string;
  /** Kinds of doubt that are not accepted. */
  readonly refused: readonly DoubtKind[];
  readonly effect: SpendEffect;
  /** Few of the book's models are in the list: the age of the prices does not begin again. */
  readonly partial: boolean;
}

/** The last update by the schedule. */
export interface ScheduledRun {
  readonly at: number;
  readonly result: UpdateState | "failed";
  readonly message: string;
}

/** Each may need some hundred megabytes. */
const mostChecks = 2;

export class PriceUpdates {
  readonly #context: UpdateContext;
  #lastRun: ScheduledRun | null = null;
  #isApplying = false;
  #checks = 0;

  constructor(context: UpdateContext) {
    this.#context = context;
  }

  get lastRun(): ScheduledRun | null {
    return this.#lastRun;
  }

  /**
   * When the prices were last taken from a list, or found to agree with one: milliseconds since the
   * epoch. Null if the catalogue is as it was built. A partial list leaves most prices as old as
   * they were.
   */
  get updatedAt(): number | null {
    return this.history().findLast((one) => one.revertedAt === null && !one.partial)?.at ?? null;
  }

  /** When the last update was stored, also if it was reverted later. Null before the first. */
  get storedAt(): number | null {
    return this.history().at(-1)?.at ?? null;
  }

  /**
   * Compares, and changes nothing.
   *
   * @throws PurserError `too_many` while others compare: a list takes a thread, and its memory.
   */
  async check(request: UpdateRequest): Promise<UpdateReport> {
    if (this.#checks >= mostChecks)
      throw new PurserError("too_many", `${mostChecks} lists are being checked`, {
        field: fieldOf(request.origin),
        remedy: "Repeat the check when one of those is done.",
      });
    this.#checks += 1;
    try {
      const found = await this.#compare(request);
      const effect = await this.#effect(found);
      return reportOf(found, { state: "checked", updateId: null, effect });
    } finally {
      this.#checks -= 1;
    }
  }

  /**
   * Stores the prices that differ, in one entry: all of them or, if there is a doubt, none. They
   * apply to calls that begin from now on; those that began before keep their price.
   *
   * @throws PurserError `conflict`, at once, while another update is applied, or if a revert came
   *   between; otherwise as {@link PriceLists}.
   */
  async apply(request: UpdateRequest): Promise<UpdateReport> {
    return this.#alone(request, async () => this.#applyFound(await this.#compare(request)));
  }

  /** Runs one update at a time. */
  async #alone<T>({ origin }: UpdateRequest, work: () => Promise<T>): Promise<T> {
    if (this.#isApplying)
      throw new PurserError("conflict", "another update of the prices is being applied", {
        field: fieldOf(origin),
        remedy: "Repeat the update when that one is done.",
      });
    this.#isApplying = true;
    try {
      return await work();
    } finally {
      this.#isApplying = false;
    }
  }

  async #applyFound(found: ListFound): Promise<UpdateReport> {
    const { list, differences, after, from, refused } = found;
    const effect = await this.#effect(found);
    if (refused.length > 0) return reportOf(found, { state: "refused", updateId: null, effect });
    const { source, version, sha256 } = list;
    const updateId = newId();
    const rows = differences.texts;
    const partial = isPartial(differences) && { partial: true as const };
    await this.#store({ updateId, source, version, sha256, from, rows, ...partial }, after);
    const state = rows.length > 0 ? "applied" : "unchanged";
    return reportOf(found, { state, updateId, effect });
  }

  /**
   * Applies an update of the schedule, unless somebody has reverted it: a list that was taken back
   * is applied again by hand only. Never throws: the result is observed, and kept.
   */
  async run(request: UpdateRequest): Promise<ScheduledRun> {
    const at = this.#context.clock.now();
    const run = await this.#alone(request, () => this.#runAlone(request)).then(
      (result) => ({ at, ...result }),
      (error: unknown) => ({ at, result: "failed" as const, message: messageOf(error) }),
    );
    this.#context.observer.pricesChecked(run);
    return (this.#lastRun = run);
  }

  async #runAlone(request: UpdateRequest): Promise<Omit<ScheduledRun, "at">> {
    const found = await this.#compare(request);
    const same = this.history().findLast(({ sha256 }) => sha256 === found.list.sha256);
    if (same && same.revertedAt !== null)
      return { result: "refused", message: revertedText(found, same) };
    const report = await this.#applyFound(found);
    return { result: report.state, message: sentenceOf(report) };
  }

  /**
   * Ends the prices of an update. Earlier updates, or else the catalogue, apply again; calls that
   * began before keep their price.
   *
   * @throws PurserError `not_found`.
   */
  async revert(updateId: string): Promise<{ update: KeptPriceUpdate; repeated: boolean }> {
    const { ledger, prices } = this.#context;
    const command = { kind: "revert_prices", at: nextMoment(this.#context), updateId } as const;
    const reverted = ledger.commit(command);
    prices.reload();
    try {
      return await reverted;
    } finally {
      prices.reload();
    }
  }

  /** The oldest first. */
  history(): readonly KeptPriceUpdate[] {
    return this.#context.ledger.priceUpdates();
  }

  async #compare({ origin, accept }: UpdateRequest): Promise<ListFound> {
    const { clock, firstHand, ledger, lists, models, prices } = this.#context;
    const [text, from] =
      "text" in origin
        ? [origin.text, withoutUserInfo(origin.name)]
        : [await lists.download(origin.from), origin.from];
    const list = await lists.read(text, clock.now()).catch((error: unknown) => {
      throw withField(error, fieldOf(origin));
    });
    const after = stateOf(ledger.priceUpdates());
    const at = nextMoment(this.#context);
    const differences = await compareWithBook(list, {
      book: prices.listed(),
      models: models(),
      ...(firstHand && { firstHand }),
      at,
    });
    const kinds = new Set(differences.doubts.map(({ kind }) => kind));
    const refused = [...kinds].filter((kind) => !accept.includes(kind));
    return { list, differences, after, from, refused, at };
  }

  /**
   * The ledger decides at once, so the new book and the entry are valid from the same moment: no
   * call is held at one price and settled at the other.
   */
  async #store(update: PriceUpdate, after: string | null): Promise<void> {
    const { ledger, prices } = this.#context;
    const at = nextMoment(this.#context);
    const rows = update.rows.flatMap((row) => beginningAt(row, at));
    const stored = ledger.commit({
      kind: "update_prices",
      at,
      update: { ...update, rows },
      after,
    });
    prices.reload();
    try {
      await stored;
    } finally {
      prices.reload();
    }
  }

  /** At the moment of the comparison: the new rows are valid from then on. */
  #effect({ list, differences: { texts }, at }: ListFound): Promise<SpendEffect> {
    const { prices, reader, reportsBilledCost } = this.#context;
    const after = prices.with(texts.map((text) => rowOfText(text, list)));
    return effectOnSpend({ reader, before: prices.book, after, reportsBilledCost, at });
  }
}

/** A list that was read, and how it differs from the book. */
interface ListFound {
  readonly list: ReadList;
  readonly differences: ListDifferences;
  /** The state of the updates that it was compared with. */
  readonly after: string | null;
  readonly from: string;
  /** Kinds of doubt that are not accepted. */
  readonly refused: readonly DoubtKind[];
  /** From when on its prices are valid. */
  readonly at: number;
}

function reportOf(
  { list: { source, version, sha256 }, differences, from, refused }: ListFound,
  outcome: Pick<UpdateReport, "state" | "updateId" | "effect">,
): UpdateReport {
  const { texts: _, ...kept } = differences;
  const partial = isPartial(differences);
  return { ...outcome, source, version, sha256, from, ...kept, refused, partial };
}

/** Published lists have many hundreds of models. */
const leastModels = 100;

function isPartial({ changes, unchanged, doubts }: ListDifferences): boolean {
  const lacks = doubts.some(({ kind }) => kind === "vanished" || kind === "empty");
  return lacks || changes.length + unchanged < leastModels;
}

function fieldOf(origin: ListOrigin): "text" | "from" {
  return "text" in origin ? "text" : "from";
}

/** The reader of a list does not know which field it came from. */
function withField(error: unknown, field: string): unknown {
  if (!(error instanceof PurserError)) return error;
  return new PurserError(error.code, error.message, { ...error.detail, field, cause: error });
}

function newId(): string {
  return `upd_${randomUUID().replaceAll("-", "").slice(0, 12)}`;
}

function sentenceOf(report: UpdateReport): string {
  const { state, source, version, changes, unchanged, refused, doubts } = report;
  const list = `${source} ${version}`;
  if (state === "refused") {
    const [first] = doubts.filter(({ kind }) => refused.includes(kind));
    const example = [first?.provider, first?.model].filter((name) => name).join("/");
    const parts = [`${list} was refused for ${refused.join(", ")}`, example, first?.detail ?? ""];
    return parts.filter((part) => part !== "").join(": ");
  }
  if (state === "applied")
    return `${list}: the prices of ${changes.length} ${changes.length === 1 ? "model" : "models"} changed`;
  return unchanged > 0
    ? `${list} agrees with the prices in force`
    : `${list} has no price that can be used: every model keeps its price`;
}

function revertedText(
  { list: { source, version } }: ListFound,
  { updateId, revertedAt }: KeptPriceUpdate,
): string {
  const since = new Date(revertedAt ?? 0).toISOString();
  return `${source} ${version} was reverted at ${since} (${updateId}): apply it by hand if its prices are right after all`;
}

function messageOf(error: unknown): string {
  if (!(error instanceof PurserError)) return String(error);
  return error.message;
}
