/** The thread of `upgrade-thread.ts`: upgrades one file, and ends. */

import { workerData } from "node:worker_threads";
import { migrate } from "../schema.ts";
import type { UpgradeData } from "./upgrade-thread.ts";

migrate((workerData as UpgradeData).directory);
