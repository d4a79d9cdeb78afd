/** Port to the price lists that others publish. */

import type { StatedList } from "../../domain/price/list-change.ts";

export interface PriceLists {
  /** Lists with a known address. */
  readonly names: readonly string[];
  /** @throws PurserError `invalid_request` if the text has no known format. */
  read(text: string): Promise<StatedList>;
  /**
   * Downloads a list: the only use of the network. Bounded in size and time; redirects only to
   * https.
   *
   * @param from A name of {@link names}, or an http or https URL.
   * @throws PurserError `invalid_request` for another text, `upstream_unreachable`,
   *   `upstream_timeout` or `too_large`.
   */
  download(from: string): Promise<string>;
}
