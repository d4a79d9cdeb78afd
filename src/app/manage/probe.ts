/** What came of asking a provider whether it can be reached, and takes its key. */

/** `unchecked`: it answers, and the answer says nothing about the key. */
export type ProbeState = "accepted" | "refused" | "unchecked" | "failing" | "unreachable";

export interface Probe {
  readonly provider: string;
  /** What was asked, without the key. */
  readonly url: string;
  readonly state: ProbeState;
  /** Null where none came. */
  readonly status: number | null;
  readonly elapsedMs: number;
  /** How many models it listed; null where the answer is no list. */
  readonly models: number | null;
  /** What went wrong, as a sentence; null where nothing did. */
  readonly problem: string | null;
}
