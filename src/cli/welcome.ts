/** The text after a start: the address, the keys, and examples to paste. */

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
      : [`admin key   ${paint.yellow(server.adminKey)}   shown once: save it`]),
    server.firstKey === undefined
      ? `caller key  create one with \`${purser} key create --name NAME\``
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
  const answers = "the simulator serves sim/... models";
  if (real.length > 0)
    return `${real.join(", ")}${simulated ? `; ${answers}, counted separately` : ""}`;
  return `no provider key found: set OPENAI_API_KEY, ANTHROPIC_API_KEY, ...${simulated ? `; ${answers}` : ""}`;
}

/**
 * Complete examples to paste into a shell or a file. They call the simulator, which needs no
 * provider key; if it is off, the example lists the available models instead.
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
      "List the models that the key may call (docs/guides/connect-your-agent.md has base URLs for all clients):",
    );
    return [what, ...key, `curl ${url}/v1/models -H "Authorization: Bearer $PURSER_KEY"`, "", then];
  }
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
    ...(firstKey === undefined
      ? ["const apiKey = process.env.PURSER_KEY;"]
      : ["const apiKey =", `  ${JSON.stringify(firstKey)};`]),
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

/** Splits the line with a backslash if the terminal would otherwise break the key. */
function keyLine(key: string, columns: number): string {
  const line = `export PURSER_KEY=${key}`;
  return line.length <= columns ? line : line.replace("=", "=\\\n");
}
