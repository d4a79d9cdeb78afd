/** The result of checking whether a provider can be reached and accepts its key. */

/** `unchecked`: the provider answers, but the answer says nothing about the key. */
export type ProbeState = "accepted" | "refused" | "unchecked" | "failing" | "unreachable";

export interface Probe {
  readonly provider: string;
  /** The URL requested, without the key. */
  readonly url: string;
  readonly state: ProbeState;
  /** Null if there was no answer. */
  readonly status: number | null;
  readonly elapsedMs: number;
  /** The number of models listed; null if the answer is not a list. */
  readonly models: number | null;
  /** The problem as a sentence; null if there was none. */
  readonly problem: string | null;
}
