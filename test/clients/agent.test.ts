/**
 * Runs coding agents without a terminal through a gateway: their output for an answer, a tool call,
 * a refusal and a cut stream.
 */

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { before, describe, test } from "node:test";
import { makeFolder } from "../e2e/process.ts";
import { openMarket, type Market } from "../e2e/purse.ts";
import { clientFolder, installClients } from "./install.ts";
import {
  booked,
  emptyWhenHeld,
  makePurse,
  promptOf,
  run,
  type Command,
  type Ended,
  type SceneName,
} from "./stage.ts";

interface Agent {
  readonly name: string;
  readonly command: (call: AgentCall) => Promise<Omit<Command, "cwd">>;
  /**
   * Its output for a call of its first tool, which it runs without asking, and for the answer to
   * the result.
   */
  readonly toolPrinted: RegExp;
  /** Why its user does not see why a stream was cut (decision 17). */
  readonly hidesCut?: string;
}

interface AgentCall {
  readonly url: string;
  readonly key: string;
  readonly prompt: string;
  readonly home: string;
  readonly withTool: boolean;
}

/** Makes Claude Code print all events; by default it prints only its last answer. */
const allEvents = ["--tools", "Read", "--output-format", "stream-json", "--verbose"];

/** The path of a file in an installed package. */
function fileOf(name: string, file: string): string {
  const require = createRequire(path.join(clientFolder, "package.json"));
  const [folder] = require.resolve.paths(name) ?? [];
  return path.join(folder ?? "", name, file);
}

const agents: readonly Agent[] = [
  {
    name: "Claude Code",
    toolPrinted:
      /"type":"tool_use"[^]*"name":"Read"[^]*"type":"tool_result"[^]*"result":"The for when day part/,
    command: async ({ url, key, prompt, home, withTool }) => ({
      file: process.execPath,
      words: [
        fileOf("@anthropic-ai/claude-code", "cli-wrapper.cjs"),
        "-p",
        prompt,
        "--model",
        "sim-large",
        ...(withTool ? allEvents : []),
      ],
      env: {
        HOME: home,
        ANTHROPIC_BASE_URL: `${url}/anthropic`,
        ANTHROPIC_AUTH_TOKEN: key,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
        // Its first tool is only a placeholder for others.
        ENABLE_TOOL_SEARCH: "false",
      },
    }),
  },
  {
    name: "Codex",
    toolPrinted: /exec[^]*sample[^]*codex\nThe for when day part/,
    command: async ({ url, key, prompt, home }) => {
      const provider = `name = "Purser"\nbase_url = "${url}/openai/v1"\nenv_key = "PURSER_KEY"\nwire_api = "responses"\n`;
      const file = path.join(home, "config.toml");
      await writeFile(
        file,
        `model = "sim-small"\nmodel_provider = "purser"\n\n[model_providers.purser]\n${provider}`,
      );
      return {
        file: process.execPath,
        words: [fileOf("@openai/codex", "bin/codex.js"), "exec", "--skip-git-repo-check", prompt],
        env: { HOME: home, CODEX_HOME: home, PURSER_KEY: key },
      };
    },
  },
  {
    name: "Gemini CLI",
    toolPrinted: /The for when day part[^]*Error executing tool read_file/,
    hidesCut: "its SDK reads over an error event",
    command: async ({ url, key, prompt, home, withTool }) => {
      await mkdir(path.join(home, ".gemini"));
      const tools = withTool ? { tools: { core: ["read_file"] } } : {};
      const settings = { security: { auth: { selectedType: "gemini-api-key" } }, ...tools };
      await writeFile(path.join(home, ".gemini", "settings.json"), JSON.stringify(settings));
      return {
        file: process.execPath,
        words: [fileOf("@google/gemini-cli", "bundle/gemini.js"), "-m", "sim-small", "-p", prompt],
        env: {
          HOME: home,
          GOOGLE_GEMINI_BASE_URL: `${url}/gemini`,
          GEMINI_API_KEY: key,
          GEMINI_CLI_TRUST_WORKSPACE: "true",
        },
      };
    },
  },
];

let market: Market;

before(async () => {
  installClients();
  market = await openMarket();
});

for (const { name, command, toolPrinted, hidesCut } of agents) {
  describe(name, () => {
    async function playScene(scene: SceneName) {
      const purse = await makePurse(market, scene);
      const home = await makeFolder();
      const withTool = scene === "tools";
      // Agents offer tools, and the simulator calls the first one.
      const prompt = withTool
        ? promptOf(scene, purse)
        : promptOf(scene, purse).replace("]]", " tool=none]]");
      const started = await command({
        url: market.gateway.url,
        key: purse.key,
        prompt,
        home,
        withTool,
      });
      const meanwhile = (over: () => boolean): Promise<void> =>
        emptyWhenHeld(market, scene === "cut" ? purse : undefined, over);
      const ended: Ended = await run({ ...started, cwd: home }, meanwhile);
      return { purse, ...ended, printed: ended.out + ended.err, ...(await booked(market, purse)) };
    }

    test("an answer is printed, with a single call", async () => {
      const { code, out, entries } = await playScene("stream");
      assert.deepEqual([code, entries.length], [0, 1]);
      assert.equal(entries[0]?.usage.output, 30);
      assert.match(out, /^The for when day part/);
    });

    test("a refusal stops it at once, with the budget and the remedy", async () => {
      const { code, printed, refusals, entries, purse } = await playScene("refused");
      assert.deepEqual([refusals, entries.length], [1, 0], printed);
      assert.notEqual(code, 0);
      assert.match(printed, new RegExp(`${purse.name}.*refused: .*available`));
    });

    test("a tool is called, and the answer to its result is printed", async () => {
      const { code, printed, entries } = await playScene("tools");
      assert.deepEqual([code, entries.length], [0, 2], printed);
      assert.match(printed, toolPrinted);
    });

    test(`a cut stream stops it at once, ${hidesCut === undefined ? "with the budget" : `with its text, though ${hidesCut}`}`, async () => {
      const { out, printed, entries, refusals, purse } = await playScene("cut");
      assert.deepEqual(
        [entries.length, refusals, entries[0]?.flags.includes("cut")],
        [1, 0, true],
        printed,
      );
      if (hidesCut === undefined)
        assert.match(printed, new RegExp(`${purse.name}.*ended this answer`));
      else assert.match(out, /^The for when day part/);
    });
  });
}
