/** Log lines on standard error, as JSON. Keys, prompts and answers never stand in them. */

import { pino } from "pino";
import type { Observer } from "../app/observer.ts";

export interface Log {
  warn(message: string): void;
  error(message: string, error: unknown): void;
  /** The same observer, with what people should see written down too. */
  observe<Inner extends Observer>(inner: Inner): Inner;
}

export function makeLog(): Log {
  const logger = pino({ level: process.env["PURSER_LOG_LEVEL"] ?? "info", base: null }, pino.destination({ dest: 2, sync: false }));
  const log: Omit<Log, "observe"> = {
    warn: (message) => logger.warn(message),
    error: (message, error) => logger.error({ err: error }, message),
  };
  const told = new Told();
  return {
    ...log,
    observe: (inner) => ({
      ...inner,
      headerIgnored(header) {
        const name = header.name.slice(0, 100);
        if (told.isNew(name)) logger.warn({ header: name }, `a header is ignored, and what it says is lost: ${header.remedy()}`);
        inner.headerIgnored(header);
      },
      thresholdCrossed(threshold) {
        const { counter, partsPerMillion } = threshold;
        logger.warn({ budget: counter.budgetId, value: counter.value, share: partsPerMillion / 1e6 }, "a budget crossed a threshold");
        inner.thresholdCrossed(threshold);
      },
      failed(what, error) {
        log.error(what, error);
        inner.failed(what, error);
      },
    }),
  };
}

/** What was told, so that it is told once. Callers choose what there is to tell: past a bound all is forgotten, and may be told again. */
class Told {
  readonly #what = new Set<string>();

  isNew(what: string): boolean {
    if (this.#what.has(what)) return false;
    if (this.#what.size >= mostRemembered) this.#what.clear();
    this.#what.add(what);
    return true;
  }
}

const mostRemembered = 1000;
