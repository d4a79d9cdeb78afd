/**
 * Measures all subjects in every round, alternating the order, so machine drift affects them
 * equally.
 */

export interface Round<Measured> {
  readonly round: number;
  readonly subject: string;
  readonly measured: Measured;
}

export async function interleave<Subject extends { readonly name: string }, Measured>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject, round: number) => Promise<Measured>,
): Promise<readonly Round<Measured>[]> {
  const done: Round<Measured>[] = [];
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? subjects : subjects.toReversed();
    for (const subject of order)
      done.push({ round, subject: subject.name, measured: await measure(subject, round) });
  }
  return done;
}

/** One subject's rounds, in order. */
export function roundsOf<Measured>(
  rounds: readonly Round<Measured>[],
  subject: string,
): readonly Measured[] {
  return rounds.filter((round) => round.subject === subject).map(({ measured }) => measured);
}
