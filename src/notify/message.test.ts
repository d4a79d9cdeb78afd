/** Tests that a message leaves out nothing that matters, and fits its target. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { factNames } from "../domain/event/facts.ts";
import { parseTemplate } from "../domain/event/template.ts";
import { eventTypes } from "../domain/event/event.ts";
import { messageOf } from "./message.ts";
import { makeNotifier } from "./notifiers.ts";
import { httpReceiver, never, settingsFor, warningEvent } from "./receiver.test-kit.ts";

const plain = (text: string): string => text;
const templateOf = (text: string) =>
  parseTemplate(text, { field: "template", known: factNames(eventTypes) });

test("an event that lacks a field of the template has its usual sentence", () => {
  const template = templateOf("{budget_id} is at {percent}%: {used} of {limit}.");
  const textOf = (change: Partial<ReturnType<typeof warningEvent>>): string =>
    messageOf(warningEvent(change), { template, publicUrl: null }, plain).text;
  assert.equal(textOf({}), "team-a is at 80%: 80.40 USD of 100.00 USD.");
  const asks = { budget_id: "team-a", needed: "1", available: "0.5", remedy: "Run `this`." };
  assert.match(textOf({ type: "budget.approval_requested", data: asks }), /asks for more.*`this`/);
  assert.match(
    textOf({ type: "rule.fired", data: { rule_id: "whale", budget_id: null, value: "ann" } }),
    /^Rule whale fired for ann/,
  );
});

const chats = {
  slack: { most: 3000, textIn: (body: string) => JSON.parse(body).blocks[0].text.text as string },
  discord: { most: 2000, textIn: (body: string) => JSON.parse(body).content as string },
  teams: {
    most: 7000,
    textIn: (body: string) => JSON.parse(body).attachments[0].content.body[0].text as string,
  },
} as const;

for (const [kind, { most, textIn }] of Object.entries(chats))
  test(`a long note fits a message of ${kind}, and no escape is cut`, async (t) => {
    const { url, received } = await httpReceiver(t);
    const target = { kind: kind as keyof typeof chats, url };
    const context = { clock: { now: () => 0 }, publicUrl: "https://purser.example.com" };
    const notifier = makeNotifier(settingsFor(target), context);
    const data = { rule_id: "r", value: "ann", acknowledged_by: "x", note: "*&😀".repeat(3000) };
    await notifier.send(warningEvent({ type: "rule.acknowledged", data }), never);
    await notifier.close?.();
    const text = textIn(received[0]?.body ?? "");
    assert.ok(text.length <= most && text.length > most / 2, String(text.length));
    assert.ok(text.isWellFormed());
    assert.doesNotMatch(text, /&(?:a|am|amp)?\.\.\.|\\\.\.\./);
  });
