/**
 * Drives Python clients through a gateway and prints what their users see: `npm run check:clients`,
 * or with names: `-- litellm aider`.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { makeFolder } from "../e2e/process.ts";
import { openMarket, type Market } from "../e2e/purse.ts";
import { clientFolder } from "./install.ts";
import { judge, type Sight } from "./judge.ts";
import {
  booked,
  emptyWhenHeld,
  makePurse,
  play,
  promptOf,
  run,
  sceneNames,
  type Command,
} from "./stage.ts";

interface PythonClient {
  /** The name of its virtual environment, which has the dependency versions it requires. */
  readonly name: string;
  readonly packages: readonly string[];
  /** Drivers in `python/`, and the formats each is tested with. */
  readonly driven: readonly { readonly driver: string; readonly formats: readonly string[] }[];
  /** Why its streams are too short to cut. */
  readonly uncut?: string;
}

/**
 * Each format by the name that litellm, LangChain and others use; the model has that format's
 * price.
 */
const clients: readonly PythonClient[] = [
  {
    name: "vendor",
    packages: ["openai==3.57.0", "anthropic==2.14.0", "google-genai==3.6.1"],
    driven: [
      { driver: "openai_sdk.py", formats: ["chat", "responses"] },
      { driver: "anthropic_sdk.py", formats: ["anthropic"] },
      { driver: "genai_sdk.py", formats: ["google"] },
    ],
  },
  {
    name: "litellm",
    packages: ["litellm==1.110.2"],
    driven: [{ driver: "litellm_sdk.py", formats: ["openai", "anthropic", "gemini"] }],
  },
  {
    name: "langchain",
    packages: [
      "langchain-openai==1.7.4",
      "langchain-anthropic==1.7.10",
      "langchain-google-genai==4.4.3",
    ],
    driven: [{ driver: "langchain_sdk.py", formats: ["openai", "anthropic", "google-genai"] }],
  },
  {
    name: "pydantic-ai",
    packages: ["pydantic-ai-slim[openai,anthropic,google]==2.68.0"],
    driven: [
      {
        driver: "pydantic_ai_sdk.py",
        formats: ["openai", "openai-responses", "anthropic", "google"],
      },
    ],
  },
  {
    name: "instructor",
    packages: ["instructor[anthropic,google-genai]==1.17.0"],
    driven: [{ driver: "instructor_sdk.py", formats: ["openai", "anthropic", "google"] }],
    uncut: "it asks for one small object by a tool call",
  },
  { name: "aider", packages: ["aider-chat==0.86.2"], driven: [] },
];

const uv = "uv==0.13.9";
const cache = path.join(clientFolder, ".cache");
/** litellm downloads its price list at startup. */
const offline = { LITELLM_LOCAL_MODEL_COST_MAP: "True" };

const asked = process.argv.slice(2);
const chosen = clients.filter(({ name }) => asked.length === 0 || asked.includes(name));
makeEnvironments(chosen);
const market = await openMarket();
const sights: Sight[] = [];
for (const client of chosen) {
  for (const { driver, formats } of client.driven)
    for (const format of formats) sights.push(...(await drive(client, driver, format)));
  if (client.name === "aider")
    for (const format of ["openai", "anthropic"])
      sights.push(...(await driveAider(market, format)));
}
const failures = sights.filter(({ fault }) => fault !== null);
process.stdout.write(`\n${sights.length} scenes, ${failures.length} otherwise than expected\n`);
// The servers are still running.
process.exit(failures.length === 0 ? 0 : 1);

function makeEnvironments(wanted: readonly PythonClient[]): void {
  mkdirSync(cache, { recursive: true });
  const boot = path.join(cache, "uv");
  if (!existsSync(path.join(boot, "bin/uv"))) {
    must(process.env["PYTHON"] ?? "python3", ["-m", "venv", boot]);
    must(path.join(boot, "bin/pip"), ["install", "--quiet", uv]);
  }
  for (const { name, packages } of wanted) {
    const folder = path.join(cache, name);
    if (!existsSync(folder)) must(path.join(boot, "bin/uv"), ["venv", "--quiet", folder]);
    must(path.join(boot, "bin/uv"), [
      "pip",
      "install",
      "--quiet",
      "--python",
      path.join(folder, "bin/python"),
      ...packages,
    ]);
  }
}

function must(command: string, words: readonly string[]): void {
  const done = spawnSync(command, words, { stdio: ["ignore", 2, 2] });
  if (done.status !== 0)
    throw new Error(`${command} ${words.join(" ")} failed; its message is above`);
}

async function drive(
  { name, uncut }: PythonClient,
  driver: string,
  format: string,
): Promise<readonly Sight[]> {
  const file = path.join(cache, name, "bin/python");
  const command = {
    file,
    words: [path.join("python", driver), format],
    cwd: clientFolder,
    env: offline,
  };
  const model = format === "anthropic" ? "sim-large" : "sim-small";
  const scenes = sceneNames.filter((scene) => scene !== "cut" || uncut === undefined);
  const { played, ended } = await play(market, { command, model, scenes });
  if (played.some(({ seen }) => !seen)) process.stderr.write(ended.err.slice(-2000));
  return played.map((scene) =>
    show(judge(`${driver.replace(/_sdk\.py|\.py/, "")} ${format}`, scene)),
  );
}

async function driveAider(at: Market, format: string): Promise<readonly Sight[]> {
  const found: Sight[] = [];
  for (const name of sceneNames.filter((scene) => scene !== "tools")) {
    const purse = await makePurse(at, name);
    const command = await aider({
      url: at.gateway.url,
      format,
      key: purse.key,
      prompt: promptOf(name, purse),
    });
    const ended = await run(command, (over) =>
      emptyWhenHeld(at, name === "cut" ? purse : undefined, over),
    );
    const text = /^The for when[^]*?(?=\n\n|$)/m.exec(ended.out)?.[0] ?? "";
    const error =
      name === "stream"
        ? null
        : { type: "text", status: null, message: ended.out.replaceAll(/\s+/g, " ") };
    const seen = { scene: name, text, tools: [], finish: null, error, ms: ended.ms };
    found.push(show(judge(`aider ${format}`, { name, purse, seen, ...(await booked(at, purse)) })));
  }
  return found;
}

async function aider(call: {
  readonly url: string;
  readonly format: string;
  readonly key: string;
  readonly prompt: string;
}): Promise<Command> {
  const { url, format, key, prompt } = call;
  const model = format === "openai" ? "openai/sim-small" : "anthropic/sim-large";
  const base =
    format === "openai"
      ? { OPENAI_API_BASE: `${url}/openai/v1`, OPENAI_API_KEY: key }
      : { ANTHROPIC_API_BASE: `${url}/anthropic`, ANTHROPIC_API_KEY: key };
  const quiet = [
    "--no-git",
    "--yes-always",
    "--no-check-update",
    "--no-analytics",
    "--no-show-model-warnings",
    "--no-pretty",
    "--no-gitignore",
    "--no-detect-urls",
  ];
  const home = await makeFolder();
  return {
    file: path.join(cache, "aider/bin/aider"),
    words: ["--model", model, ...quiet, "--edit-format", "ask", "--message", prompt],
    cwd: home,
    env: { ...offline, ...base, HOME: home },
  };
}

function show(sight: Sight): Sight {
  process.stdout.write(`${sight.fault === null ? "as expected" : "OTHERWISE  "}  ${sight.line}\n`);
  if (sight.fault !== null) process.stdout.write(`             ${sight.fault}\n`);
  return sight;
}
