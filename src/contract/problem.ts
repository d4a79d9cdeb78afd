/** The schema of errors, as problem+json (RFC 9457), with the closed list of their codes. */

import { z } from "zod";
import type { Json } from "./json.ts";

const problemCodes = [
  "invalid_request",
  "invalid_configuration",
  "unauthenticated",
  "forbidden",
  "not_found",
  "method_not_allowed",
  "conflict",
  "too_large",
  "unsupported_encoding",
  "websocket_unsupported",
  "too_many",
  "unpriced",
  "unmetered",
  "budget_exhausted",
  "budget_held",
  "closing_used",
  "approval_declined",
  "budget_closed",
  "budget_paused",
  "upstream_unreachable",
  "upstream_timeout",
  "store_unavailable",
  "shutting_down",
  "bug",
] as const;

export type ProblemCode = (typeof problemCodes)[number];

export const problemCodeSchema = z.enum(problemCodes);

export const problemSchema = z
  .object({
    type: z.string().describe("Link to the explanation of the code."),
    title: z.string(),
    status: z.int(),
    code: problemCodeSchema,
    detail: z.string().describe("What is wrong with this request."),
    field: z.string().nullable().describe("The invalid field, as named in the request."),
    remedy: z.string().nullable().describe("How to fix it."),
    purser: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("For a refusal: the budget, the reason, and what was left."),
    error: z
      .record(z.string(), z.string())
      .optional()
      .describe("For an unknown path: the same message, where the providers' SDKs expect it."),
  })
  .meta({ id: "Problem" });

export type ProblemJson = Json<typeof problemSchema>;
