/** Finds dated snapshots that a published list leaves out, because it lists their model. */

import { equalsAny } from "../id/id-rule.ts";
import { spellingsOf } from "../id/model-id.ts";
import type { CatalogueRow } from "../row/row.ts";
import type { ModelName } from "../served.ts";
import type { ListedModel } from "./list-change.ts";

/** The models of a list by their provider and id. */
export class ListedModels {
  readonly #byKey: ReadonlyMap<string, ListedModel>;

  constructor(listed: readonly ListedModel[]) {
    this.#byKey = new Map(listed.map((model) => [keyOf(model), model]));
  }

  /** @returns The listed model of which the id is a dated snapshot; undefined if it is listed itself. */
  modelOf({ provider, model }: ModelName): ListedModel | undefined {
    if (this.#byKey.has(keyOf({ provider, model }))) return undefined;
    const names = spellingsOf(model)
      .filter(({ naming }) => naming === "snapshot")
      .toSorted((left, right) => left.distance - right.distance);
    for (const { name } of names) {
      const listed = this.#byKey.get(keyOf({ provider, model: name }));
      if (listed) return listed;
    }
    return undefined;
  }
}

/** The prices of a listed model as those of its snapshot. */
export function asSnapshot({ rows }: ListedModel, { provider, model }: ModelName): ListedModel {
  const own = rows.map((row): CatalogueRow => ({ ...row, model, ids: equalsAny(model) }));
  return { provider, model, rows: own };
}

function keyOf({ provider, model }: ModelName): string {
  return `${provider} ${model.toLowerCase()}`;
}
