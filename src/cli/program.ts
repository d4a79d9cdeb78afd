/** Parses the command line, loads the requested command, runs it, and returns the exit code. */

import type { Command, Option } from "commander";
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

/** In the order in which a new user needs them. */
const entries: readonly CommandEntry[] = [
  {
    name: "serve",
    summary: "start the gateway",
    load: async () => (await import("./command/serve.ts")).defineServe,
  },
  {
    name: "demo",
    summary: "show a minute of simulated traffic",
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
    name: "teams",
    summary: "show budgets of teams, and what a deliverable costs",
    load: async () => (await import("./command/teams.ts")).defineTeams,
  },
  {
    name: "export",
    summary: "write calls and sums to a file",
    load: async () => (await import("./command/export.ts")).defineExport,
  },
  {
    name: "epoch",
    summary: "restart figures from zero, and list epochs",
    load: async () => (await import("./command/epoch.ts")).defineEpoch,
  },
  {
    name: "top",
    summary: "show calls, spend and budgets live",
    load: async () => (await import("./command/top.ts")).defineTop,
  },
  {
    name: "price",
    summary: "price token counts, line by line",
    load: async () => (await import("./command/price.ts")).definePrice,
  },
  {
    name: "prices",
    summary: "update and export the price book",
    load: async () => (await import("./command/prices.ts")).definePrices,
  },
  {
    name: "estimate",
    summary: "estimate what a call may cost",
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
    name: "notify",
    summary: "test notifiers, and replay what they could not deliver",
    load: async () => (await import("./command/notify.ts")).defineNotify,
  },
  {
    name: "rules",
    summary: "list and test rules of alerts, and acknowledge them",
    load: async () => (await import("./command/rules.ts")).defineRules,
  },
  {
    name: "correct",
    summary: "correct the charge of a call",
    load: async () => (await import("./command/correct.ts")).defineCorrect,
  },
  {
    name: "reconcile",
    summary: "compare a provider's bill with the ledger",
    load: async () => (await import("./command/reconcile.ts")).defineReconcile,
  },
  {
    name: "replay",
    summary: "replay recorded traffic through a gateway",
    load: async () => (await import("./command/replay.ts")).defineReplay,
  },
  {
    name: "verify",
    summary: "recompute every balance from the journal",
    load: async () => (await import("./command/verify.ts")).defineVerify,
  },
  {
    name: "doctor",
    summary: "check an installation",
    load: async () => (await import("./command/doctor.ts")).defineDoctor,
  },
];

const examples = `
Environment:
  PURSER_DATA       data folder, if --data is not set; else the one that purser.yaml names
  PURSER_URL        server to use, if neither --url nor --data is set
  PURSER_ADMIN_KEY  admin key for --url or PURSER_URL; for serve, the admin key of the server
  NO_COLOR          if set to any value, no colours, like --no-color

Examples:
  # start on http://127.0.0.1:4141 and print a key to use
  purser serve
  # see Purser at work, without a provider key
  purser demo
  # see what was spent, and on what
  purser report --by project,model
  purser budget create --id team-a --type team --resource atlas --amount 50 --period month

Exit codes: 0 success, 1 failure, 2 wrong usage, 3 refused by a budget.
${inCheckout ? `In this checkout, write "${purser}" for "purser".\n` : ""}`;

/**
 * Runs one command to completion. Never throws: failures are written to the notes.
 *
 * @param words The command line without the program name.
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
    "A gateway that meters, prices, budgets and records the AI calls of your agents.",
  );
  program.addHelpText("after", examples).helpCommand("help [command]", "show help for a command");
  program.version(context.parts.version, "-V, --version", "print the version");
  // Already read in main.ts, so that earlier output has no colours either.
  program.option("--no-color", "no colours, even on a terminal");
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

/** Sends output through the screen, and turns usage errors into exceptions. */
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
  const usual = command.createHelp();
  command.configureHelp({
    minWidthToWrap: leastHelp,
    optionDescription: (option) =>
      isEmptyList(option) ? option.description : usual.optionDescription(option),
  });
}

/** An option that may be repeated begins with an empty list, which is no default to show. */
function isEmptyList({ defaultValue }: Option): boolean {
  return Array.isArray(defaultValue) && defaultValue.length === 0;
}

/** Longer lines are hard to read, even on a wide terminal. */
const widestHelp = 100;
const leastHelp = 20;

/** @param text The library's message: `error: unknown option '--nope'` and perhaps a suggestion. */
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

/** Checks the code, because the class is only loaded with the library. */
function isCommanderError(error: unknown): error is Error & { readonly exitCode: number } {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    error.code.startsWith("commander.")
  );
}
