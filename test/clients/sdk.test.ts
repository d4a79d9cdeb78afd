/**
 * Runs Node SDKs through a gateway: what their users see for an answer, a tool call, a refusal and
 * a cut stream.
 */

import assert from "node:assert/strict";
import path from "node:path";
import { before, describe, test } from "node:test";
import { openMarket, type Market } from "../e2e/purse.ts";
import { clientFolder, installClients } from "./install.ts";
import { play, type Played, type SceneName } from "./stage.ts";

interface Client {
  readonly driver: string;
  readonly words?: readonly string[];
  readonly model?: string;
  /**
   * Why its user does not see why a stream was cut, if the client has no place for it (decision
   * 17).
   */
  readonly hidesCut?: string;
  /** Output tokens that it counts twice in every stream. */
  readonly countsTwice?: number;
}

const clients: readonly Client[] = [
  { driver: "openai.mjs", words: ["chat"] },
  { driver: "openai.mjs", words: ["responses"] },
  { driver: "anthropic.mjs", model: "sim-large" },
  {
    driver: "genai.mjs",
    words: ["1"],
    hidesCut: "it reads over an error event, and shows MAX_TOKENS",
  },
  { driver: "genai.mjs", words: ["3"] },
  { driver: "ai-sdk.mjs", words: ["openai"] },
  { driver: "ai-sdk.mjs", words: ["openai-chat"] },
  { driver: "ai-sdk.mjs", words: ["anthropic"], model: "sim-large" },
  { driver: "ai-sdk.mjs", words: ["google"] },
  { driver: "langchain.mjs", words: ["openai"] },
  // It adds the count in `message_start` to the total in `message_delta`.
  { driver: "langchain.mjs", words: ["anthropic"], model: "sim-large", countsTwice: 1 },
  {
    driver: "langchain.mjs",
    words: ["google-genai"],
    hidesCut: "it reads over an error event, and shows MAX_TOKENS",
  },
  { driver: "agents.mjs" },
];

let market: Market;

before(async () => {
  installClients();
  market = await openMarket();
});

for (const { driver, words = [], model = "sim-small", hidesCut, countsTwice = 0 } of clients) {
  describe([driver.replace(".mjs", ""), ...words].join(" "), () => {
    const played = new Map<SceneName, Played>();

    before(async () => {
      const command = {
        file: process.execPath,
        words: [path.join("drive", driver), ...words],
        cwd: clientFolder,
      };
      for (const scene of (await play(market, { command, model })).played)
        played.set(scene.name, scene);
    });

    /** Returns the scene, which ended before its client exited. */
    function sceneOf(name: SceneName) {
      const scene = played.get(name);
      assert.ok(scene?.seen, `${name} was not played to its end`);
      return { ...scene, seen: scene.seen };
    }

    /** Checks that the usage shown to the user, if any, is what the ledger charged. */
    function assertReportedAsCharged({ seen, entries }: ReturnType<typeof sceneOf>): void {
      if (typeof seen.output === "number")
        assert.equal(seen.output - countsTwice, entries[0]?.usage.output);
    }

    test("an answer streams to its end", () => {
      const scene = sceneOf("stream");
      const { seen, entries } = scene;
      assert.equal(seen.error, null);
      assert.equal(seen.text.trim().split(/\s+/).length, 30);
      assert.deepEqual([entries.length, entries[0]?.usage.output], [1, 30]);
      assertReportedAsCharged(scene);
    });

    test("a tool is called", () => {
      const { seen } = sceneOf("tools");
      assert.equal(seen.error, null);
      assert.deepEqual(seen.tools, ["weather"]);
    });

    test("a refusal ends the call at once, and its user sees which budget refused and the remedy", () => {
      const { seen, entries, refusals, purse } = sceneOf("refused");
      assert.deepEqual([refusals, entries.length], [1, 0]);
      assert.equal(seen.error?.status, 402);
      assert.match(seen.error.message, new RegExp(`${purse.name}.*refused.*raise the amount`));
    });

    test(`a cut stream keeps its text, is not retried, ${hidesCut === undefined ? "and says why" : `though ${hidesCut}`}`, () => {
      const scene = sceneOf("cut");
      const { seen, entries, refusals, purse } = scene;
      assert.ok(seen.text.length > 0);
      // An unclosed part would look as if it were still being generated.
      if (driver === "ai-sdk.mjs") assert.equal(seen.closed, true);
      assertReportedAsCharged(scene);
      assert.deepEqual([entries.length, refusals, entries[0]?.flags.includes("cut")], [1, 0, true]);
      if (hidesCut === undefined)
        assert.match(seen.error?.message ?? "", new RegExp(`${purse.name}.*ended this answer`));
      else assert.equal(seen.error, null);
    });
  });
}
