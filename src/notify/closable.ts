/** A notifier that may keep a connection. */

import type { Notifier } from "../app/port/notifier.ts";

export interface ClosableNotifier extends Notifier {
  close?(): Promise<void>;
}
