/** Log lines on standard error, as JSON. Keys, prompts and answers never stand in them. */

import { pino, type LevelWithSilent } from "pino";
import type { Observer } from "../app/observer.ts";

export interface Log {
  warn(message: string): void;
  error(message: string, error: unknown): void;
  /** The same observer, with what people should see written down too. */
  observe<Inner extends Observer>(inner: Inner): Inner;
}

/** @param level The least that is written, in the words of pino. */
export function makeLog(level: LevelWithSilent): Log {
  const logger = pino({ level, base: null }, pino.destination({ dest: 2, sync: false }));
  const log: Omit<Log, "observe"> = {
    warn: (message) => logger.warn(message),
    error: (message, error) => logger.error({ err: error }, message),
  };
  return {
    ...log,
    observe: (inner) => ({
      ...inner,
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
