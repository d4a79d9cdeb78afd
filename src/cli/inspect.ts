/** The checks of `purser doctor`, one subject at a time. They change nothing. */

import { access, constants, stat, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { PurserError } from "../domain/error.ts";
import type { CheckedConfiguration, CommandContext } from "./context.ts";
import { checkedUrl, type Connection, overHttp, runningServer } from "./connection.ts";
import { allWrong, type Finding, warning, well, wrong, wrongBy } from "./finding.ts";
import { inspectFileAge } from "./inspect-file.ts";
import {
  compareProviders,
  inspectServer,
  probeFinding,
  probeThroughServer,
} from "./inspect-server.ts";
import { portHolder } from "./listen-failure.ts";
import { grouped } from "./terminal/number.ts";

export interface InspectOptions {
  readonly url?: string | undefined;
  readonly adminKey?: string | undefined;
  readonly data: string;
  readonly config?: string | undefined;
  readonly port?: number | undefined;
  readonly online?: boolean | undefined;
}

/** The first Node version with type stripping, `node:sqlite` and `Temporal`. */
const leastNode = 26;
/** A busy gateway writes a few gigabytes a month. */
const scarceBytes = 1024 ** 3;
/** Earlier than any release: a clock before this was never set. */
const releasedAt = Date.UTC(2026, 0, 1);

/** In order of dependency. */
export async function inspect(
  options: InspectOptions,
  context: CommandContext,
): Promise<readonly Finding[]> {
  if (options.url !== undefined)
    return inspectRunning(overHttp(checkedUrl(options.url), options.adminKey), {
      options,
      configuration: null,
    });
  const server = await runningServer(options.data);
  const checked = await inspectConfiguration(options.config, {
    context,
    isServed: server !== undefined,
  });
  const folder = await inspectFolder(options.data, context);
  const lock =
    server || folder.length < 2 ? [] : [inspectLock(await context.parts.isHeld(options.data))];
  const port = options.port ?? checked.configuration?.port ?? 4141;
  return [
    inspectNode(process.versions.node),
    inspectClock(Date.now()),
    ...checked.findings,
    ...(checked.configuration?.warnings ?? []).map((facts) => warning("configuration", facts)),
    ...(checked.configuration && folder.every(({ state }) => state !== "wrong")
      ? await context.parts.replacedPrices(options.config, options.data)
      : []
    ).map((facts) => warning("prices", facts)),
    ...folder,
    ...lock,
    await inspectDisk(options.data),
    ...(server
      ? await inspectRunning(overHttp(server.url, server.token), {
          options,
          configuration: checked.configuration,
        })
      : [
          await inspectPort(port, checked.configuration?.host ?? "127.0.0.1"),
          ...(await inspectProviders(options, { configuration: checked.configuration, context })),
        ]),
  ];
}

interface RunningSubjects {
  readonly options: InspectOptions;
  /** The configuration seen from this shell; null if invalid, or if the server is given by URL. */
  readonly configuration: CheckedConfiguration | null;
}

/** A server has providers from its own environment, and checks them with its own keys. */
async function inspectRunning(
  connection: Connection,
  { options, configuration }: RunningSubjects,
): Promise<readonly Finding[]> {
  const { findings, status } = await inspectServer(connection);
  if (!status) return findings;
  return [
    ...findings,
    // The file of a server at a URL may be on another machine.
    ...(options.url === undefined ? await inspectFileAge(status, options.config) : []),
    ...compareProviders(status, configuration),
    ...(options.online ? await probeThroughServer(connection) : []),
  ];
}

export function inspectNode(version: string): Finding {
  if (Number(version.split(".")[0]) >= leastNode) return well("node", `version ${version}`);
  return wrong("node", {
    message: `version ${version} is older than ${leastNode}`,
    remedy: "Start Purser with `npm start` or with its own `purser`, which include the right Node.",
  });
}

/** @param now Milliseconds since the epoch. */
export function inspectClock(now: number): Finding {
  if (now >= releasedAt) return well("clock", `${new Date(now).toISOString()} (UTC)`);
  return wrong("clock", {
    message: `the clock is at ${new Date(now).toISOString()}`,
    remedy: "Set the clock, or turn on time synchronisation: windows and prices depend on it.",
  });
}

interface CheckedFile {
  readonly findings: readonly Finding[];
  readonly configuration: CheckedConfiguration | null;
}

interface FileSubjects {
  readonly context: CommandContext;
  /** Whether a server is running, which has its own environment. */
  readonly isServed: boolean;
}

async function inspectConfiguration(
  file: string | undefined,
  { context, isServed }: FileSubjects,
): Promise<CheckedFile> {
  try {
    const configuration = await context.parts.checkConfiguration(file);
    const names = configuration.providers.map((provider) => provider.name).join(", ");
    return {
      findings: [
        well(
          "configuration",
          names === ""
            ? "valid; no provider key found, the simulator is on"
            : `valid; providers: ${names}`,
        ),
      ],
      configuration,
    };
  } catch (error) {
    const missing = isServed ? missingVariables(error) : null;
    const findings = missing
      ? [
          well(
            "configuration",
            `valid if ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} set (not set in this shell)`,
          ),
        ]
      : allWrong("configuration", error, "Fix the file given with --config.");
    return { findings, configuration: null };
  }
}

/** @returns The variables that this shell does not set; null if the file has other errors, too. */
function missingVariables(error: unknown): readonly string[] | null {
  const faults = error instanceof PurserError ? (error.detail.faults ?? []) : [];
  const names = new Set(faults.flatMap(({ variable }) => variable ?? []));
  return names.size > 0 && faults.every(({ variable }) => variable !== undefined)
    ? [...names]
    : null;
}

async function inspectFolder(data: string, context: CommandContext): Promise<readonly Finding[]> {
  const facts = await stat(data).catch(() => undefined);
  if (!facts) return [await inspectParent(data)];
  if (!facts.isDirectory())
    return [
      wrong("data folder", {
        message: `${data} is not a folder`,
        remedy: "Give a folder with --data.",
      }),
    ];
  const isWritable = await allows(data, constants.R_OK | constants.W_OK | constants.X_OK);
  if (!isWritable)
    return [
      wrong("data folder", {
        message: `${data} cannot be written by this user`,
        remedy: `Make this user the owner: chown -R "$USER" ${data}`,
      }),
    ];
  const isOpen = process.platform !== "win32" && (facts.mode & 0o077) !== 0;
  const openTo = (facts.mode & 0o777).toString(8);
  return [
    isOpen
      ? warning("data folder", {
          message: `${path.resolve(data)} can be read by others (mode ${openTo})`,
          remedy: `chmod 700 ${data}`,
        })
      : well("data folder", path.resolve(data)),
    await inspectLedger(data, context),
  ];
}

/** Only called if no server responds: a running server holds the lock. */
function inspectLock(isHeld: boolean): Finding {
  if (!isHeld) return well("lock", "no process holds the folder");
  return wrong("lock", {
    message: "a process holds the folder and does not respond",
    remedy: "Stop that process; the next start charges its calls in flight.",
  });
}

async function inspectParent(data: string): Promise<Finding> {
  const parent = path.dirname(path.resolve(data));
  if (await allows(parent, constants.W_OK | constants.X_OK))
    return well(
      "data folder",
      `${path.resolve(data)} does not exist yet; the first start creates it`,
    );
  return wrong("data folder", {
    message: `${path.resolve(data)} does not exist and cannot be created`,
    remedy: `Create it for this user, or give another folder with --data.`,
  });
}

async function inspectLedger(data: string, context: CommandContext): Promise<Finding> {
  const ledger = await stat(path.join(data, "ledger.db")).catch(() => undefined);
  try {
    await context.parts.checkLedger(data);
  } catch (error) {
    return wrongBy("ledger", error, "Check that this user may read it.");
  }
  if (!ledger) return well("ledger", "none yet");
  return well("ledger", `${grouped(ledger.size)} bytes; \`purser verify\` recomputes it`);
}

async function inspectDisk(data: string): Promise<Finding> {
  const folder = (await stat(data).catch(() => undefined))
    ? data
    : path.dirname(path.resolve(data));
  const disk = await statfs(folder).catch(() => undefined);
  if (!disk)
    return warning("disk", {
      message: `the free space is unknown`,
      remedy: `Check that ${folder} is accessible.`,
    });
  const free = disk.bavail * disk.bsize;
  const text = `${grouped(Math.floor(free / 1024 ** 2))} MiB free`;
  if (free >= scarceBytes) return well("disk", text);
  return warning("disk", {
    message: text,
    remedy:
      "Free some space, or move the data folder: no call is forwarded while the ledger cannot be written.",
  });
}

async function inspectPort(port: number, host: string): Promise<Finding> {
  const fault = await new Promise<string | null>((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen(port, host, () => probe.close(() => resolve(null)));
  });
  if (fault === null)
    return well("port", port === 0 ? "any free port" : `${port} on ${host} is free`);
  if (fault === "EADDRINUSE") {
    const message = `${port} on ${host} is in use by ${await portHolder(host, port)}`;
    return wrong("port", {
      message,
      remedy: "Stop it, or choose another port with `purser serve --port`.",
    });
  }
  const remedy =
    "Give an address of this machine with --host, and a port that this user may use with --port.";
  return wrong("port", { message: `cannot listen on ${port} on ${host} (${fault})`, remedy });
}

/** The providers configured in this shell; with `--online`, whether they accept their keys. */
async function inspectProviders(
  options: InspectOptions,
  { configuration, context }: ProviderSubjects,
): Promise<readonly Finding[]> {
  if (!configuration) return [];
  if (options.online) return (await context.parts.probeProviders(options.config)).map(probeFinding);
  return configuration.providers.map(({ name, baseUrl, hasKey }) =>
    well(
      `provider ${name}`,
      `${baseUrl}, ${hasKey ? "its key is set" : "callers bring their own keys"}`,
    ),
  );
}

interface ProviderSubjects {
  readonly configuration: CheckedConfiguration | null;
  readonly context: CommandContext;
}

async function allows(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}
