/**
 * `purser estimate`: estimates what a call may cost. The exit code is 3 if a budget would refuse
 * the call, but not if it would only shorten the answer.
 */

import { text as readStream } from "node:stream/consumers";
import type { Command } from "commander";
import type { EstimateInput, EstimateJson } from "../../contract/estimate.ts";
import { dimensions } from "../../domain/attribution/attribution.ts";
import { PurserError } from "../../domain/error.ts";
import { amountText } from "../budget-text.ts";
import { ask } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { hasOutput } from "../../domain/price/ability.ts";
import { splitName } from "../../domain/price/similar-models.ts";
import { listedModel, resolveModel, unpriced } from "../model-name.ts";
import { readNamedFile } from "../named-file.ts";
import { type OptionWords, sameNames } from "../option-words.ts";
import { attributionOf, collect, type TargetOptions, whole, withTarget } from "../option.ts";
import { printJson, withConnection } from "../session.ts";
import { counted, dollarColumn, exactDollars } from "../terminal/number.ts";
import type { Output } from "../terminal/screen.ts";
import { table } from "../terminal/table.ts";

interface EstimateOptions extends TargetOptions {
  readonly provider?: string;
  readonly file?: string;
  readonly text?: string;
  readonly input?: number;
  readonly set: readonly string[];
  readonly maxOutput?: number;
}

const words: OptionWords = {
  ...sameNames("provider", "text"),
  model: { option: "model" },
  input_tokens: { option: "--input" },
  max_output_tokens: { option: "--max-output" },
  attribution: {
    option: "--set",
    remedy: `Give DIMENSION=VALUE of ${dimensions.join(", ")} or tag:NAME.`,
  },
};

const tokens = { least: 0, most: 100_000_000 };

export function defineEstimate(command: Command, context: CommandContext): void {
  withTarget(command)
    .argument("<model>", "model id, or provider/model")
    .option("--provider <name>", "provider, if the model name does not determine it")
    .option("--file <path>", "text file with the prompt")
    .option("--text <text>", "the prompt itself (default: standard input)")
    .option("--input <n>", "number of input tokens, if known", whole("--input", tokens))
    .option(
      "--max-output <n>",
      "maximum output tokens (1024; 0 for a model without output)",
      whole("--max-output", { ...tokens, least: 1 }),
    )
    .option(
      "--set <dimension=value>",
      "attribute the call, to check the right budgets; may be repeated",
      collect,
      [],
    )
    .addHelpText(
      "after",
      `
Examples:
  purser estimate openai/gpt-5-mini --file prompt.txt --max-output 2000
  git diff | purser estimate anthropic/claude-sonnet-4-5
  purser estimate sim/sim-small --input 12000 --max-output 500 --json`,
    )
    .action(async (model: string, options: EstimateOptions) => {
      const catalogue = await context.parts.openCatalogue(options);
      const wanted = { model, provider: options.provider, at: Date.now() };
      // Only the server may know the price, so a name with its provider is sent as it is.
      const named =
        listedModel(catalogue, wanted) ?? splitName(model) ?? resolveModel(catalogue, wanted);
      const fixed = options.set.length > 0 ? { attribution: attributionOf(options.set) } : {};
      const body: EstimateInput = {
        ...named,
        ...fixed,
        ...(await promptOf(options)),
        ...maxOutputOf(named.model, options),
      };
      const request = { path: "/api/v1/estimate", body };
      const estimate = (await withConnection(
        context,
        { target: options, create: true, words },
        (connection) => ask(connection, "POST", request),
      )) as EstimateJson;
      // Older servers omit the field.
      if (!estimate.priced && !estimate.fallback)
        throw unpriced(
          catalogue,
          options.provider === undefined
            ? { model: `${named.provider}/${named.model}`, at: Date.now() }
            : wanted,
        );
      // Older servers omit the field.
      const units = Object.entries(estimate.unit_prices ?? {});
      if (options.json) printJson(context, estimate);
      else if (units.length > 0) throw billedByUnit(estimate, { units, options });
      if (units.length > 0) return context.end(2);
      if (!options.json) context.screen.out.write(estimateText(estimate, context.screen.out));
      if (!estimate.allowed) context.end(3);
    });
}

/** A model that returns vectors, ranks or flags has none unless it is given. */
function maxOutputOf(
  model: string,
  { maxOutput }: EstimateOptions,
): Pick<EstimateInput, "max_output_tokens"> {
  if (maxOutput === undefined && !hasOutput(model)) return {};
  return { max_output_tokens: maxOutput ?? usualMaxOutput };
}

const usualMaxOutput = 1024;

