/**
 * Soak test: minutes of calls and streams at half of saturation, with provider faults. Memory must
 * not grow, no call may be lost.
 */

import path from "node:path";
import type { Bench, BenchOptions, BenchResult } from "./bench.ts";
import { Child } from "./child.ts";
import { measureCell, smallRequest, type Cell, type CellGroup } from "./cell.ts";
import { startLoad, type Load } from "./load/load.ts";
import { median } from "./report/statistics.ts";
import { bytesText, numberText } from "./report/table.ts";
import { fourLevels, startPurser, type PurserTarget } from "./target/purser.ts";

/** The provider's faults and their rates. */
const faults = [
  "429:1@0.01",
  "status:500@0.01",
  "reset_after:4@0.01",
  "double_usage@0.005",
  "malformed_sse:2@0.005",
] as const;
/** Memory growth allowed between the second and last third of the run. */
const flatShare = 0.1;
const simulatorProgram = path.join(import.meta.dirname, "../src/simulator/main.ts");
const cliProgram = path.join(import.meta.dirname, "../src/cli/main.ts");

interface BooksSummary {
  readonly billed: number;
  readonly models: readonly {
    readonly cut: number;
    readonly input: number;
    readonly output: number;
  }[];
}

interface StatusFigures {
  readonly groups: readonly {
    readonly group: { readonly status: string };
    readonly calls: number;
    readonly usage: Readonly<Record<string, number>>;
  }[];
}

interface Soaked {
  readonly saturation: number;
  readonly minutes: readonly Cell[];
  readonly books: BooksSummary;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly held: readonly string[];
  readonly verified: { readonly code: number | null; readonly text: string };
}

export const soak: Bench = {
  name: "soak",
  title: "minutes at half of saturation with faults on",
  async run(options, note) {
    const simulator = Child.node([
      simulatorProgram,
      "--port",
      "0",
      ...faults.flatMap((fault) => ["--fault", fault]),
    ]);
    const { url } = await simulator.firstLine<{ readonly url: string }>();
    const load = startLoad();
    const purser = await startPurser({
      name: "purser",
      upstream: `${url}/v1`,
      durability: "full",
      budgets: fourLevels,
    });
    try {
      return result(await endure({ load, purser, simulatorUrl: url }, { options, note }));
    } finally {
      await purser.close();
      await load.close();
      await simulator.end();
    }
  },
};

async function endure(
  {
    load,
    purser,
    simulatorUrl,
  }: { readonly load: Load; readonly purser: PurserTarget; readonly simulatorUrl: string },
  { options, note }: { readonly options: BenchOptions; readonly note: (text: string) => void },
): Promise<Soaked> {
  note("finding saturation");
  const saturated = await measureCell(load, purser, {
    warmupMs: 2000,
    measureMs: options.quick ? 1000 : 5000,
    groups: groups(null),
  });
  const saturation = saturated.groups.reduce((sum, { calls, seconds }) => sum + calls / seconds, 0);
  const minutes: Cell[] = [];
  const sliceMs = options.quick ? 1000 : 60_000;
  for (let minute = 0; minute < (options.quick ? 3 : options.minutes); minute++) {
    const cell = await measureCell(load, purser, {
      warmupMs: 0,
      measureMs: sliceMs,
      groups: groups(saturation / 2),
    });
    minutes.push(cell);
    note(`minute ${minute + 1}: ${bytesText(cell.memoryBytes)}`);
  }
  // Streams that the generator abandoned are drained before they are settled.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const held = await Promise.all(
    fourLevels.map(
      async ({ budget_id: id }) =>
        (await purser.api<{ readonly held: string }>("GET", `/api/v1/budgets/${id}`)).held,
    ),
  );
  const books = (await (await fetch(`${simulatorUrl}/sim/books/summary`)).json()) as BooksSummary;
  const figures = await purser.api<StatusFigures>("GET", "/api/v1/series?bucket=none&by=status");
  const byStatus = Object.fromEntries(
    figures.groups.map(({ group, calls }) => [group.status, calls]),
  );
  await purser.close();
  note("verifying");
  return { saturation, minutes, books, byStatus, held, verified: await verify(purser.data) };
}

