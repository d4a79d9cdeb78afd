/** The simulator's public exports. */

export type { BookRow, Books, BooksSummary, ModelSummary } from "./books.ts";
export type { FaultRate } from "./play/faults.ts";
export type { SimulatorOptions } from "./options.ts";
export { startSimulator, type Simulator } from "./simulator.ts";
