/**
 * Logs to standard error: JSON, or text at a terminal. Keys, prompts and answers are never logged.
 */

import { pino, type LevelWithSilent } from "pino";
import { Memo } from "../domain/memo.ts";
import { logText } from "./log-text.ts";
import type { Observer } from "../app/port/observer.ts";
import type { RefusalReason } from "../domain/ledger/command.ts";

export interface Log {
  warn(message: string): void;
  error(message: string, error: unknown): void;
  /** Wraps an observer to also log events of interest to people. */
  observe<Inner extends Observer>(inner: Inner): Inner;
}

/**
 * @param level The minimum level, as named by pino.
 * @param writeText Receives human-readable lines; absent: JSON on standard error.
 */
export function makeLog(level: LevelWithSilent, writeText?: (text: string) => void): Log {
  const destination = writeText
    ? { write: (line: string) => writeText(logText(line)) }
    : pino.destination({ dest: 2, sync: false });
  const logger = pino({ level, base: null }, destination);
  const log: Omit<Log, "observe"> = {
    warn: (message) => logger.warn(message),
    error: (message, error) => logger.error({ err: error }, message),
  };
  const written = new Once();
  return {
    ...log,
    observe: (inner) => ({
      ...inner,
      callUnpriced(call) {
        const model = `${call.provider}/${call.model}`.slice(0, longestName);
        if (written.isNew(model))
          logger.warn(
            { model },
            `${model} has no price for at least part of a call, which is counted as zero cost. ${statePrice}`,
          );
        inner.callUnpriced(call);
      },
      callFailed(call) {
        const { provider, status, withConfiguredKey } = call;
        const isRefused = withConfiguredKey && (status === 401 || status === 403);
        if (isRefused && written.isNew(`${provider} ${status}`))
          logger.warn({ provider, status }, refusedKey(provider, status));
        inner.callFailed(call);
      },
      refused(refusal) {
        const { budgetId: budget, reason, windowEnd } = refusal;
        if (written.isNew(`${budget} ${reason} ${windowEnd}`))
          logger.warn({ budget, reason }, firstRefusal(budget, reason));
        inner.refused(refusal);
      },
      headerIgnored(header) {
        const name = header.name.slice(0, longestName);
        if (written.isNew(name))
          logger.warn(
            { header: name },
            `${name} is ignored, so its value is lost. ${header.remedy()}`,
          );
        inner.headerIgnored(header);
      },
      thresholdCrossed(threshold) {
        const { counter, partsPerMillion } = threshold;
        logger.warn(
          { budget: counter.budgetId, value: counter.value, share: partsPerMillion / 1e6 },
          "a budget crossed a threshold",
        );
        inner.thresholdCrossed(threshold);
      },
      pricesChecked(update) {
        const { result, message } = update;
        const isWell = result === "applied" || result === "unchanged";
        if (isWell) logger.info({ result }, `prices: ${message}`);
        else logger.warn({ result }, `the prices were not updated: ${message}`);
        inner.pricesChecked(update);
      },
      failed(what, error) {
        log.error(what, error);
        inner.failed(what, error);
      },
    }),
  };
}

const statePrice =
  "Add one under `prices` in purser.yaml or with POST /api/v1/prices, or use a hard budget to refuse such calls.";

/**
 * Tracks lines to log only once. Callers influence their text, so memory is bounded: past that a
 * line may repeat.
 */
class Once {
  readonly #written = new Memo<string, true>(mostRemembered);

  isNew(line: string): boolean {
    if (this.#written.has(line)) return false;
    return this.#written.keep(line, true);
  }
}

const mostRemembered = 1000;
const longestName = 200;

function firstRefusal(budget: string, reason: RefusalReason): string {
  return `budget ${budget} refuses calls (${reason}); only the first refusal of a window is logged, purser report --refused lists all.`;
}

/** Callers see the provider's message, which reads as if their Purser key were rejected. */
function refusedKey(provider: string, status: number): string {
  return `${provider} returned ${status} for its configured key; the call is not charged. Check the key and its permissions: purser doctor --online.`;
}
