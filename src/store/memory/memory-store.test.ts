/** Runs the conformance suite of all ledgers on a ledger whose state is on a server. */

import { ledgerConformance } from "../conformance.ts";
import type { StoreUnderTest } from "../conformance/store-under-test.ts";
import { MemoryFeed } from "./feed.ts";
import { MemoryLedger } from "./ledger.ts";
import { Link } from "./link.ts";
import { MemoryReader } from "./reader.ts";
import { MemoryServer } from "./server.ts";

for (const seed of [1, 2, 3])
  ledgerConformance(`memory, seed ${seed}`, () => openStore(new MemoryServer(), seed));

async function openStore(server: MemoryServer, seed: number): Promise<StoreUnderTest> {
  const link = new Link(server, { seed, maxDelay: 3, lossPercent: 3 });
  const feed = new MemoryFeed(link);
  const ledger = new MemoryLedger(link);
  await ledger.open(feed);
  let last: StoreUnderTest | undefined;
  const close = async (): Promise<void> => {
    await (last ? last.remove() : ledger.close());
    await feed.close();
  };
  return {
    ledger,
    reader: new MemoryReader(link),
    feed,
    reopen: async () => {
      await close();
      last = await openStore(server, seed + 1000);
      return last;
    },
    fail: () => link.cut(),
    mend: () => link.mend(),
    remove: close,
  };
}
