/** Port to the price lists that others publish, and when to take them. */

import type { DoubtKind } from "../../domain/price/update/list-doubt.ts";
import type { StatedList } from "../../domain/price/update/list-change.ts";

export interface PriceLists {
  /**
   * @param at When it is read, in milliseconds since the epoch.
   * @throws PurserError `invalid_request`, without a field, if the text has no known format.
   */
  read(text: string, at: number): Promise<StatedList>;
  /**
   * Downloads a list: the only use of the network. Bounded in size and time; redirects only to
   * https.
   *
   * @param from A name of `listNames`, or an http or https URL.
   * @throws PurserError `invalid_request` for another text, `upstream_unreachable`,
   *   `upstream_timeout` or `too_large`.
   */
  download(from: string): Promise<string>;
}

/** Set by the configuration. */
export interface PriceSchedule {
  /** The name of a list, or a URL. */
  readonly from: string;
  readonly everyMs: number;
  /** Kinds of doubt to accept. */
  readonly accept: readonly DoubtKind[];
}
