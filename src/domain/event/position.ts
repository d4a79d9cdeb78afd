/** The place of an event among all events of a ledger, and its id. */

/**
 * The number of a journal entry, and the place among the events of that entry, from 0. A consumer
 * at a position has dealt with everything up to it; index 0 also ends an entry without events.
 */
export interface EventPosition {
  readonly seq: number;
  readonly index: number;
}

/** `SEQ` for the first event of an entry, `SEQ.N` for the others: `1042`, `1042.1`. */
export function eventId({ seq, index }: EventPosition): string {
  return index === 0 ? String(seq) : `${seq}.${index}`;
}

/** @returns undefined if the text is no id. */
export function parseEventId(text: string): EventPosition | undefined {
  const match = /^(0|[1-9]\d{0,14})(?:\.([1-9]\d{0,5}))?$/.exec(text);
  return match ? { seq: Number(match[1]), index: Number(match[2] ?? 0) } : undefined;
}

/** Whether the left position comes after the right one. */
export function isAfter(left: EventPosition, right: EventPosition): boolean {
  return left.seq === right.seq ? left.index > right.index : left.seq > right.seq;
}

/** Before the first event. */
export const beginning: EventPosition = { seq: 0, index: 0 };

/** The end of an entry with as many events. */
export function endOfEntry(seq: number, events: number): EventPosition {
  return { seq, index: Math.max(0, events - 1) };
}
