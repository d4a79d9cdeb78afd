/**
 * Validates FOCUS files of a ledger full of simulated calls with the FinOps Foundation's validator,
 * and prints the rules that fail: `npm run check:focus`. Needs Python 3.12 or later (`PYTHON`) and
 * PyPI. Only FOCUS 1.2 is checked: the validator has no rules of 1.4.
 */

import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { drawCall, seeded } from "../e2e/mixed-calls.ts";
import {
  makeFolder,
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
} from "../e2e/process.ts";

/** A newer pyarrow needs a newer numpy than the validator does. */
const packages = ["focus-validator==2.2.1", "pyarrow==17.0.0"];

/** What applies to charges of AI models: no zones, reservations, commitments or other currencies. */
const criteria = [
  "ACCOUNT_NAMING_SUPPORTED",
  "MULTIPLE_PRICING_CATEGORIES_SUPPORTED",
  "NEGOTIATED_PRICING_SUPPORTED",
  "PUBLIC_PRICE_LIST_SUPPORTED",
  "USAGE_MEASUREMENT_SUPPORTED",
  "UNIT_PRICING_SUPPORTED",
  "SUB_ACCOUNT_SUPPORTED",
  "REGION_SUPPORTED",
  "TAGGING_SUPPORTED",
].join(",");

/**
 * Rules that the validator reports although the file conforms:
 *
 * - `ConsumedQuantity`: they read the status of commitment discounts, an absent column, and the
 *   second applies to corrections instead of to all other charges.
 * - `InvoiceId`: recommended, and required of charges on an invoice, which these are not.
 * - `PricingCurrency…`: required if two criteria apply together; the validator looks for one.
 */
const knownDefects =
  /^(?:ConsumedQuantity-C-00[46]-C|InvoiceId-.*|PricingCurrency[A-Z].*|CostAndUsage-D-0(?:33-O|47-C|48-C|51-C|52-C|55-C|56-C))$/;

const calls = 60;
const environment = path.join(tmpdir(), "purser-focus-validator");
const python = path.join(environment, "bin/python");
if (!existsSync(path.join(environment, "bin/focus-validator"))) {
  run(process.env["PYTHON"] ?? "python3", ["-m", "venv", environment]);
  run(python, ["-m", "pip", "install", "--quiet", ...packages]);
}
// It looks for its data below the current folder.
const packageFolder = run(python, [
  "-c",
  "import sysconfig; print(sysconfig.get_paths()['purelib'])",
]).trim();

const folder = await makeFolder();
const gateway = await fillLedger();
let failures = 0;
for (const query of ["period=day", "period=hour", "billed_cost=computed"]) {
  const file = path.join(folder, "focus.csv");
  writeFileSync(file, await download(gateway, query));
  failures += report(query, validate(file));
}
// The servers are still running.
process.exit(failures === 0 ? 0 : 1);

async function fillLedger(): Promise<GatewayProcess> {
  const simulator = await startSimulatorProcess();
  const made = await startGateway({ simulatorUrl: simulator.url });
  const keys = [
    await made.makeKey({ project: "p1", team: "search" }),
    await made.makeKey({ user: "u1" }),
  ];
  const random = seeded(11);
  for (let number = 0; number < calls; number += 1) {
    const { key = "" } = keys[number % keys.length] ?? {};
    await drawCall(random, `focus-${number}`)({ url: made.url, key });
  }
  await recordItems(made);
  await recordLastMonth(made);
  await made.flush();
  return made;
}

/** Costs that are no model call, at prices of our own, and one without a quantity. */
async function recordItems(made: GatewayProcess): Promise<void> {
  const kinds = ["tool", "infrastructure", "labor", "other"];
  for (const kind of kinds) {
    const body = { kind, unit: "hour", price_usd: "2.49" };
    await made.api("PUT", `/api/v1/items/item-${kind}`, { body });
  }
  await setTimeout(10);
  const data = kinds.flatMap((kind) => [
    { charge_id: `${kind}-1`, item_id: `item-${kind}`, quantity: "1.5" },
    { charge_id: `${kind}-2`, item_id: `item-${kind}`, quantity: "0.333333333333" },
    { charge_id: `${kind}-3`, item_id: `item-${kind}`, kind, amount_usd: "0.2" },
  ]);
  const { json } = await made.api("POST", "/api/v1/charges", { body: { data } });
  if (json["recorded"] !== data.length) throw new Error(JSON.stringify(json));
}

/** A call of a month that has ended, and its correction in this one. */
async function recordLastMonth(made: GatewayProcess): Promise<void> {
  const timestamp = new Date(Date.now() - 32 * 86_400_000).toISOString();
  const call = { provider: "openai", model: "gpt-4o", usage: { input: 100, output: 20 } };
  const data = [{ operation_id: "last-month", timestamp, ...call }];
  await made.api("POST", "/api/v1/usage", { body: { data } });
  const body = { amount: "0.01", reason: "the invoice" };
  await made.api("POST", "/api/v1/entries/last-month/correct", { body });
}

async function download({ url, adminKey }: GatewayProcess, query: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/exports/focus?version=1.2&include=simulator&${query}`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.text();
}

function validate(file: string): string {
  return run(
    path.join(environment, "bin/focus-validator"),
    [
      ["--data-file", file],
      ["--validate-version", "1.2.0.1"],
      ["--focus-dataset", "CostAndUsage"],
      ["--applicability-criteria", criteria],
      ["--block-download"],
    ].flat(),
    packageFolder,
  );
}

/** @returns How many rules fail. */
function report(query: string, output: string): number {
  const [summary = "no summary"] = /^Total: .*$/m.exec(output) ?? [];
  process.stdout.write(`${query}: ${summary}\n`);
  // A rule that only combines others names them as its children.
  const failed = [...output.matchAll(/^\S+ (\S+): FAIL\s+\(violations=\d+, msg=(.*)\)$/gm)].filter(
    ([, rule = "", message = ""]) => !message.includes("child rules") && !knownDefects.test(rule),
  );
  for (const [, rule, message] of failed) process.stdout.write(`  ${rule}: ${message}\n`);
  return output.includes("Total: ") ? failed.length : 1;
}

// oxlint-disable-next-line max-params -- a command, as `spawnSync` takes it
function run(command: string, words: readonly string[], cwd?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stderr.slice(-2000)}`);
  return stdout;
}
