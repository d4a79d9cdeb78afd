/** Three things that go wrong in life, and what Purser makes of each of them. */

import { ask, type Connection } from "../connection.ts";
import { problemOf } from "../failure.ts";

export interface SceneResult {
  readonly title: string;
  /** What happened, a sentence a line. */
  readonly lines: readonly string[];
}

export interface SceneStage {
  readonly url: string;
  readonly admin: Connection;
  readonly keyOf: (team: string) => string;
}

/** A budget of a few cents, and an agent that goes on asking. */
export async function refusalScene(stage: SceneStage): Promise<SceneResult> {
  const body = {
    model: "sim/sim-large",
    max_tokens: 4000,
    messages: [{ role: "user", content: "[[sim input=30000 output=3000]] Read the whole archive." }],
  };
  let served = 0;
  for (;;) {
    const answer = await call(stage, { team: "research", body, headers: { "x-purser-agent": "runaway", "x-purser-fit": "off" } });
    if (answer.status !== 200 || served > 1000) {
      const problem = problemOf(answer.status, parsedOrNull(answer.text));
      const after = `After ${served} calls of a runaway agent the next one was answered ${answer.status}: ${messageIn(answer.text) ?? problem.message}`;
      return {
        title: "A refusal",
        lines: [
          after,
          ...(problem.remedy === null ? [] : [`remedy: ${problem.remedy}`]),
          "Nothing was sent to the provider, and the SDK does not retry it.",
        ],
      };
    }
    served += 1;
  }
}

/** The connection to the provider breaks in the middle of an answer. */
export async function brokenScene(stage: SceneStage): Promise<SceneResult> {
  const body = {
    model: "sim/sim-large",
    stream: true,
    max_tokens: 800,
    messages: [{ role: "user", content: "[[sim input=4000 output=800 fault=reset_after:40]] Go on." }],
  };
  const answer = await call(stage, { team: "coding", body, headers: { "x-purser-agent": "builder" } });
  const row = await entryOf(stage, answer.operationId);
  return {
    title: "A stream that broke off",
    lines: ["The provider's connection broke after 40 tokens, before it reported any usage.", charged(row)],
  };
}

/** A model that ignores its limit, and a budget that does not pay for that. */
export async function cutScene(stage: SceneStage): Promise<SceneResult> {
  const text = "[[sim input=300 output=6000 lie=ignore_max tokens_per_chunk=4 gap_ms=1]] Tell me everything.";
  const body = { model: "sim/sim-large", stream: true, max_tokens: 6000, messages: [{ role: "user", content: text }] };
  const answer = await call(stage, { team: "coding", body, headers: { "x-purser-agent": "builder", "x-purser-task": "one-answer" } });
  const row = await entryOf(stage, answer.operationId);
  const end = /"finish_reason":\s*"length"/.test(answer.text) && answer.text.includes("[DONE]");
  const ended = `A model that ignores its limit streamed on; the task's budget of $0.02 paid for no more, so the stream was ended${end ? ' in the provider\'s own format (finish_reason "length")' : ""}.`;
  return { title: "A stream that was cut", lines: [ended, charged(row)] };
}

interface CallSpecification {
  readonly team: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

interface CallAnswer {
  readonly status: number;
  readonly text: string;
  readonly operationId: string | null;
}

/** An answer that breaks off is what is to be seen here: what came of it counts. */
async function call(stage: SceneStage, specification: CallSpecification): Promise<CallAnswer> {
  const headers = {
    authorization: `Bearer ${stage.keyOf(specification.team)}`,
    "content-type": "application/json",
    ...specification.headers,
  };
  const response = await fetch(`${stage.url}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(specification.body) });
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
  } catch (error) {
    text += `\n[broken off: ${error instanceof Error ? error.message : String(error)}]`;
  }
  return { status: response.status, text, operationId: response.headers.get("x-purser-operation-id") };
}

interface EntryView {
  readonly status: string;
  readonly cost_usd: string;
  readonly usage: { readonly input?: number; readonly output?: number };
  readonly flags?: readonly string[];
}

/** The ledger's row of a call, which settles right after its answer. */
async function entryOf(stage: SceneStage, operationId: string | null): Promise<EntryView | undefined> {
  for (let attempt = 0; attempt < 20 && operationId !== null; attempt++) {
    const page = await ask(stage.admin, "GET", { path: `/api/v1/entries?operation_id=${encodeURIComponent(operationId)}` });
    const [row] = (page as { readonly data: readonly EntryView[] }).data;
    if (row) return row;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return undefined;
}

function charged(row: EntryView | undefined): string {
  if (!row) return "The ledger has no row for it yet.";
  const counts = `${row.usage.input ?? 0} input and ${row.usage.output ?? 0} output tokens`;
  return `The ledger charged $${row.cost_usd} for ${counts}, marked "${row.status}"${row.flags && row.flags.length > 0 ? ` (${row.flags.join(", ")})` : ""}.`;
}

function messageIn(text: string): string | undefined {
  const body = parsedOrNull(text) as { readonly error?: { readonly message?: unknown } } | null;
  return typeof body?.error?.message === "string" ? body.error.message : undefined;
}

function parsedOrNull(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
