/** The commands by name, each loaded when it is asked for, and the way from words to an exit code. */

import type { Command } from "commander";
import { PurserError } from "../domain/error.ts";
import type { CommandContext } from "./context.ts";
import { type ExitCode, failureJson, failureOf, failureText } from "./failure.ts";
import { helpText } from "./help-text.ts";
import { inCheckout, purser } from "./called.ts";

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<(command: Command, context: CommandContext) => void>;
}

/** In the order in which a newcomer needs them. */
const entries: readonly CommandEntry[] = [
  {
    name: "serve",
    summary: "start the gateway",
    load: async () => (await import("./command/serve.ts")).defineServe,
  },
  {
    name: "demo",
    summary: "see a minute of simulated traffic",
    load: async () => (await import("./command/demo.ts")).defineDemo,
  },
  {
    name: "simulate",
    summary: "run the simulated provider",
    load: async () => (await import("./command/simulate.ts")).defineSimulate,
  },
  {
    name: "report",
    summary: "show what was spent, and on what",
    load: async () => (await import("./command/report.ts")).defineReport,
  },
  {
    name: "top",
    summary: "watch calls, spend and budgets live",
    load: async () => (await import("./command/top.ts")).defineTop,
  },
  {
    name: "price",
    summary: "price token counts, line by line",
    load: async () => (await import("./command/price.ts")).definePrice,
  },
  {
    name: "estimate",
    summary: "say what a call may cost before it is made",
    load: async () => (await import("./command/estimate.ts")).defineEstimate,
  },
  {
    name: "budget",
    summary: "create, show and change budgets",
    load: async () => (await import("./command/budget.ts")).defineBudgetCommand,
  },
  {
    name: "key",
    summary: "create, list and revoke keys",
    load: async () => (await import("./command/key.ts")).defineKeyCommand,
  },
  {
    name: "correct",
    summary: "correct what a call was charged",
    load: async () => (await import("./command/correct.ts")).defineCorrect,
  },
  {
    name: "replay",
    summary: "drive recorded traffic through a gateway",
    load: async () => (await import("./command/replay.ts")).defineReplay,
  },
  {
    name: "verify",
    summary: "recompute every balance from the journal",
    load: async () => (await import("./command/verify.ts")).defineVerify,
  },
  {
    name: "doctor",
    summary: "find what is wrong with an installation",
    load: async () => (await import("./command/doctor.ts")).defineDoctor,
  },
];

const examples = `
Environment:
  PURSER_DATA       data folder, where --data names none
  PURSER_URL        server to speak to, where neither --url nor --data names one
  PURSER_ADMIN_KEY  admin key for PURSER_URL or --url; of serve: an admin key of the server
  NO_COLOR          any value: no colours, as --no-color

Examples:
  # start on http://127.0.0.1:4141 and print a key to use
  purser serve
  # see what it does, without a provider key
  purser demo
  # where the money went
  purser report --by project,model
  purser budget create --id team-a --type team --resource atlas --amount 50 --period month

Exit codes: 0 done, 1 failed, 2 wrong use, 3 a budget said no.
${inCheckout ? `In this checkout, write "${purser}" for "purser".\n` : ""}`;

/**
 * Runs one command to its end. Never throws: a failure is written where notes go.
 *
 * @param words The command line without the program's own name.
 */
export async function runProgram(
  words: readonly string[],
  context: Omit<CommandContext, "end">,
): Promise<ExitCode> {
  let code: ExitCode = 0;
  try {
    const program = await buildProgram(words, { ...context, end: (ended) => (code = ended) });
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    if (isCommanderError(error)) return error.exitCode === 0 ? 0 : 2;
    const failure = failureOf(error);
    context.screen.notes.write(
      words.includes("--json")
        ? failureJson(failure)
        : failureText(failure, context.screen.notes.paint),
    );
    return failure.exitCode;
  }
}

async function buildProgram(words: readonly string[], context: CommandContext): Promise<Command> {
  const { Command } = await import("commander");
  const program = new Command("purser");
  program.description(
    "Keeps the purse of AI agents: meters, prices, budgets and records every model call.",
  );
  program.addHelpText("after", examples).helpCommand("help [command]", "show help for a command");
  program.version(context.parts.version, "-V, --version", "print the version");
  // Read before any command is known (main.ts): what is written until then has no colours either.
  program.option("--no-color", "no colours, also on a terminal");
  configure(program, context);
  const asked = words.find((word) => !word.startsWith("-") && word !== "help");
  for (const entry of entries) {
    const command = program
      .command(entry.name)
      .summary(entry.summary)
      .description(`${capital(entry.summary)}.`);
    if (entry.name === asked) (await entry.load())(command, context);
  }
  for (const command of allCommands(program)) configure(command, context);
  return program;
}

/** Output through the screen, and errors as exceptions, written where all others are. */
function configure(command: Command, context: CommandContext): void {
  const { out, notes } = context.screen;
  command
    .exitOverride((error) => {
      throw error.exitCode === 0 || error.code === "commander.help"
        ? error
        : wrongWords(error.message, fullName(command));
    })
    .showSuggestionAfterError();
  command.configureOutput({
    writeOut: (text) => out.write(helpText(text, out.columns)),
    writeErr: (text) => notes.write(helpText(text, notes.columns)),
    outputError: () => {},
    getOutHelpWidth: () => Math.min(out.columns, widestHelp),
    getErrHelpWidth: () => Math.min(notes.columns, widestHelp),
    getOutHasColors: () => out.tty,
    getErrHasColors: () => notes.tty,
  });
  command.configureHelp({ minWidthToWrap: leastHelp });
}

/** Longer lines are hard to read, also where there is room. */
const widestHelp = 100;
const leastHelp = 20;

/** @param text As the library words it: `error: unknown option '--nope'`, then what may have been meant on a line of its own. */
function wrongWords(text: string, command: string): PurserError {
  const [first = "", suggestion] = text.split("\n");
  const message = first.replace(/^error: /, "").replace(/\.$/, "");
  const field = /(?:option|argument) '(-{0,2}[\w-]+)/.exec(message)?.[1];
  const meant = suggestion === undefined ? "" : `${suggestion.replace(/^\(|\)$/g, "")} `;
  return new PurserError("invalid_request", message, {
    remedy: `${meant}See \`${command} --help\`.`,
    ...(field !== undefined && { field }),
  });
}

function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...allCommands(child)]);
}

function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** By its code, since the class is only loaded with the library. */
function isCommanderError(error: unknown): error is Error & { readonly exitCode: number } {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    error.code.startsWith("commander.")
  );
}
