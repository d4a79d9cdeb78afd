/** `purser teams`: what teams were allocated, have used, and pay for a deliverable. */

import type { Command } from "commander";
import type { TeamPageJson } from "../../contract/team.ts";
import { ask, type Connection } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { moment, type TargetOptions, withTarget } from "../option.ts";
import { sameNames } from "../option-words.ts";
import { printJson, withConnection } from "../session.ts";
import { teamsCsv, teamsText } from "../teams-text.ts";

const words = sameNames("team", "deliverable", "from", "to", "last", "time_zone", "currency");

interface TeamsOptions extends TargetOptions {
  readonly team?: string;
  readonly deliverable?: string;
  readonly from?: string;
  readonly to?: string;
  readonly last?: string;
  readonly timeZone?: string;
  readonly currency?: string;
  readonly csv?: true;
}

export function defineTeams(command: Command, context: CommandContext): void {
  withTarget(command)
    .option("--team <name>", "only this team")
    .option("--deliverable <name>", "what is counted: a dimension, or tag:NAME (task)")
    .option("--from <date>", "for teams without a budget: start date or time", moment("--from"))
    .option("--to <date>", "for teams without a budget: end, excluded (now)", moment("--to"))
    .option("--last <length>", "for teams without a budget: 24h, 7d, 4w or 3m (30d)")
    .option("--time-zone <name>", "IANA name of the zone of days, weeks and months (UTC)")
    .option("--currency <code>", "show amounts in USD in another currency, such as EUR")
    .option("--csv", "print CSV, with exact amounts")
    .addHelpText(
      "after",
      `
A budget's row is of its current window. Tables round amounts; --json and --csv are exact.

Examples:
  purser teams
  purser teams --deliverable tag:feature
  purser teams --csv > teams.csv`,
    )
    .action(async (options: TeamsOptions) => {
      const found = await withConnection(context, { target: options, words }, (connection) =>
        readTeams(connection, options),
      );
      const { out } = context.screen;
      if (options.json) return printJson(context, found);
      if (options.csv) return out.draw(teamsCsv(found));
      out.write(teamsText(found, out, options.team));
    });
}

/** All pages in one. */
async function readTeams(connection: Connection, options: TeamsOptions): Promise<TeamPageJson> {
  const { team, deliverable, from, to, last, timeZone: time_zone, currency } = options;
  const fields = { team, deliverable, from, to, last, time_zone, currency, limit: "500" };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) query.set(name, value);
  const rows: TeamPageJson["data"][number][] = [];
  for (;;) {
    const path = `/api/v1/teams?${query.toString()}`;
    const page = (await ask(connection, "GET", { path })) as TeamPageJson;
    rows.push(...page.data);
    if (page.next_cursor === null) return { ...page, data: rows };
    query.set("cursor", page.next_cursor);
  }
}
