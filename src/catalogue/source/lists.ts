/** The published price lists that Purser can read, and download when asked. */

import type { PriceLists } from "../../app/port/price-lists.ts";
import { listAddresses } from "./address.ts";
import { downloadList } from "./download.ts";
import { readPublished } from "./source.ts";

export const priceLists: PriceLists = {
  names: Object.keys(listAddresses),
  read: (text) => readPublished(text),
  download: downloadList,
};