async function promptOf(
  options: EstimateOptions,
): Promise<Pick<EstimateInput, "input_tokens" | "text">> {
  const given = [options.file, options.text, options.input].filter((value) => value !== undefined);
  if (given.length > 1)
    throw wrongPrompt("--file, --text and --input are mutually exclusive", "Use only one of them.");
  if (options.input !== undefined) return { input_tokens: options.input };
  if (options.text !== undefined) return { text: filled(options.text, "--text") };
  if (options.file !== undefined)
    return { text: filled(await readNamedFile(options.file, "--file"), options.file) };
  if (process.stdin.isTTY)
    throw wrongPrompt(
      "there is no prompt",
      "Give --file, --text or --input, or pipe the prompt in.",
    );
  return { text: filled(await readStream(process.stdin), "standard input") };
}

/** An empty prompt is a mistake: a broken pipe, the wrong file or an unset variable. */
function filled(text: string, source: string): string {
  if (text.trim() !== "") return text;
  throw new PurserError("invalid_request", `there is no prompt: ${source} is empty`, {
    field: source === "--text" ? "--text" : "--file",
    remedy: "Give --file, --text or --input, or pipe the prompt in.",
  });
}

function estimateText(estimate: EstimateJson, output: Output): string {
  const { bold, dim, green, red } = output.paint;
  const { passing_max_output_tokens: passing } = estimate;
  const [low = "", expected = "", high = ""] = dollarColumn([
    estimate.low_usd ?? "0",
    estimate.expected_usd ?? "0",
    estimate.high_usd ?? "0",
  ]);
  const isSilent = estimate.max_output_tokens === 0;
  const most = ["at most", bold(high), dim("the amount that budgets must hold")];
  const figures = estimate.priced
    ? [
        ["at least", low, dim(isSilent ? "the least input" : "an answer of one token")],
        [
          "expected",
          expected,
          isSilent ? "" : dim(counted(estimate.expected_output_tokens, "output token")),
        ],
        most,
      ]
    : [most];
  const budgets = estimate.budgets.map((budget) => [
    budget.allowed ? green("✔") : red("✘"),
    budget.budget_id,
    `${budget.allowed ? "would allow it" : `would refuse it (${budget.reason ?? "too little left"})`}: ${amountText(budget.available, budget.currency)} left, ${amountText(budget.needed, budget.currency)} needed`,
  ]);
  const columns = [{ title: "" }, { title: "" }, { title: "" }];
  const answer = isSilent
    ? "no output"
    : `at most ${counted(estimate.max_output_tokens, "output token")}`;
  const size = `${counted(estimate.input_tokens, "input token")}, ${answer}`;
  return [
    `${bold(`${estimate.provider}/${estimate.model}`)}  ${dim(size)}\n`,
    table([{ title: "" }, { title: "", align: "right" }, { title: "" }], figures, {
      heading: dim,
      room: output.columns,
      indent: "  ",
    }),
    fallbackText(estimate.fallback),
    budgets.length > 0 ? table(columns, budgets, { heading: dim, room: output.columns }) : "",
    estimate.fitted_max_output_tokens === null
      ? ""
      : `The gateway would fit max_tokens to ${counted(estimate.fitted_max_output_tokens, "token")}: a budget has too little left for ${counted(estimate.max_output_tokens, "token")}.\n`,
    // Older servers omit the field.
    typeof passing === "number"
      ? `It would pass with at most ${counted(passing, "output token")}: --max-output ${passing}. The gateway does not shorten the answer to that by itself.\n`
      : "",
  ].join("");
}

const mostNamed = 5;

interface Units {
  readonly units: readonly (readonly [meter: string, usd: string])[];
  readonly options: EstimateOptions;
}

/** An estimate from tokens is zero for such a model, which is not what a call costs. */
function billedByUnit({ provider, model }: EstimateJson, { units, options }: Units): PurserError {
  const prices = units
    .slice(0, mostNamed)
    .map(([meter, usd]) => `${meter} at ${exactDollars(usd)}`);
  const named = `${prices.join(", ")}${units.length > mostNamed ? ", ..." : ""}`;
  const [[meter] = [""]] = units;
  return new PurserError(
    "invalid_request",
    `${provider}/${model} is billed by units, not by tokens: ${named}. No estimate is possible from tokens`,
    {
      field: promptField(options),
      remedy: `Count its units: \`purser price ${provider}/${model} --meter ${meter}=1\`.`,
    },
  );
}

function promptField({ input, text }: EstimateOptions): string {
  if (input !== undefined) return "--input";
  return text === undefined ? "--file" : "--text";
}

function fallbackText(fallback: EstimateJson["fallback"] | undefined): string {
  if (!fallback) return "";
  const { from, input, output, input_model, output_model } = fallback;
  const rates = `${input} and ${output} USD per million tokens of input and output`;
  if (from === "budget") return `No price is known. A budget states ${rates}.\n`;
  const models = [...new Set([input_model, output_model])].join(" and ");
  const source = models === "*" ? "as configured" : `the dearest rates of its provider (${models})`;
  return `No price is known. It is held at ${rates}, ${source}, and charged what the provider reports.\n`;
}

function wrongPrompt(message: string, remedy: string): PurserError {
  return new PurserError("invalid_request", message, { field: "--file", remedy });
}
