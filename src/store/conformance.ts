/** The contract of every ledger, as tests that each implementation runs on its real engine. */

import { describe } from "node:test";
import { testCorrecting, testEnding, testRepeating } from "./conformance/ending.ts";
import { testFollowing } from "./conformance/following.ts";
import { testControlling } from "./conformance/controlling.ts";
import { testHolding } from "./conformance/holding.ts";
import {
  testFailing,
  testReopening,
  testRemovingPrices,
  testUpdatingPrices,
} from "./conformance/keeping.ts";
import { testMetering } from "./conformance/metering.ts";
import { testFinding, testRows, testTotals } from "./conformance/reading.ts";
import { testPartitions } from "./conformance/partition.ts";
import { testRecording } from "./conformance/recording.ts";
import { testDistinct, testLatencies, testPartsOfHours } from "./conformance/spread.ts";
import { testRequests } from "./conformance/requests.ts";
import { testRecounting } from "./conformance/recounting.ts";
import type { OpenStore } from "./conformance/store-under-test.ts";

/** Registers the tests. @param open Opens a new, empty ledger each time. */
export function ledgerConformance(name: string, open: OpenStore): void {
  describe(`${name}: ledger`, () => {
    testControlling(open);
    testHolding(open);
    testEnding(open);
    testRepeating(open);
    testCorrecting(open);
    testReopening(open);
    testRemovingPrices(open);
    testUpdatingPrices(open);
    testFailing(open);
    testRecounting(open);
    testRecording(open);
  });
  describe(`${name}: feed`, () => {
    testFollowing(open);
  });
  describe(`${name}: reader`, () => {
    testRows(open);
    testFinding(open);
    testRequests(open);
    testTotals(open);
    testMetering(open);
    testLatencies(open);
    testPartsOfHours(open);
    testDistinct(open);
    testPartitions(open);
  });
}
