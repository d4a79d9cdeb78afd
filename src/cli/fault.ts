/** Shuts the process down cleanly after an uncaught error, because its state is unknown. */

/** A source of errors, such as `process`. */
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
 * Resolves at the first uncaught error, so that the caller can shut down cleanly.
 *
 * @param endNow Called at any further error: the shutdown itself failed, and the journal has the
 *   calls in flight.
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
