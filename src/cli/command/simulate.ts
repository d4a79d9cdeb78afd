/** `purser simulate`: runs the simulated provider as a separate server. */

import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { listenFailure } from "../listen-failure.ts";
import { type JsonOption, port, whole, withJson } from "../option.ts";
import { untilSignalled } from "../signal.ts";

interface SimulateOptions extends JsonOption {
  readonly host: string;
  readonly port: number;
  readonly latencyMs: number;
}

export function defineSimulate(command: Command, context: CommandContext): void {
  withJson(command)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <n>", "port to listen on, 0 for any free port", port("--port"), 4142)
    .option(
      "--latency-ms <n>",
      "delay before each answer",
      whole("--latency-ms", { least: 0, most: 3_600_000 }),
      0,
    )
    .addHelpText(
      "after",
      `
It answers in the formats of OpenAI, Anthropic and Gemini. GET /sim/books/summary returns what it billed.
The last user text controls the call: [[sim input=374 output=44 latency_ms=20 fault=reset_after:10]]

Examples:
  purser simulate --port 4142 --latency-ms 60
  curl http://127.0.0.1:4142/sim/books/summary`,
    )
    .action(async ({ json, ...options }: SimulateOptions) => {
      const simulator = await context.parts
        .startSimulator(options)
        .catch(async (error: unknown) => {
          throw await listenFailure(error, { command: "simulate", hostField: "--host" });
        });
      const { out, notes } = context.screen;
      const stopped = untilSignalled(notes);
      out.write(
        json ? `${JSON.stringify({ url: simulator.url })}\n` : simulatorText(simulator.url),
      );
      await stopped;
      await simulator.close();
    });
}

function simulatorText(url: string): string {
  return [
    `The simulated provider listens on ${url}`,
    `  OpenAI     ${url}/v1`,
    `  Anthropic  ${url}`,
    `  Gemini     ${url}/gemini`,
    `  its books  ${url}/sim/books/summary`,
    "",
  ].join("\n");
}