/** Half non-streamed calls, half streams. */
function groups(ratePerSecond: number | null): readonly CellGroup[] {
  return [false, true].map((stream) => ({
    name: stream ? "streams" : "calls",
    clients: ratePerSecond === null ? 16 : 256,
    ratePerSecond: ratePerSecond === null ? null : ratePerSecond / 2,
    request: { ...smallRequest, stream },
  }));
}

async function verify(data: string): Promise<Soaked["verified"]> {
  const child = Child.node([cliProgram, "verify", "--data", data, "--json"], { directory: data });
  const text = (await child.output()).replaceAll(/\s+/g, " ");
  return { code: await child.exited(), text: text || child.notes };
}

function result(soaked: Soaked): BenchResult {
  const { saturation, minutes, books, byStatus, held, verified } = soaked;
  const charged =
    (byStatus["settled"] ?? 0) + (byStatus["estimated"] ?? 0) + (byStatus["unresolved"] ?? 0);
  const cut = books.models.reduce((sum, model) => sum + model.cut, 0);
  const growth = growthOf(minutes);
  const figure = (
    what: string,
    wanted: string,
    { measured, met }: { readonly measured: string; readonly met: boolean },
  ) => ({
    what,
    wanted,
    measured,
    met,
  });
  return {
    span: `${minutes.length} minutes`,
    settings: { faults, half_of: saturation },
    tables: [
      {
        title: `every minute, at ${numberText(saturation / 2)} calls/s`,
        columns: ["minute", "calls", "not 200", "p50 ms", "p99 ms", "memory"],
        rows: minutes.map((cell, place) => [String(place + 1), ...minuteRow(cell)]),
        notes: [
          `Faults: ${faults.join(", ")}. Half of the calls are streams.`,
          "Memory at the end of each minute. Growth compares the medians of the last and second third.",
        ],
      },
      {
        title: "afterwards",
        columns: ["", "count"],
        rows: [
          ["calls billed by the provider", numberText(books.billed)],
          ["of those, cut", numberText(cut)],
          ...Object.entries(byStatus).map(([status, calls]) => [
            `in the ledger: ${status}`,
            numberText(calls),
          ]),
          ["held in the four budgets", held.join(", ")],
          ["`purser verify`", verified.code === 0 ? "whole" : verified.text],
        ],
        notes: [],
      },
    ],
    figures: [
      figure("memory after the first third", `grows by ≤ ${flatShare * 100} %`, {
        measured: growth === null ? "-" : `${numberText(growth * 100)} %`,
        met: growth !== null && growth <= flatShare,
      }),
      figure("held after all calls have ended", "0", {
        measured: held.join(", "),
        met: held.every((amount) => amount === "0"),
      }),
      figure("calls charged and calls billed", "equal", {
        measured: `${charged} and ${books.billed}`,
        met: charged === books.billed,
      }),
      figure("ledger, balances and roll-ups agree", "yes", {
        measured: verified.code === 0 ? "yes" : verified.text,
        met: verified.code === 0,
      }),
    ],
    invalid: minutes.some(({ groups }) => groups.some(({ calls }) => calls === 0))
      ? ["no call ended within a minute"]
      : [],
    rounds: soaked,
  };
}

function minuteRow({ groups, memoryBytes }: Cell): readonly string[] {
  const calls = groups.reduce((sum, group) => sum + group.calls, 0);
  const failed = groups
    .flatMap(({ statuses }) => Object.entries(statuses))
    .filter(([status]) => status !== "200");
  const [whole] = groups;
  return [
    numberText(calls),
    numberText(failed.reduce((sum, [, count]) => sum + count, 0)),
    numberText(whole?.latency.p50),
    numberText(whole?.latency.p99),
    bytesText(memoryBytes),
  ];
}

/** Growth from the second to the last third of the run, as a fraction. */
function growthOf(minutes: readonly Cell[]): number | null {
  const third = Math.floor(minutes.length / 3);
  const memory = minutes.map(({ memoryBytes }) => memoryBytes);
  const middle = median(memory.slice(third, 2 * third));
  const last = median(memory.slice(2 * third));
  return middle === null || last === null ? null : last / middle - 1;
}
