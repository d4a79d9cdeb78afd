/** Finds deployments whose model has no price, probably because its name is mistyped. */

import type { Configuration } from "../config/configuration.ts";
import type { Warning } from "../cli/failure.ts";
import { show } from "../domain/input/fields.ts";
import { nearest } from "../domain/input/nearest.ts";

/**
 * Prices of updates and of the API are not known here. The catalogue is opened only if needed.
 *
 * @param now Milliseconds since the epoch.
 */
export async function deploymentWarnings(
  { file, providers, prices }: Pick<Configuration, "file" | "providers" | "prices">,
  now: number,
): Promise<readonly Warning[]> {
  const deployed = providers.flatMap(({ name, deployments = {} }) =>
    Object.entries(deployments).map(([deployment, model]) => ({ name, deployment, model })),
  );
  if (deployed.length === 0) return [];
  const { openCatalogue } = await import("../catalogue/catalogue.ts");
  const catalogue = await openCatalogue();
  const { byName } = catalogue.identities(providers);
  const book = catalogue.book(prices, byName);
  return deployed
    .filter(({ name, deployment }) => !book.sheet({ provider: name, model: deployment, at: now }))
    .map(({ name, deployment, model }) => {
      const field = `providers.${name}.deployments.${deployment}`;
      const ofVendor = catalogue
        .models()
        .filter(({ provider }) => provider === byName.get(name)?.id);
      const meant = nearest(
        model,
        ofVendor.map((one) => one.model),
      );
      return {
        message: `${file}: ${field} is ${show(model)}, which has no price`,
        field,
        remedy:
          meant === undefined
            ? "Name the model as its vendor does, or add its price under `prices:`."
            : `Did you mean ${meant}?`,
      };
    });
}
