/** Benchmarks how counting the input of calls near a limit affects calls far from a limit. */

import type { Bench, BenchOptions, BenchResult, Figure, Table } from "./bench.ts";
import { smallRequest } from "./cell.ts";
import type { GroupResult, LoadGroup } from "./load/job.ts";
import { startLoad, type Load } from "./load/load.ts";
import { median, differences, spread } from "./report/statistics.ts";
import { numberText, spreadText } from "./report/table.ts";
import { interleave, roundsOf, type Round } from "./rounds.ts";
import { fourLevels, price, startPurser, type PurserTarget } from "./target/purser.ts";
import { startUpstream } from "./upstream/upstream.ts";

const delayMs = 20;
const largeBytes = 100_000;
const largePerSecond = 10;
/** The hold of a large call at one token per byte, in USD; with less left it must be counted. */
const byBytes = (largeBytes * Number(price.input)) / 1e6;

/** The large calls that run alongside the small ones. */
type Alongside = "nothing" | "far" | "near";

const subjects: readonly { readonly name: Alongside; readonly title: string }[] = [
  { name: "nothing", title: "alone" },
  { name: "far", title: "with large calls far from a limit" },
  { name: "near", title: "with large calls near a limit, each counted" },
];

interface Cell {
  readonly small: GroupResult;
  readonly large: GroupResult | undefined;
  /** USD left at the end in the budget near its limit. */
  readonly left: number;
}

export const counting: Bench = {
  name: "counting",
  title: `${largePerSecond} calls/s of ${largeBytes / 1000} KB whose input is counted, with small calls of ${delayMs} ms`,
  async run(options, note) {
    const upstream = await startUpstream();
    const load = startLoad();
    try {
      const purser = await startPurser({
        name: "purser",
        upstream: `http://127.0.0.1:${upstream.port}/v1`,
        durability: "full",
        budgets: fourLevels,
      });
      try {
        await upstream.set({ delayMs, streamTokens: 20, gapMs: 0 });
        const keys = { far: await makeKey(purser, "far"), near: await makeKey(purser, "near") };
        for (const { name } of subjects)
          await measure({ load, purser, keys }, name, options.quick ? 200 : 2000);
        const rounds = await interleave(subjects, options.rounds, ({ name }, round) => {
          note(`round ${round + 1}, ${name}`);
          return measure({ load, purser, keys }, name, options.seconds * 1000);
        });
        return result(rounds, options);
      } finally {
        await purser.close();
      }
    } finally {
      await load.close();
      await upstream.close();
    }
  },
};

/** @returns The secret of a key whose project has its own budget. */
async function makeKey(purser: PurserTarget, project: "far" | "near"): Promise<string> {
  const budget = {
    budget_id: project,
    budget_type: "project",
    resource_id: project,
    amount: "1000000",
    period: "month",
    policy: "hard",
  };
  await purser.api("POST", "/api/v1/budgets", budget);
  const { key } = await purser.api<{ readonly key: string }>("POST", "/api/v1/keys", {
    name: project,
    attribution: { project },
  });
  return key;
}

interface Field {
  readonly load: Load;
  readonly purser: PurserTarget;
  readonly keys: Readonly<Record<"far" | "near", string>>;
}

async function measure(
  { load, purser, keys }: Field,
  alongside: Alongside,
  measureMs: number,
): Promise<Cell> {
  const { path, headers, model, port } = purser;
  if (alongside === "near") await leave(purser, byBytes * 0.97);
  const small = { ...smallRequest, path, headers, model };
  const groups: LoadGroup[] = [{ name: "small", clients: 16, ratePerSecond: null, request: small }];
  if (alongside !== "nothing") {
    const request = {
      ...small,
      headers: { authorization: `Bearer ${keys[alongside]}` },
      promptBytes: largeBytes,
    };
    groups.push({ name: "large", clients: largePerSecond, ratePerSecond: largePerSecond, request });
  }
  const { groups: done } = await load.run({ port, warmupMs: measureMs / 5, measureMs, groups });
  const [first, large] = done;
  if (!first) throw new Error("no group of small calls");
  return { small: first, large, left: await leftOf(purser) };
}

interface BudgetAnswer {
  readonly spent: string;
  readonly available: string;
}

async function leave(purser: PurserTarget, usd: number): Promise<void> {
  const { spent } = await purser.api<BudgetAnswer>("GET", "/api/v1/budgets/near");
  await purser.api("PATCH", "/api/v1/budgets/near", { amount: (Number(spent) + usd).toFixed(9) });
}

async function leftOf(purser: PurserTarget): Promise<number> {
  return Number((await purser.api<BudgetAnswer>("GET", "/api/v1/budgets/near")).available);
}

type Rounds = readonly Round<Cell>[];

function result(rounds: Rounds, options: BenchOptions): BenchResult {
  return {
    settings: { delay_ms: delayMs, large_bytes: largeBytes, large_per_second: largePerSecond },
    tables: [table(rounds)],
    figures: [figure(rounds)],
    invalid: rounds.flatMap((round) => doubtsOf(round, options)),
    rounds,
  };
}

const small = (rounds: Rounds, name: Alongside, share: "p50" | "p99"): readonly (number | null)[] =>
  roundsOf(rounds, name).map((cell) => cell.small.latency[share]);

function table(rounds: Rounds): Table {
  return {
    title: "small calls, 16 clients in a closed loop",
    columns: ["", "calls/s", "p50", "p99", "large calls: p50"],
    rows: subjects.map(({ name, title }) => {
      const cells = roundsOf(rounds, name);
      return [
        title,
        spreadText(spread(cells.map((cell) => cell.small.calls / cell.small.seconds))),
        spreadText(spread(small(rounds, name, "p50"))),
        spreadText(spread(small(rounds, name, "p99"))),
        name === "nothing"
          ? "-"
          : spreadText(spread(cells.map((cell) => cell.large?.latency.p50 ?? null))),
      ];
    }),
    notes: [
      "Milliseconds; the median of the rounds and their range. The large calls are the same in both rows; only the room in their budget differs.",
    ],
  };
}

function figure(rounds: Rounds): Figure {
  const [p50, p99] = (["p50", "p99"] as const).map((share) =>
    median(differences(small(rounds, "near", share), small(rounds, "far", share))),
  );
  return {
    what: "latency added to calls far from a limit when concurrent large calls are counted",
    wanted: "p50 ≤ 0.5 ms, p99 ≤ 5 ms",
    measured: `p50 ${numberText(p50 ?? null)} ms, p99 ${numberText(p99 ?? null)} ms`,
    met:
      p50 !== null &&
      p50 !== undefined &&
      p50 <= 0.5 &&
      p99 !== null &&
      p99 !== undefined &&
      p99 <= 5,
  };
}

function doubtsOf(
  { subject, round, measured }: Round<Cell>,
  { quick, seconds }: BenchOptions,
): readonly string[] {
  const label = `${subject}, round ${round + 1}`;
  const groups = [measured.small, ...(measured.large ? [measured.large] : [])];
  const failed = groups.filter(({ statuses }) =>
    Object.keys(statuses).some((status) => status !== "200"),
  );
  return [
    ...failed.map(
      ({ name, firstError }) =>
        `${label}: calls of ${name} failed, the first: ${firstError ?? "unknown"}`,
    ),
    ...(measured.small.calls < (quick ? 1 : seconds * 200)
      ? [`${label}: only ${measured.small.calls} small calls`]
      : []),
    ...(subject === "near" && measured.left >= byBytes
      ? [`${label}: ${measured.left} USD were left, so nothing had to be counted`]
      : []),
  ];
}
