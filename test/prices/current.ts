/** Which models of the published lists are sold today, and were released in the last 18 months. */

import type { PublishedList } from "../../src/catalogue/source/source.ts";

interface Model {
  readonly provider: string;
  readonly model: string;
}

/**
 * Neither list has dates of release. A model counts unless a list says that it has ended, or its id
 * has a date more than 18 months ago: `gpt-4o-2024-08-06`, `claude-3-opus-20240229`,
 * `mistral-large-2402`.
 */
export function isCurrentModel(
  lists: readonly PublishedList[],
  at: number,
): (model: Model) => boolean {
  const ended = new Set(
    lists.flatMap(({ ends = [] }) =>
      ends.filter(({ on }) => on <= at).map(({ provider, model }) => `${provider} ${model}`),
    ),
  );
  const start = new Date(at);
  start.setUTCMonth(start.getUTCMonth() - 18);
  return ({ provider, model }) => {
    if (ended.has(`${provider} ${model}`)) return false;
    const released = dateIn(model);
    return released === undefined || released >= start.getTime();
  };
}

export function dateIn(model: string): number | undefined {
  const [, year, month, day = "01"] =
    /(?:^|[-@._/])(20[2-3]\d)-?(0[1-9]|1[0-2])-?([0-2]\d|3[01])?(?!\d)/.exec(model) ?? [];
  if (year !== undefined) return Date.parse(`${year}-${month}-${day}T00:00:00Z`) || undefined;
  const [, short, shortMonth] = /-(2[2-9])(0[1-9]|1[0-2])(?!\d)/.exec(model) ?? [];
  return short === undefined ? undefined : Date.parse(`20${short}-${shortMonth}-01T00:00:00Z`);
}
