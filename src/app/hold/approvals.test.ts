/** Tests in which order calls that wait for people try again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Approvals, type Place } from "./approvals.ts";

const ms = 60_000;

function aQueue(approvals: Approvals) {
  const woken: string[] = [];
  const wait = (name: string, place: Place, queue = "b"): void => {
    void place.turn(queue, ms).then(() => woken.push(name));
  };
  const enter = (name: string, queue = "b"): Place => {
    const place = approvals.enter(0);
    assert.ok(place);
    wait(name, place, queue);
    return place;
  };
  const settle = async (): Promise<readonly string[]> => {
    await turn();
    return woken.splice(0);
  };
  return { enter, wait, settle };
}

test("after an answer, every waiting call tries once, in order of arrival, a few at a time", async () => {
  const approvals = new Approvals();
  const { enter, wait, settle } = aQueue(approvals);
  const places = Array.from({ length: 6 }, (_, n) => enter(`${n}`));
  assert.deepEqual(await settle(), []);
  approvals.tryAll();
  assert.deepEqual(await settle(), ["0", "1", "2", "3"]);
  // One goes on, and one waits again: the next ones try.
  places[0]?.leave();
  assert.deepEqual(await settle(), ["4"]);
  assert.ok(places[1]);
  wait("1 again", places[1]);
  assert.deepEqual(await settle(), ["5"]);
  for (const place of places.slice(2)) place.leave();
  assert.deepEqual(await settle(), [], "each tried once");
  approvals.tryAll();
  assert.deepEqual(await settle(), ["1 again"]);
  places[1].leave();
  assert.equal(approvals.waitingFor("b"), 0);
});

test("an answer during an attempt is not missed, and queues do not wait for each other", async () => {
  const approvals = new Approvals();
  const { enter, wait, settle } = aQueue(approvals);
  const first = enter("first");
  const other = enter("other", "c");
  approvals.tryAll();
  assert.deepEqual(await settle(), ["first", "other"]);
  approvals.tryAll();
  wait("first again", first);
  assert.deepEqual(await settle(), ["first again"]);
  wait("moved", other, "b");
  assert.deepEqual([approvals.waitingFor("b"), approvals.waitingFor("c")], [2, 0]);
  first.leave();
  other.leave();
  first.leave();
  assert.equal(approvals.waitingFor("b"), 0);
});

test("the number of waiting calls is limited, and a call is woken alone or after its time", async () => {
  const approvals = new Approvals();
  const places = Array.from({ length: 1000 }, () => approvals.enter(0));
  assert.equal(approvals.enter(0), null);
  const [first, second] = places;
  assert.ok(first && second);
  const woken = first.turn("b", ms);
  first.wake();
  await woken;
  await second.turn("b", 0);
  for (const place of places) place?.leave();
  const again = approvals.enter(0);
  assert.ok(again);
  again.leave();
});

test("the requests of waiting calls are limited together", () => {
  const approvals = new Approvals();
  const mebibyte = 1024 * 1024;
  const places = Array.from({ length: 8 }, () => approvals.enter(32 * mebibyte));
  assert.ok(places.every((place) => place !== null));
  assert.equal(approvals.enter(1), null);
  const without = approvals.enter(0);
  places[0]?.leave();
  places[0]?.leave();
  const again = approvals.enter(32 * mebibyte);
  assert.ok(without && again);
  assert.equal(approvals.enter(1), null);
  for (const place of [...places, without, again]) place?.leave();
});

test("a call that moves to another queue makes room for the next ones of its queue", async () => {
  const approvals = new Approvals();
  const { enter, wait, settle } = aQueue(approvals);
  const places = Array.from({ length: 6 }, (_, n) => enter(`${n}`));
  approvals.tryAll();
  assert.deepEqual(await settle(), ["0", "1", "2", "3"]);
  assert.ok(places[0] && places[1]);
  wait("0 moved", places[0], "c");
  wait("1 moved", places[1], "c");
  assert.deepEqual(await settle(), ["4", "5"]);
  for (const place of places) place.leave();
});
