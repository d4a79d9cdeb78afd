/** What a newcomer reads after the start: where it listens, a key, and lines to paste. */

import { purser } from "./called.ts";
import type { RunningServer } from "./context.ts";
import type { Output } from "./terminal/screen.ts";

export function welcome(server: RunningServer, output: Pick<Output, "paint" | "columns">): string {
  const { paint } = output;
  const real = server.providers
    .filter((provider) => provider.real)
    .map((provider) => provider.name);
  const lines = [
    `${paint.bold("Purser")} listens on ${paint.cyan(server.url)}`,
    ...(server.adminKey === undefined
      ? []
      : [`admin key   ${paint.yellow(server.adminKey)}   shown once: keep it`]),
    server.firstKey === undefined
      ? `caller key  make one with \`${purser} key create --name NAME\``
      : `caller key  ${paint.yellow(server.firstKey)}   "first-contact", shown once`,
    `providers   ${providersText(real, hasSimulator(server))}`,
    "",
    ...pasteLines(server, output),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function hasSimulator({ providers }: RunningServer): boolean {
  return providers.some(({ name }) => name === "sim");
}

function providersText(real: readonly string[], simulated: boolean): string {
  const answers = "the simulator answers sim/... models";
  if (real.length > 0)
    return `${real.join(", ")}${simulated ? `; ${answers}, apart from what costs money` : ""}`;
  return `no provider key found: set OPENAI_API_KEY, ANTHROPIC_API_KEY, ...${simulated ? `; ${answers}` : ""}`;
}

/**
 * Calls to the simulator's models, which work without a provider's key, each whole: it can be pasted into a file, or a shell. Where
 * the simulator is off, what can be called instead.
 */
function pasteLines(
  server: RunningServer,
  { paint, columns }: Pick<Output, "paint" | "columns">,
): readonly string[] {
  const { url, firstKey } = server;
  const key = firstKey === undefined ? [] : [keyLine(firstKey, columns)];
  const then = paint.dim(
    `Then: ${purser} report, ${purser} top. API and docs: ${url}/docs. Ctrl-C stops.`,
  );
  if (!hasSimulator(server)) {
    const what = paint.dim(
      "List what the key may call (docs/guides/connect-your-agent.md has the base URL for each client):",
    );
    return [what, ...key, `curl ${url}/v1/models -H "Authorization: Bearer $PURSER_KEY"`, "", then];
  }
  const inScript = firstKey === undefined ? "process.env.PURSER_KEY" : JSON.stringify(firstKey);
  return [
    paint.dim("Try it with curl:"),
    ...key,
    `curl ${url}/v1/chat/completions \\`,
    `  -H "Authorization: Bearer $PURSER_KEY" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"model": "sim/sim-small",`,
    `       "messages": [{"role": "user", "content": "Hello"}]}'`,
    "",
    paint.dim("Or with the SDKs, after npm install openai @anthropic-ai/sdk, as hello.mjs:"),
    `import Anthropic from "@anthropic-ai/sdk";`,
    `import OpenAI from "openai";`,
    "const apiKey =",
    `  ${inScript};`,
    `const url = "${url}";`,
    `const model = "sim/sim-small";`,
    `const messages = [{ role: "user", content: "Hello" }];`,
    `const openai = new OpenAI({ apiKey, baseURL: url + "/v1" });`,
    `const chat = await openai.chat.completions.create({`,
    `  model, messages });`,
    `console.log(chat.choices[0].message.content);`,
    `const anthropic = new Anthropic({ apiKey, baseURL: url });`,
    `const message = await anthropic.messages.create({`,
    `  model, messages, max_tokens: 100 });`,
    `console.log(message.content[0].text);`,
    "",
    then,
  ];
}

/** A shell joins the two lines; a terminal that broke the key itself would put the break into it. */
function keyLine(key: string, columns: number): string {
  const line = `export PURSER_KEY=${key}`;
  return line.length <= columns ? line : line.replace("=", "=\\\n");
}
