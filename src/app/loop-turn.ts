/** Tells whether two things happened in the same turn of the event loop: what one read of a connection brings comes in one. */

let turn = 0;
let isAwaitingNext = false;

/** A number that is the same within a turn, and greater in each that follows. */
export function loopTurn(): number {
  if (!isAwaitingNext) {
    isAwaitingNext = true;
    setImmediate(() => {
      isAwaitingNext = false;
      turn += 1;
    });
  }
  return turn;
}
