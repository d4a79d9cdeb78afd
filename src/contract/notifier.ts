/** Schemas of notifiers: their state, tests and dead letters. */

import { z } from "zod";
import { eventSchema } from "./event.ts";
import type { Json } from "./json.ts";
import { instantSchema } from "./value.ts";

const failureSchema = z.object({
  event_id: z.string(),
  since: instantSchema.describe("The first attempt."),
  attempts: z.int(),
  message: z.string().describe("Of the last attempt."),
});

export const notifierSchema = z
  .object({
    name: z.string(),
    kind: z.string(),
    last_delivered: z
      .object({ event_id: z.string(), at: instantSchema })
      .nullable()
      .describe("Null before the first."),
    failing: failureSchema
      .nullable()
      .describe("The event that is tried again; null if the last attempt succeeded."),
    behind: z
      .int()
      .describe("Journal entries not looked at yet. Most have no event for this notifier."),
    dead_letters: z.int().describe("Events that were given up."),
    dropped_letters: z
      .int()
      .describe("Dead letters that were dropped: 10,000 are kept, for 30 days."),
  })
  .meta({ id: "Notifier" });

export const notifiersSchema = z.object({
  data: z.array(notifierSchema).describe("In the order of the configuration."),
});

export const notifierParams = z.object({ name: z.string() });

export const notifierTestSchema = z
  .object({ event_id: z.string().describe("Of the event `purser.test` that was delivered.") })
  .meta({ id: "NotifierTest" });

export const deadLetterQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).describe("`next_after` of the previous page."),
  limit: z.coerce.number().int().min(1).max(500).default(100).describe("Rows on a page: 1 to 500."),
});

export const deadLetterParams = z.object({
  name: z.string(),
  letter_id: z.coerce.number().int().min(0),
});

const deadLetterSchema = z
  .object({
    letter_id: z.int(),
    at: instantSchema.describe("When it was given up."),
    event: eventSchema,
    failure: failureSchema,
  })
  .meta({ id: "DeadLetter" });

export const deadLettersSchema = z.object({
  data: z.array(deadLetterSchema).describe("The oldest first."),
  next_after: z.int().nullable().describe("The `after` of the next page; null on the last page."),
});

export const replaySchema = z
  .object({
    delivered: z.int(),
    left: z.int().describe("Dead letters that remain."),
    problem: z.string().nullable().describe("Why it stopped; null if all were delivered."),
  })
  .meta({ id: "Replay" });

export type NotifierJson = Json<typeof notifierSchema>;
export type NotifiersJson = Json<typeof notifiersSchema>;
export type NotifierTestJson = Json<typeof notifierTestSchema>;
export type DeadLetterJson = Json<typeof deadLetterSchema>;
export type DeadLettersJson = Json<typeof deadLettersSchema>;
export type ReplayJson = Json<typeof replaySchema>;
