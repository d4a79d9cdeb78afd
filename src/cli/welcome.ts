/** What a newcomer reads after the start: where it listens, a key, and lines to paste. */

import type { RunningServer } from "./context.ts";
import type { Paint } from "./terminal/color.ts";

/** How the command line is called here: in a checkout nothing is on the path. */
export const purser = import.meta.url.endsWith(".ts") ? "npm run -s purser --" : "purser";

export function welcome(server: RunningServer, paint: Paint): string {
  const real = server.providers.filter((provider) => provider.real).map((provider) => provider.name);
  const lines = [
    `${paint.bold("Purser")} listens on ${paint.cyan(server.url)}`,
    ...(server.adminKey === undefined ? [] : [`admin key   ${paint.yellow(server.adminKey)}   shown once: keep it`]),
    server.firstKey === undefined
      ? `caller key  make one with \`${purser} key create --name NAME\``
      : `caller key  ${paint.yellow(server.firstKey)}   "first-contact", shown once`,
    `providers   ${providersText(real, hasSimulator(server))}`,
    "",
    ...pasteLines(server, paint),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function hasSimulator({ providers }: RunningServer): boolean {
  return providers.some(({ name }) => name === "sim");
}

function providersText(real: readonly string[], simulated: boolean): string {
  const answers = "the simulator answers sim/... models";
  if (real.length > 0) return `${real.join(", ")}${simulated ? `; ${answers}, apart from what costs money` : ""}`;
  return `none is real yet: set OPENAI_API_KEY, ANTHROPIC_API_KEY, ...${simulated ? ` ; ${answers}` : ""}`;
}

/** Calls to the simulator's models, which work without a provider's key; where it is off, what can be called instead. */
function pasteLines(server: RunningServer, paint: Paint): readonly string[] {
  const key = server.firstKey ?? "$PURSER_KEY";
  if (!hasSimulator(server)) {
    return [
      paint.dim("What the key may call, with the base URL for each client in docs/guides/connect-your-agent.md:"),
      `curl ${server.url}/v1/models -H "Authorization: Bearer ${key}"`,
      "",
      paint.dim(`Then: ${purser} report, ${purser} top. API and docs: ${server.url}/docs. Ctrl-C stops.`),
    ];
  }
  const quoted = server.firstKey === undefined ? "process.env.PURSER_KEY" : JSON.stringify(key);
  const message = `messages: [{ role: "user", content: "Hello" }]`;
  return [
    paint.dim("Try it (curl; openai SDK; anthropic SDK):"),
    `curl ${server.url}/v1/chat/completions -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '{"model":"sim/sim-small","messages":[{"role":"user","content":"Hello"}]}'`,
    `await new OpenAI({ baseURL: "${server.url}/v1", apiKey: ${quoted} }).chat.completions.create({ model: "sim/sim-small", ${message} })`,
    `await new Anthropic({ baseURL: "${server.url}", apiKey: ${quoted} }).messages.create({ model: "sim/sim-small", max_tokens: 100, ${message} })`,
    "",
    paint.dim(`Then: ${purser} report, ${purser} top. API and docs: ${server.url}/docs. Ctrl-C stops.`),
  ];
}
