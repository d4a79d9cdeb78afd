/** The questions that the ledger's benchmark asks: each kind that the control plane answers. */

export interface Question {
  readonly name: string;
  readonly path: string;
}

const quarter = "from=2026-07-01&to=2026-10-01";
const month = "from=2026-07-01&to=2026-08-01";
const week = "from=2026-08-01&to=2026-08-08";
/** As many hours as a report may have buckets. */
const longest = "from=2026-07-01&to=2026-09-20";
const percentiles = "metrics=cost,calls,latency_p50,latency_p95";

function report(name: string, query: string): Question {
  return { name: `report, ${name}`, path: `/api/v1/report?${query}` };
}

const wholes: readonly Question[] = [
  { name: "summary, all time", path: "/api/v1/summary?from=2026-01-01T00:00:00Z" },
  {
    name: "summary of a project",
    path: "/api/v1/summary?from=2026-01-01T00:00:00Z&project=project-7",
  },
  report(
    "a quarter by project, user and model, compared",
    "from=2026-08-01&to=2026-09-25&by=project,user,model&compare=previous&top=20",
  ),
  report(
    "a quarter that begins and ends within an hour, by project, user and model",
    "from=2026-07-03T07:13:00Z&to=2026-09-25T17:44:00Z&by=project,user,model&top=20",
  ),
  report("a quarter by model, percentiles", `${quarter}&by=model&${percentiles}`),
  report(
    "a quarter by project, user and model, percentiles",
    `${quarter}&by=project,user,model&${percentiles}`,
  ),
  report("a quarter by project, cost per user", `${quarter}&by=project&metrics=cost,cost_per_user`),
  report("a quarter of a project by user", `${quarter}&project=project-7&by=user`),
  report("a quarter of a model by key and status", `${quarter}&model=gpt-4.1&by=key,status`),
];

const days: readonly Question[] = [
  {
    name: "series, a month by day and model",
    path: "/api/v1/series?from=2026-07-01T00:00:00Z&to=2026-08-01T00:00:00Z&bucket=day&by=model",
  },
  {
    name: "series, a year by month and project",
    path: "/api/v1/series?from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z&bucket=month&by=project",
  },
  ...["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"].map((zone) =>
    report(
      `a quarter by day and model, ${zone}`,
      `${quarter}&bucket=day&by=model&time_zone=${zone}`,
    ),
  ),
  report("a quarter by day, Asia/Kathmandu", `${quarter}&bucket=day&time_zone=Asia/Kathmandu`),
  report(
    "a quarter by day, project and model, Europe/Berlin",
    `${quarter}&by=project,model&bucket=day&time_zone=Europe/Berlin`,
  ),
  report(
    "a month by day and model, Europe/Berlin, cumulative",
    `${month}&by=model&bucket=day&time_zone=Europe/Berlin&cumulative=true`,
  ),
  report(
    "a quarter of a user by day, America/New_York",
    `${quarter}&user=user-7&bucket=day&time_zone=America/New_York`,
  ),
  ...["UTC", "Europe/Berlin", "Asia/Kathmandu"].map((zone) =>
    report(
      `a quarter by day and model, ${zone}, percentiles`,
      `${quarter}&by=model&bucket=day&time_zone=${zone}&${percentiles}`,
    ),
  ),
  report(
    "a quarter by week and model, Europe/Berlin, percentiles",
    `${quarter}&by=model&bucket=week&time_zone=Europe/Berlin&${percentiles}`,
  ),
  report(
    "a quarter by month, Asia/Kolkata, percentiles",
    `${quarter}&bucket=month&time_zone=Asia/Kolkata&${percentiles}`,
  ),
  report(
    "a quarter by day, percentiles, cumulative",
    `${quarter}&bucket=day&${percentiles}&cumulative=true`,
  ),
  report(
    "a quarter by day, cost per user, cumulative",
    `${quarter}&bucket=day&metrics=cost,cost_per_user&cumulative=true`,
  ),
  report(
    "a quarter by day, Europe/Berlin, cost per user",
    `${quarter}&bucket=day&metrics=cost,cost_per_user&time_zone=Europe/Berlin`,
  ),
  report(
    "a quarter by day and project, Europe/Berlin, cost per user",
    `${quarter}&by=project&bucket=day&metrics=cost,cost_per_user&time_zone=Europe/Berlin`,
  ),
];

const hours: readonly Question[] = [
  report("a week by hour and model", `${week}&bucket=hour&by=model`),
  report("a week by hour and model, percentiles", `${week}&bucket=hour&by=model&${percentiles}`),
  report(
    "a week by hour and model, Asia/Kolkata",
    `${week}&bucket=hour&by=model&time_zone=Asia/Kolkata`,
  ),
  report("a month by hour, cumulative", `${month}&bucket=hour&cumulative=true`),
  report("a month by hour and model, cumulative", `${month}&by=model&bucket=hour&cumulative=true`),
  report("1,944 hours, cumulative", `${longest}&bucket=hour&cumulative=true`),
  report("1,944 hours by model", `${longest}&by=model&bucket=hour`),
  report("1,944 hours, percentiles", `${longest}&bucket=hour&${percentiles}`),
  report(
    "1,944 hours, percentiles, cumulative",
    `${longest}&bucket=hour&${percentiles}&cumulative=true`,
  ),
];

const entries: readonly Question[] = [
  { name: "entries, the newest 100", path: "/api/v1/entries?limit=100" },
  { name: "entries of a project, 100", path: "/api/v1/entries?limit=100&project=project-7" },
];

export const questions: readonly Question[] = [...wholes, ...days, ...hours, ...entries];
