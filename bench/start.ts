/** Benchmarks the time from a cold start to the first served call, and the installed size. */

import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import type { Bench } from "./bench.ts";
import { bodyText } from "./load/request.ts";
import { spread, type Spread } from "./report/statistics.ts";
import { bytesText, numberText, spreadText } from "./report/table.ts";
import { cacheFolder, freshFolder } from "./target/cache.ts";
import { startPortkey } from "./target/portkey.ts";
import { startProxy } from "./target/proxy.ts";
import { fourLevels, startPurser } from "./target/purser.ts";
import type { Target } from "./target/target.ts";
import { startUpstream } from "./upstream/upstream.ts";

const root = path.join(import.meta.dirname, "..");

interface Starter {
  readonly name: string;
  start(upstreamPort: number): Promise<Target>;
}

const starters: readonly Starter[] = [
  { name: "proxy", start: startProxy },
  {
    name: "purser",
    start: (port) => {
      const data = freshFolder("start");
      return startPurser({
        name: "purser",
        upstream: `http://127.0.0.1:${port}/v1`,
        durability: "full",
        budgets: fourLevels,
        data,
      });
    },
  },
  { name: "portkey", start: startPortkey },
];

interface Installed {
  readonly packages: number;
  readonly bytes: number;
}

export const start: Bench = {
  name: "start",
  title: "cold start to the first served call, and installed size",
  async run({ rounds, without }, note) {
    const upstream = await startUpstream();
    const chosen = starters.filter(({ name }) => !without.includes(name));
    const measured = new Map<string, number[]>(chosen.map(({ name }) => [name, []]));
    try {
      for (let round = 0; round < rounds; round++) {
        for (const starter of round % 2 === 0 ? chosen : chosen.toReversed()) {
          note(`round ${round + 1}, ${starter.name}`);
          measured.get(starter.name)?.push(await firstCall(starter, upstream.port));
        }
      }
    } finally {
      await upstream.close();
      rmSync(path.join(cacheFolder, "data"), { recursive: true, force: true });
    }
    return result(measured);
  },
};

/** Milliseconds from process start to the end of the first call. */
async function firstCall(starter: Starter, upstreamPort: number): Promise<number> {
  const begin = performance.now();
  const target = await starter.start(upstreamPort);
  try {
    const body = bodyText({
      promptBytes: 400,
      maxTokens: 32,
      stream: false,
      model: target.model,
      path: target.path,
      headers: {},
    });
    const headers = { "content-type": "application/json", ...target.headers };
    const response = await fetch(`http://127.0.0.1:${target.port}${target.path}`, {
      method: "POST",
      headers,
      body,
    });
    if (!response.ok)
      throw new Error(`${starter.name}: ${response.status} ${await response.text()}`);
    await response.text();
    return performance.now() - begin;
  } finally {
    await target.close();
  }
}

function result(
  measured: ReadonlyMap<string, readonly number[]>,
): Awaited<ReturnType<Bench["run"]>> {
  const times = (name: string): Spread | null => spread(measured.get(name) ?? []);
  const own = times("purser");
  const installed: readonly (readonly [name: string, Installed])[] = [
    ["purser", ownDependencies()],
    ...(measured.has("portkey")
      ? ([["portkey", everyPackage(path.join(cacheFolder, "portkey"))]] as const)
      : []),
  ];
  return {
    settings: { data_folder: "empty" },
    tables: [
      {
        title: "from process start to the end of the first call, ms",
        columns: ["", "ms"],
        rows: [...measured.keys()].map((name) => [name, spreadText(times(name))]),
        notes: [
          "Purser runs from its sources, with an empty data folder and four configured budgets. Files are in the system's cache.",
        ],
      },
      {
        title: "installed for production",
        columns: ["", "packages", "bytes"],
        rows: installed.map(([name, { packages, bytes }]) => [
          name,
          numberText(packages),
          bytesText(bytes),
        ]),
        notes: [
          "Without the pinned Node, which is one more package per platform; the other gateway needs a Node too.",
        ],
      },
    ],
    figures: [
      {
        what: "start to first served call, empty data folder",
        wanted: "≤ 1 s",
        measured: `${numberText(own?.median)} ms`,
        met: (own?.median ?? Infinity) <= 1000,
      },
    ],
    invalid: [],
    rounds: {
      milliseconds: Object.fromEntries(measured),
      installed: Object.fromEntries(installed),
    },
  };
}

/** The production dependencies in the lock file, as installed in `node_modules`. */
function ownDependencies(): Installed {
  const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<
      Record<
        string,
        { readonly dev?: boolean; readonly optional?: boolean; readonly devOptional?: boolean }
      >
    >;
  };
  const folders = Object.entries(lock.packages)
    .filter(
      ([folder, entry]) => folder !== "" && !entry.dev && !entry.optional && !entry.devOptional,
    )
    .map(([folder]) => path.join(root, folder));
  return sizeOf(folders);
}

function everyPackage(folder: string): Installed {
  const lock = JSON.parse(readFileSync(path.join(folder, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, object>>;
  };
  return sizeOf(
    Object.keys(lock.packages)
      .filter((name) => name !== "")
      .map((name) => path.join(folder, name)),
  );
}

function sizeOf(folders: readonly string[]): Installed {
  const present = folders.filter((folder) => statSync(folder, { throwIfNoEntry: false }));
  return {
    packages: present.length,
    bytes: present.reduce((sum, folder) => sum + bytesIn(folder), 0),
  };
}

/** Nested packages are counted separately. */
function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== "node_modules")
    .map((entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return bytesIn(file);
      return entry.isFile() ? statSync(file).size : 0;
    })
    .reduce((sum, bytes) => sum + bytes, 0);
}
