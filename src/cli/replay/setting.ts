/** Prepares the gateway for a replay: its own or a running one, with keys and budgets. */

import type { VerifyReport } from "../../app/port/reader.ts";
import type { KeyInput, NewKeyJson } from "../../contract/key.ts";
import { ask, type Connection, overHttp } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { openStage } from "../stage.ts";
import type { ReplayOptions } from "./options.ts";
import { teamsOf } from "./plan.ts";

export interface Setting {
  readonly url: string;
  readonly keyOf: (team: string) => string;
  /** Null without an admin key: the ledger then cannot be read. */
  readonly admin: Connection | null;
  /** Null if the address of the simulator is not given. */
  readonly simulatorUrl: string | null;
  /** Verifies the ledger, if it belongs to this replay. */
  readonly verify: (() => Promise<VerifyReport>) | null;
  close(): Promise<void>;
}

/** Enough that no call is refused unless a limit is requested. */
const ampleUsd = "1000000";

export async function openSetting(
  options: ReplayOptions,
  context: CommandContext,
): Promise<Setting> {
  return options.url === undefined
    ? ownSetting(options, context)
    : givenSetting(options, options.url);
}

async function ownSetting(options: ReplayOptions, context: CommandContext): Promise<Setting> {
  const stage = await openStage(context, { data: options.data });
  try {
    const suffix = Date.now().toString(36);
    for (const budget of budgetsFor(options, suffix))
      await ask(stage.admin, "POST", { path: "/api/v1/budgets", body: budget });
    const keys = await makeKeys(stage.admin, { teams: options.teams, suffix });
    return {
      url: stage.url,
      keyOf: (team) => keys.of.get(team) ?? "",
      admin: stage.admin,
      simulatorUrl: stage.simulatorUrl,
      verify: () => context.parts.verifyFolder(stage.dataDirectory, () => {}),
      close: async () => {
        await keys.revoke();
        await stage.close();
      },
    };
  } catch (error) {
    await stage.close();
    throw error;
  }
}

async function givenSetting(options: ReplayOptions, url: string): Promise<Setting> {
  const admin = options.adminKey === undefined ? null : overHttp(url, options.adminKey);
  const { key } = options;
  const suffix = Date.now().toString(36);
  const keys =
    key === undefined && admin
      ? await makeKeys(admin, { teams: options.teams, suffix })
      : undefined;
  return {
    url,
    keyOf: (team) => keys?.of.get(team) ?? key ?? "",
    admin,
    simulatorUrl: options.simulator ?? null,
    verify: null,
    close: async () => keys?.revoke(),
  };
}

/** Four budgets: all, each team, each agent, each user. */
function budgetsFor(
  options: ReplayOptions,
  suffix: string,
): readonly Readonly<Record<string, unknown>>[] {
  const all = `replay-${suffix}`;
  const level = (type: string, amount: string) => ({
    budget_id: `${all}-${type}`,
    parent_budget_id: all,
    budget_type: type,
    resource_id: "*",
    amount,
    period: "month",
    policy: "hard",
  });
  return [
    {
      budget_id: all,
      budget_type: "platform",
      resource_id: "main",
      amount: ampleUsd,
      period: "month",
      policy: "hard",
    },
    level("team", options.teamBudget ?? ampleUsd),
    level("agent", ampleUsd),
    level("user", ampleUsd),
  ];
}

/** Keys created for this replay only. */
interface MadeKeys {
  /** Secrets by team. */
  readonly of: ReadonlyMap<string, string>;
  revoke(): Promise<void>;
}

/** @param options.suffix Makes the names unique to this replay. */
async function makeKeys(
  admin: Connection,
  { teams, suffix }: { readonly teams: number; readonly suffix: string },
): Promise<MadeKeys> {
  const secrets = new Map<string, string>();
  const ids: string[] = [];
  const revoke = async (): Promise<void> => {
    for (const id of ids) await ask(admin, "DELETE", { path: `/api/v1/keys/${id}` });
  };
  try {
    for (const team of teamsOf(teams)) {
      const body: KeyInput = {
        name: `replay-${suffix}-${team}`,
        role: "caller",
        attribution: { team },
        may_refine: ["agent", "user"],
      };
      const made = (await ask(admin, "POST", { path: "/api/v1/keys", body })) as NewKeyJson;
      secrets.set(team, made.key);
      ids.push(made.key_id);
    }
    return { of: secrets, revoke };
  } catch (error) {
    await revoke();
    throw error;
  }
}
