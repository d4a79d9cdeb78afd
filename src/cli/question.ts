/** Asks the API's report what the options of `purser report` ask: range, time axis, filters, order. */

import { isMetric } from "../app/report/metric.ts";
import type { ReportJson } from "../contract/report.ts";
import { PurserError } from "../domain/error.ts";
import { ask, type Connection } from "./connection.ts";
import { beginning } from "./figures.ts";
import { type OptionWords, sameNames } from "./option-words.ts";
import { filtersOf } from "./option.ts";

export interface QuestionOptions {
  /** Names to group by, and at most one of the time axis. */
  readonly by: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly last?: string;
  readonly today?: true;
  readonly week?: true;
  readonly month?: true;
  readonly metrics?: readonly string[];
  readonly sort?: string;
  /** True without a value. */
  readonly compare?: string | true;
  readonly timeZone?: string;
  readonly filter: readonly string[];
  readonly include?: string;
  readonly currency?: string;
}

/** The options that correspond to the fields of a report's query. */
export const questionWords: OptionWords = {
  ...sameNames("from", "to", "last", "by", "metrics", "sort", "compare", "top", "time_zone"),
  ...sameNames("include", "currency"),
  bucket: { option: "--by", remedy: "Choose a longer time axis, or a shorter range." },
};

/** Names of `--by` that make a time axis. */
const axes: ReadonlySet<string> = new Set(["hour", "day", "week", "month"]);

const calendarWindows = { today: "today", week: "this_week", month: "this_month" } as const;

/** Options that the sums of a range alone cannot answer. */
const asking = [
  "last",
  "metrics",
  "sort",
  "compare",
  "currency",
  "timeZone",
  ...keysOf(calendarWindows),
];

/** Whether the options need the API's report; the first of them, as it is written. */
export function questionOption(options: QuestionOptions): string | undefined {
  const given = asking.find((name) => Object.hasOwn(options, name));
  if (given !== undefined) return given === "timeZone" ? "--time-zone" : `--${given}`;
  if (options.filter.length > 0) return "--filter";
  const axis = options.by.find((name) => axes.has(name));
  return axis && `--by ${axis}`;
}

/**
 * @param top The number of groups to list.
 * @throws PurserError `invalid_request` for options that exclude each other; ApiProblem if the
 *   server refuses the query.
 */
export async function askQuestion(
  connection: Connection,
  options: QuestionOptions,
  top: number | undefined,
): Promise<ReportJson> {
  const query = queryOf(options, top);
  return (await ask(connection, "GET", { path: `/api/v1/report?${query}` })) as ReportJson;
}

function queryOf(options: QuestionOptions, top: number | undefined): string {
  const bucket = axisOf(options.by);
  const by = options.by.filter((name) => name !== bucket);
  const metrics = options.metrics ?? ["calls", "refusals", "input", "output", "cost"];
  const sort = options.sort ?? (metrics.includes("cost") ? "cost" : metrics[0]);
  const [sorted = ""] = sort?.split(":") ?? [];
  const columns = [...new Set([...metrics, ...(isMetric(sorted) ? [sorted] : [])])];
  const query = new URLSearchParams({ metrics: columns.join(",") });
  const fields = {
    ...rangeOf(options, bucket),
    by: by.length > 0 ? by.join(",") : undefined,
    bucket,
    sort,
    top,
    compare: options.compare === true ? "previous" : options.compare,
    time_zone: options.timeZone,
    include: options.include,
    currency: options.currency,
  };
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) query.set(name, String(value));
  for (const [name, value] of filtersOf(options.filter)) query.append(name, value);
  return query.toString();
}

function axisOf(by: readonly string[]): string | undefined {
  const [axis, ...more] = by.filter((name) => axes.has(name));
  if (more.length === 0) return axis;
  throw new PurserError("invalid_request", `--by: ${axis} and ${more[0]} are both time axes`, {
    field: "--by",
    remedy: "Give one of hour, day, week and month.",
  });
}

type Range = Partial<Record<"from" | "to" | "last" | "window", string | undefined>>;

/** Without any range: everything, or as long as the API suits to the axis or the comparison. */
function rangeOf(options: QuestionOptions, bucket: string | undefined): Range {
  const { from, to, last } = options;
  const windows = keysOf(calendarWindows).filter((name) => options[name] === true);
  const [first, second] = [
    ...(from !== undefined || to !== undefined ? [from === undefined ? "to" : "from"] : []),
    ...(last === undefined ? [] : ["last"]),
    ...windows,
  ];
  if (second !== undefined)
    throw new PurserError("invalid_request", `--${second} cannot be combined with --${first}`, {
      field: `--${second}`,
      remedy:
        "Give the range once: --from and --to, or --last, or one of --today, --week and --month.",
    });
  if (first === undefined)
    return bucket === undefined && options.compare === undefined ? { from: beginning } : {};
  const [window] = windows;
  return { from, to, last, window: window && calendarWindows[window] };
}

function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(record) as Key[];
}
