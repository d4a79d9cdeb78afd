/** `purser serve`: starts the gateway, prints how to call it, and shuts it down cleanly. */

import type { Command } from "commander";
import type { CommandContext, RunningServer, ServeOptions } from "../context.ts";
import { untilFault } from "../fault.ts";
import { warningJson, warningText } from "../failure.ts";
import { listenFailure } from "../listen-failure.ts";
import { type JsonOption, oneOf, port, withJson } from "../option.ts";
import { changeText } from "../change-text.ts";
import { startProgress, whileWaiting } from "../terminal/progress.ts";
import { welcome } from "../welcome.ts";
import { untilSignalled } from "../signal.ts";

const defaultPort = 4141;

export function defineServe(command: Command, context: CommandContext): void {
  withJson(command)
    .option("--host <address>", "address to listen on (127.0.0.1)")
    .option("--port <n>", `port to listen on, 0 for any free port (${defaultPort})`, port("--port"))
    .option("--data <dir>", "data folder (PURSER_DATA, then the configuration, then .purser)")
    .option("--config <file>", "configuration file (purser.yaml, if it exists)")
    .option(
      "--simulator <on|off>",
      "whether to serve sim/... models (on until a provider is configured)",
      oneOf("--simulator", ["on", "off"]),
    )
    .addHelpText(
      "after",
      `
Provider keys come from the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, ...) or the configuration.
The admin key comes from PURSER_ADMIN_KEY, or is created at the first start and shown once.

Examples:
  purser serve
  OPENAI_API_KEY=sk-... purser serve --port 8080 --data /var/lib/purser
  purser serve --config purser.yaml`,
    )
    .action(async (options: ServeOptions & JsonOption) => {
      const server = await start(options, context);
      const { out, notes } = context.screen;
      const stopped = untilSignalled(notes);
      const faulted = untilFault(process, () => process.exit(1));
      for (const warning of server.warnings)
        notes.write(options.json ? warningJson(warning) : warningText(warning, notes.paint));
      for (const change of server.changes)
        notes.write(
          options.json ? `${JSON.stringify({ change })}\n` : `${changeText(change, notes.paint)}\n`,
        );
      out.write(options.json ? startedJson(server) : welcome(server, out));
      const fault = await Promise.race([stopped, faulted]);
      if (fault) {
        server.reportFault(fault.error);
        context.end(1);
      }
      await server.close();
    });
}

async function start(
  options: ServeOptions & JsonOption,
  context: CommandContext,
): Promise<RunningServer> {
  const { json: _, ...asked } = options;
  const { notes } = context.screen;
  const progress = startProgress(notes, {
    label: "Counting what budgets have spent",
    now: () => performance.now(),
  });
  const started = context.parts
    .startServer(asked, (budgetId, share) => progress.update(share, budgetId))
    .finally(() => progress.end());
  return whileWaiting(notes, "Opening the ledger", started).catch(async (error: unknown) => {
    throw await listenFailure(error, {
      command: "serve",
      hostField: options.host === undefined ? "server.host" : "--host",
    });
  });
}

function startedJson(server: RunningServer): string {
  const facts = {
    url: server.url,
    admin_key: server.adminKey ?? null,
    first_key: server.firstKey ?? null,
    providers: server.providers,
  };
  return `${JSON.stringify(facts)}\n`;
}
