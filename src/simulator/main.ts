/** Runs the simulator as a process: prints its URL as one line of JSON, and stops on SIGTERM. */

import { parseArgs } from "node:util";
import { PurserError } from "../domain/error.ts";
import type { FaultRate } from "./play/faults.ts";
import type { SimulatorOptions } from "./options.ts";
import { startSimulator } from "./simulator.ts";

const help = `Usage: node src/simulator/main.ts [options]

A local provider that answers in the OpenAI, Anthropic and Gemini formats.

  --host HOST              address to listen on (127.0.0.1)
  --port PORT              port to listen on; 0 picks a free one (0)
  --latency-ms MS          delay before the headers of an answer (0)
  --ttft-ms MS             delay from the headers of a stream to its first token (0)
  --gap-ms MS              delay between two chunks of a stream (0)
  --tokens-per-chunk N     tokens in a chunk of a stream (1)
  --output-tokens N        text tokens in an answer (32)
  --reasoning-tokens N     reasoning tokens before the text, if the request enables thinking (8)
  --fault FAULT@SHARE      apply to a share of the calls: --fault 429:1@0.1; can be repeated
  --seed N                 seed of the random choice for --fault (1)

Examples:
  node src/simulator/main.ts --port 9999
  node src/simulator/main.ts --ttft-ms 200 --gap-ms 15 --fault reset_after:10@0.01
`;

const text = { type: "string" } as const;
const options = {
  host: text,
  port: text,
  "latency-ms": text,
  "ttft-ms": text,
  "gap-ms": text,
  "tokens-per-chunk": text,
  "output-tokens": text,
  "reasoning-tokens": text,
  fault: { type: "string", multiple: true },
  seed: text,
  help: { type: "boolean", short: "h" },
} as const;

/** Exit codes: 0 ended by a signal, 1 could not start, 2 invalid usage. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  if (values.help === true) {
    process.stdout.write(help);
    return;
  }
  const simulator = await startSimulator(optionsOf(values));
  process.stdout.write(`${JSON.stringify({ url: simulator.url, port: simulator.port })}\n`);
  const stop = (): void => void simulator.close();
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

/** `--latency-ms` sets `latencyMs`, and so on; options not given keep their defaults. */
function optionsOf(values: Readonly<Record<string, unknown>>): SimulatorOptions {
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    if (name === "fault") given["faults"] = (value as readonly string[]).map(rateOf);
    else
      given[name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())] =
        name === "host" ? value : Number(value);
  }
  return given;
}

function rateOf(given: string): FaultRate {
  const at = given.lastIndexOf("@");
  return at < 0
    ? { fault: given, share: 1 }
    : { fault: given.slice(0, at), share: Number(given.slice(at + 1)) };
}

function isWrongUse(error: unknown): boolean {
  if (error instanceof PurserError) return true;
  return (
    error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")
  );
}

main().catch((error: unknown) => {
  const remedy =
    error instanceof PurserError && error.detail.remedy !== undefined
      ? ` ${error.detail.remedy}`
      : "";
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}.${remedy}\n`);
  process.exitCode = isWrongUse(error) ? 2 : 1;
});
