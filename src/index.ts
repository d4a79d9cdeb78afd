/** Purser as a library: the server that `purser serve` runs, and its configuration's types. */

export { startServer, type ComposeOptions, type RunningServer } from "./compose.ts";
export { defaultConfiguration, loadConfiguration } from "./config/load.ts";
export type { Configuration, Environment } from "./config/configuration.ts";
export { PurserError, type ErrorCode } from "./domain/error.ts";
export { startSimulator, type Simulator, type SimulatorOptions } from "./simulator/index.ts";
