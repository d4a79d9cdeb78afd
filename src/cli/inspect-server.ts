/** The checks of a running server, whose environment may differ from that of this shell. */

import type { Probe } from "../app/manage/probe.ts";
import type { ProbesJson, StatusJson } from "../contract/status.ts";
import { ask, type Connection } from "./connection.ts";
import type { CheckedConfiguration } from "./context.ts";
import { ApiProblem, failureOf } from "./failure.ts";
import { well, warning, wrong, type Finding } from "./finding.ts";
import { inspectNotifiers } from "./inspect-notifiers.ts";
import { counted, duration, grouped } from "./terminal/number.ts";

export interface ServerInspection {
  readonly findings: readonly Finding[];
  /** Null if the server did not report it. */
  readonly status: StatusJson | null;
}

/** Prices change every few weeks. */
const staleDays = 30;
const dayMs = 86_400_000;

export async function inspectServer(connection: Connection): Promise<ServerInspection> {
  try {
    const status = (await ask(connection, "GET", { path: "/api/v1/status" })) as StatusJson;
    return {
      findings: [
        ...processFindings(status, { where: connection.where, now: Date.now() }),
        ...providerFindings(status),
        ...(await inspectNotifiers(connection)),
      ],
      status,
    };
  } catch (error) {
    return { findings: [unknownServer(connection.where, error)], status: null };
  }
}

/** Warns about providers that only the configuration of this shell has. */
export function compareProviders(
  { providers }: StatusJson,
  here: CheckedConfiguration | null,
): readonly Finding[] {
  const ofServer = new Set(providers.map(({ name }) => name));
  const missing = (here?.providers ?? []).filter(({ name }) => !ofServer.has(name));
  return missing.map(({ name }) =>
    warning(`provider ${name}`, {
      message: "configured in this shell, but unknown to the running server",
      remedy: "To add it, restart the server with the same configuration and environment.",
    }),
  );
}

export async function probeThroughServer(connection: Connection): Promise<readonly Finding[]> {
  const { data } = (await ask(connection, "POST", {
    path: "/api/v1/status/providers",
  })) as ProbesJson;
  return data.map(({ elapsed_ms: elapsedMs, ...probe }) => probeFinding({ ...probe, elapsedMs }));
}

export function probeFinding({ provider, url, state, problem, models, elapsedMs }: Probe): Finding {
  const subject = `provider ${provider}`;
  const listed = models === null ? "" : `, and lists ${counted(models, "model")}`;
  const took = `${url} responds in ${duration(elapsedMs)}`;
  if (state === "accepted") return well(subject, `${took}, accepts the key${listed}`);
  if (state === "refused")
    return wrong(subject, {
      message: `${url}: ${problem ?? "the key was rejected"}`,
      remedy: "Set a valid key, and restart the server.",
    });
  if (state === "unreachable") {
    const remedy = "Check the network, a proxy, and `base_url` in the configuration.";
    return wrong(subject, { message: `${url}: ${problem ?? "no response"}`, remedy });
  }
  if (state === "failing")
    return warning(subject, {
      message: `${url}: ${problem ?? "the request failed"}`,
      remedy: "Try again later.",
    });
  return well(
    subject,
    problem === null ? `${took}; its key was not checked` : `${url}: ${problem}`,
  );
}

/** @param seen.now Milliseconds since the epoch. */
export function processFindings(
  status: StatusJson,
  { where, now }: { readonly where: string; readonly now: number },
): readonly Finding[] {
  const { ledger, prices } = status;
  const ageMs = Math.max(0, now - Date.parse(prices.updated_at));
  const days = counted(Math.floor(ageMs / dayMs), "day");
  const priceText = `${prices.version}, updated ${days} ago (${prices.updated_at.slice(0, 10)}), ${counted(prices.stated, "price of your own", "prices of your own")}`;
  return [
    well(
      "server",
      `${where}, version ${status.version}, Node ${status.node}, process ${status.process_id}, since ${status.started_at}`,
    ),
    well("server's folder", `${status.data}, durability ${status.durability}`),
    ledger.problem === null
      ? well("server's ledger", `writable, ${counted(ledger.open_holds, "open hold")}`)
      : wrong("server's ledger", {
          message: ledger.problem,
          remedy: "Free some space or repair the disk: until then, no call is forwarded.",
        }),
    ageMs > staleDays * dayMs
      ? warning("server's prices", {
          message: priceText,
          remedy: "Run `purser prices update`.",
        })
      : well("server's prices", priceText),
    ...scheduleFindings(status),
  ];
}

/** `90 min`, `24 h`: the configuration has whole minutes. */
function intervalText(seconds: number): string {
  return seconds % 3600 === 0 ? `${grouped(seconds / 3600)} h` : `${grouped(seconds / 60)} min`;
}

function scheduleFindings({ price_updates: schedule }: StatusJson): readonly Finding[] {
  // A server of an earlier version does not report it.
  if (!schedule) return [];
  const { from, every_seconds: seconds, last } = schedule;
  const text = `from ${from} every ${intervalText(seconds)}`;
  const subject = "server's price updates";
  if (!last) return [well(subject, `${text}; none yet since the server started`)];
  const message = `${text}; ${last.at}: ${last.message}`;
  if (last.result === "refused")
    return [
      warning(subject, {
        message,
        remedy: `Look at the changes with \`purser prices update --from ${from} --check\`; take them with --accept.`,
      }),
    ];
  if (last.result === "failed")
    return [
      warning(subject, {
        message,
        remedy:
          "Check the address and the network, or carry a list in with `purser prices update --from FILE`.",
      }),
    ];
  return [well(subject, message)];
}

function providerFindings({ providers }: StatusJson): readonly Finding[] {
  if (providers.length === 0) {
    const message = "no provider key found; the simulator serves sim/... models";
    return [
      warning("server's providers", {
        message,
        remedy: "Set OPENAI_API_KEY, ANTHROPIC_API_KEY, ... in the environment of the server.",
      }),
    ];
  }
  return providers.map(({ name, base_urls: urls, key }) =>
    well(
      `provider ${name}`,
      `${urls.join(", ")}, ${key === "set" ? "its key is set" : "callers bring their own keys"}`,
    ),
  );
}

function unknownServer(where: string, error: unknown): Finding {
  const { message, remedy } = failureOf(error);
  if (error instanceof ApiProblem && error.status === 404) {
    const older = `${where} is running a version that does not report its status`;
    return warning("server", { message: older, remedy: "Restart it with this version." });
  }
  return wrong("server", {
    message: message.startsWith(where) ? message : `${where}: ${message}`,
    remedy: remedy ?? "Check its log.",
  });
}
