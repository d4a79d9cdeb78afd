/** What a running server says about itself: its environment is not that of the shell from which one looks. */

import type { Probe } from "../app/manage/probe.ts";
import type { ProbesJson, StatusJson } from "../contract/status.ts";
import { ask, type Connection } from "./connection.ts";
import type { CheckedConfiguration } from "./context.ts";
import { ApiProblem, failureOf } from "./failure.ts";
import { well, warning, wrong, type Finding } from "./finding.ts";
import { counted, duration } from "./terminal/number.ts";

export interface ServerInspection {
  readonly findings: readonly Finding[];
  /** The providers that it has; null where it did not say. */
  readonly providers: readonly string[] | null;
}

/** Prices move every few weeks. */
const staleDays = 60;

export async function inspectServer(connection: Connection): Promise<ServerInspection> {
  try {
    const status = (await ask(connection, "GET", { path: "/api/v1/status" })) as StatusJson;
    const providers = status.providers.map(({ name }) => name);
    return {
      findings: [...processFindings(status, connection.where), ...providerFindings(status)],
      providers,
    };
  } catch (error) {
    return { findings: [unknownServer(connection.where, error)], providers: null };
  }
}

/** The server's providers beside those that this shell's configuration would give it. */
export function compareProviders(
  ofServer: readonly string[] | null,
  here: CheckedConfiguration | null,
): readonly Finding[] {
  const missing = (here?.providers ?? []).filter(
    ({ name }) => ofServer !== null && !ofServer.includes(name),
  );
  return missing.map(({ name }) =>
    warning(`provider ${name}`, {
      message: "it is configured in this shell and unknown to the running server",
      remedy:
        "Restart the server with the same configuration and environment, if it is to have it.",
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
  const took = `${url} answers in ${duration(elapsedMs)}`;
  if (state === "accepted") return well(subject, `${took}, takes the key${listed}`);
  if (state === "refused")
    return wrong(subject, {
      message: `${url}: ${problem ?? "it refuses the key"}`,
      remedy: "Set a key that is live, and restart the server.",
    });
  if (state === "unreachable") {
    const remedy = "Check the network, a proxy, and `base_url` in the configuration.";
    return wrong(subject, { message: `${url}: ${problem ?? "no answer"}`, remedy });
  }
  if (state === "failing")
    return warning(subject, {
      message: `${url}: ${problem ?? "it fails"}`,
      remedy: "Try again later.",
    });
  return well(
    subject,
    problem === null ? `${took}; its key was not checked` : `${url}: ${problem}`,
  );
}

function processFindings(status: StatusJson, where: string): readonly Finding[] {
  const { ledger, prices } = status;
  const priceText = `${prices.version}, checked ${counted(prices.age_days, "day")} ago (${prices.checked_on}), ${counted(prices.stated, "stated price")}`;
  return [
    well(
      "server",
      `${where}, version ${status.version}, Node ${status.node}, process ${status.process_id}, since ${status.started_at}`,
    ),
    well("server's folder", `${status.data}, durability ${status.durability}`),
    ledger.problem === null
      ? well("server's ledger", `can be written, ${counted(ledger.open_holds, "open hold")}`)
      : wrong("server's ledger", {
          message: ledger.problem,
          remedy: "Free space or repair the disk: until then no call is forwarded.",
        }),
    prices.age_days > staleDays
      ? warning("server's prices", {
          message: priceText,
          remedy: "Update Purser, or state newer prices under `prices:`.",
        })
      : well("server's prices", priceText),
  ];
}

function providerFindings({ providers }: StatusJson): readonly Finding[] {
  if (providers.length === 0) {
    const message = "no provider key found; the simulator answers sim/... models";
    return [
      warning("server's providers", {
        message,
        remedy: "Set OPENAI_API_KEY, ANTHROPIC_API_KEY, ... where the server starts.",
      }),
    ];
  }
  return providers.map(({ name, base_urls: urls, key }) =>
    well(
      `provider ${name}`,
      `${urls.join(", ")}, ${key === "set" ? "its key is set" : "callers bring their keys"}`,
    ),
  );
}

function unknownServer(where: string, error: unknown): Finding {
  const { message, remedy } = failureOf(error);
  if (error instanceof ApiProblem && error.status === 404) {
    const older = `${where} runs, and is a version that does not describe itself`;
    return warning("server", { message: older, remedy: "Restart it with this version." });
  }
  return wrong("server", {
    message: message.startsWith(where) ? message : `${where}: ${message}`,
    remedy: remedy ?? "Check its log.",
  });
}
