/** Sums up the groups that a report lists, and all others in one row. */

import { turns } from "../../domain/turns.ts";
import { Adding } from "./adding.ts";
import type { Group } from "./group-id.ts";
import type { Sums } from "./metric.ts";
import type { DistinctByGroup, Grouped } from "./sums.ts";

/** The key of the row of all groups that are not listed. */
export const others = "";

export interface ListedRow {
  /** Null for all groups that are not listed. */
  readonly group: Group | null;
  readonly sums: Sums;
}

export class ListedSums {
  readonly #listed: ReadonlyMap<string, Group>;
  readonly #sums = new Map<string, Adding>();

  /** @param listed By their ids, in order. */
  constructor(listed: ReadonlyMap<string, Group>) {
    this.#listed = listed;
  }

  async addGroups(groups: Grouped["groups"]): Promise<void> {
    for (const [id, sums] of groups) {
      if (turns.isOver) await turns.next();
      this.at(id).addSums(sums);
    }
  }

  /** The sums of a group if it is listed, or else of the others. */
  at(group: string): Adding {
    const id = this.#listed.has(group) ? group : others;
    let sum = this.#sums.get(id);
    if (!sum) this.#sums.set(id, (sum = new Adding()));
    return sum;
  }

  /** @returns Undefined for a group, or the others, without any figures. */
  of(id: string, distinct: DistinctByGroup): Sums | undefined {
    return this.#sums.get(id)?.sums(distinct.get(id));
  }

  /** The listed groups with any figures, then the others. */
  async list(distinct: DistinctByGroup): Promise<readonly ListedRow[]> {
    const rows: ListedRow[] = [];
    for (const [id, group] of this.#listed) {
      if (turns.isOver) await turns.next();
      const sums = this.of(id, distinct);
      if (sums) rows.push({ group, sums });
    }
    const rest = this.of(others, distinct);
    return rest ? [...rows, { group: null, sums: rest }] : rows;
  }
}
