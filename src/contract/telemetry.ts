/** Schemas of OTLP's answers, as JSON has them. */

import { z } from "zod";

export const partialSuccessSchema = z
  .object({
    partialSuccess: z
      .object({
        rejectedSpans: z.string().optional().describe("For traces: a whole number."),
        rejectedLogRecords: z.string().optional().describe("For logs: a whole number."),
        rejectedDataPoints: z.string().optional().describe("For metrics: a whole number."),
        errorMessage: z.string().describe("Why, for the first few."),
      })
      .optional()
      .describe("Absent if nothing was rejected."),
  })
  .meta({ id: "TelemetryAnswer" });

export const statusSchema = z
  .object({
    code: z.int().describe("A `google.rpc.Code`."),
    message: z.string(),
  })
  .meta({ id: "TelemetryStatus", description: "A `google.rpc.Status`." });
