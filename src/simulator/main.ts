/** Runs the simulator as a process of its own: one JSON line with its URL when it listens, SIGTERM to end it. */

import { parseArgs } from "node:util";
import { PurserError } from "../domain/error.ts";
import type { FaultRate } from "./play/faults.ts";
import type { SimulatorOptions } from "./options.ts";
import { startSimulator } from "./simulator.ts";

const help = `Usage: node src/simulator/main.ts [options]

A provider that answers locally in the OpenAI, Anthropic and Gemini formats.

  --host HOST              where to listen (127.0.0.1)
  --port PORT              0 takes any free port (0)
  --latency-ms MS          before the head of an answer (0)
  --ttft-ms MS             from the head of a stream to its first token (0)
  --gap-ms MS              between two chunks of a stream (0)
  --tokens-per-chunk N     (1)
  --output-tokens N        tokens of text in an answer (32)
  --reasoning-tokens N     in front of it when the model is asked to think (8)
  --fault FAULT@SHARE      strike a share of the calls: --fault 429:1@0.1; may be repeated
  --seed N                 of the dice for --fault (1)

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

/** Exit codes: 0 ended by a signal, 1 could not start, 2 wrong use. */
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

/** `--latency-ms` is `latencyMs`, and so on; what is not given keeps its default. */
function optionsOf(values: Readonly<Record<string, unknown>>): SimulatorOptions {
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    if (name === "fault") given["faults"] = (value as readonly string[]).map(rateOf);
    else given[name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())] = name === "host" ? value : Number(value);
  }
  return given;
}

function rateOf(given: string): FaultRate {
  const at = given.lastIndexOf("@");
  return at < 0 ? { fault: given, share: 1 } : { fault: given.slice(0, at), share: Number(given.slice(at + 1)) };
}

function isWrongUse(error: unknown): boolean {
  if (error instanceof PurserError) return true;
  return error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

main().catch((error: unknown) => {
  const remedy = error instanceof PurserError && error.detail.remedy !== undefined ? ` ${error.detail.remedy}` : "";
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}.${remedy}\n`);
  process.exitCode = isWrongUse(error) ? 2 : 1;
});
