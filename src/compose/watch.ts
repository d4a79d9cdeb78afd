/** Periodic tasks of a server: expiring holds, and logging problems of the ledger. */

import { announceChange, type Audience } from "../app/hold/announce.ts";
import type { Ledger } from "../app/port/ledger.ts";
import type { StoreHealth } from "../app/manage/store-health.ts";
import type { Log } from "../metrics/log.ts";
import { clock } from "./clock.ts";

/** Logs once when the ledger becomes unwritable, and once when it recovers. */
export function watchStore(ledger: Ledger, log: Log): () => void {
  let wasWell = true;
  return () => {
    const problem = ledger.problem();
    if (problem && wasWell) log.error("calls are refused: the ledger cannot be written", problem);
    if (!problem && !wasWell) log.warn("the ledger is writable again");
    wasWell = problem === null;
  };
}

/** Checks the ledger's file at startup and periodically, and logs once if it is damaged. */
export function watchFile(health: StoreHealth, log: Log): () => void {
  let wasWell = true;
  const look = async (): Promise<void> => {
    const problems = await health.problems();
    if (problems.length > 0 && wasWell)
      log.error("the ledger has a problem, which /readyz reports", new Error(problems.join("; ")));
    wasWell = problems.length === 0;
  };
  void look();
  return () => void look();
}

export async function expireHolds(
  ledger: Ledger,
  { audience, log }: { readonly audience: Audience; readonly log: Log },
): Promise<void> {
  if (ledger.problem()) return;
  try {
    const { expired } = await ledger.decide({ kind: "expire", at: clock.now() });
    if (expired.length > 0) announceChange(audience);
  } catch (error) {
    log.error("holds could not be expired", error);
  }
}
