/** Refreshes the price book from a published list: checks, applies, reverts, and lists updates. */

import { randomUUID } from "node:crypto";
import { PurserError } from "../../domain/error.ts";
import { withoutUserInfo } from "../../domain/input/user-info.ts";
import type {
  BookedModel,
  BookInForce,
  StatedList,
} from "../../domain/price/update/list-change.ts";
import type { DoubtKind } from "../../domain/price/update/list-doubt.ts";
import {
  beginningAt,
  lastChangeOf,
  rowOfText,
  stateOf,
  type KeptPriceUpdate,
  type PriceUpdate,
} from "../../domain/price/update/price-update.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { Observer } from "../port/observer.ts";
import type { PriceLists } from "../port/price-lists.ts";
import type { LedgerReader } from "../port/reader.ts";
import { compareList, type Compared } from "./compare-list.ts";
import type { CurrentPrices } from "./current-prices.ts";
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

export interface UpdateReport extends Omit<Compared, "texts"> {
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
}

/** The last update by the schedule. */
export interface ScheduledRun {
  readonly at: number;
  readonly result: UpdateState | "failed";
  readonly message: string;
}

export class PriceUpdates {
  readonly #context: UpdateContext;
  #lastRun: ScheduledRun | null = null;
  #isApplying = false;

  constructor(context: UpdateContext) {
    this.#context = context;
  }

  get lastRun(): ScheduledRun | null {
    return this.#lastRun;
  }

  /**
   * When the prices were last taken from a list, or found to agree with one: milliseconds since the
   * epoch. Null if the catalogue is as it was built.
   */
  get updatedAt(): number | null {
    return this.history().findLast(({ revertedAt }) => revertedAt === null)?.at ?? null;
  }

  /** Compares, and changes nothing. */
  async check(request: UpdateRequest): Promise<UpdateReport> {
    const { list, compared, ...about } = await this.#compare(request);
    return this.#report({ list, compared, about, state: "checked", updateId: null });
  }

  /**
   * Stores the prices that differ, in one entry: all of them or, if there is a doubt, none. They
   * apply to calls that begin from now on; those that began before keep their price.
   *
   * @throws PurserError `conflict`, at once, while another update is applied, or if a revert came
   *   between; otherwise as {@link PriceLists}.
   */
  async apply(request: UpdateRequest): Promise<UpdateReport> {
    if (this.#isApplying)
      throw new PurserError("conflict", "another update of the prices is being applied", {
        field: "text" in request.origin ? "text" : "from",
        remedy: "Repeat the update when that one is done.",
      });
    this.#isApplying = true;
    try {
      return await this.#apply(request);
    } finally {
      this.#isApplying = false;
    }
  }

  async #apply(request: UpdateRequest): Promise<UpdateReport> {
    const { list, compared, after, ...about } = await this.#compare(request);
    const effect = await this.#effect(list, compared);
    const report = { list, compared, about, effect };
    if (about.refused.length > 0)
      return this.#report({ ...report, state: "refused", updateId: null });
    const { source, version } = list;
    const { sha256, from } = about;
    const updateId = newId();
    await this.#store({ updateId, source, version, sha256, from, rows: compared.texts }, after);
    const state = compared.texts.length > 0 ? "applied" : "unchanged";
    return this.#report({ ...report, state, updateId });
  }

  /** Applies an update of the schedule. Never throws: the result is observed, and kept. */
  async run(request: UpdateRequest): Promise<ScheduledRun> {
    const at = this.#context.clock.now();
    const run = await this.apply(request).then(
      (report) => ({ at, result: report.state, message: sentenceOf(report) }),
      (error: unknown) => ({ at, result: "failed" as const, message: messageOf(error) }),
    );
    this.#context.observer.pricesChecked(run);
    return (this.#lastRun = run);
  }

  /**
   * Ends the prices of an update. Earlier updates, or else the catalogue, apply again; calls that
   * began before keep their price.
   *
   * @throws PurserError `not_found`.
   */
  async revert(updateId: string): Promise<{ update: KeptPriceUpdate; repeated: boolean }> {
    const { ledger, prices } = this.#context;
    const command = { kind: "revert_prices", at: this.#nextMoment(), updateId } as const;
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

  async #compare({ origin, accept }: UpdateRequest) {
    const { clock, firstHand, ledger, lists, models, prices } = this.#context;
    const [text, from, field] =
      "text" in origin
        ? [origin.text, withoutUserInfo(origin.name), "text"]
        : [await lists.download(origin.from), origin.from, "from"];
    const list = await lists.read(text, clock.now()).catch((error: unknown) => {
      throw withField(error, field);
    });
    const after = stateOf(ledger.priceUpdates());
    const at = this.#nextMoment();
    const compared = await compareList(list, {
      book: prices.listed(),
      models: models(),
      ...(firstHand && { firstHand }),
      at,
    });
    const kinds = new Set(compared.doubts.map(({ kind }) => kind));
    return {
      list,
      compared,
      after,
      from,
      sha256: list.sha256,
      refused: [...kinds].filter((kind) => !accept.includes(kind)),
    };
  }

  /**
   * The ledger decides at once, so the new book and the entry are valid from the same moment: no
   * call is held at one price and settled at the other.
   */
  async #store(update: PriceUpdate, after: string | null): Promise<void> {
    const { ledger, prices } = this.#context;
    const at = this.#nextMoment();
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

  /**
   * Not this millisecond: calls may have begun in it. Never before an earlier change, even if the
   * clock was set back: prices of the past stay as they were.
   */
  #nextMoment(): number {
    const { clock, ledger } = this.#context;
    return Math.max(clock.now(), lastChangeOf(ledger.priceUpdates())) + 1;
  }

  #effect(list: StatedList, { texts }: Compared): Promise<SpendEffect> {
    const { clock, prices, reader, reportsBilledCost } = this.#context;
    const at = clock.now();
    const after = prices.with(texts.map((text) => rowOfText(text, list)));
    return effectOnSpend({ reader, before: prices.book, after, reportsBilledCost, at });
  }

  async #report({
    list,
    compared,
    about,
    effect,
    ...result
  }: {
    readonly list: StatedList;
    readonly compared: Compared;
    readonly about: { sha256: string; from: string; refused: readonly DoubtKind[] };
    readonly state: UpdateState;
    readonly updateId: string | null;
    readonly effect?: SpendEffect;
  }): Promise<UpdateReport> {
    const { texts: _, ...kept } = compared;
    const { sha256, from, refused } = about;
    return {
      ...result,
      source: list.source,
      version: list.version,
      sha256,
      from,
      ...kept,
      refused,
      effect: effect ?? (await this.#effect(list, compared)),
    };
  }
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

function messageOf(error: unknown): string {
  if (!(error instanceof PurserError)) return String(error);
  return error.message;
}
