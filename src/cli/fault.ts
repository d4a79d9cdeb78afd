/** What becomes of a fault that nothing caught: the process ends in order, since nobody knows what state it is in. */

/** Such as `process`. */
export interface FaultSource {
  on(
    event: "uncaughtException" | "unhandledRejection",
    listener: (error: unknown) => void,
  ): unknown;
}

export interface Fault {
  readonly error: unknown;
}

/**
 * Resolves at the first fault, which is the time to end in order.
 *
 * @param endNow Called at any further one: ending is then itself at fault, and the journal has what was under way.
 */
export async function untilFault(
  source: FaultSource,
  endNow: (error: unknown) => void,
): Promise<Fault> {
  return new Promise((resolve) => {
    let isEnding = false;
    const take = (error: unknown): void => {
      if (isEnding) return endNow(error);
      isEnding = true;
      resolve({ error });
    };
    source.on("uncaughtException", take);
    source.on("unhandledRejection", take);
  });
}
