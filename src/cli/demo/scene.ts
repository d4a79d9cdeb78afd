/** Three things that go wrong in life, and what Purser makes of each of them. */

import type { EntryJson } from "../../contract/entry.ts";
import type { PageJson } from "../../contract/page.ts";
import { ask, type Connection } from "../connection.ts";
import { problemOf } from "../failure.ts";
import { prompt } from "../replay/drive.ts";
import { counted, dollars, grouped } from "../terminal/number.ts";

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

/** An agent that goes on asking when its budget is spent. */
export async function refusalScene(stage: SceneStage): Promise<SceneResult> {
  const body = {
    model: "sim/sim-large",
    max_tokens: 4000,
    messages: [{ role: "user", content: prompt(30_000, "[[sim input=30000 output=3000]]") }],
  };
  for (let served = 0; served < mostServed; served++) {
    const answer = await call(stage, {
      team: "coding",
      body,
      headers: { "x-purser-agent": "runaway", "x-purser-fit": "off" },
    });
    if (answer.status === 200) continue;
    const said =
      messageIn(answer.text) ?? problemOf(answer.status, parsedOrNull(answer.text)).message;
    const lines = [
      `A runaway agent with a budget of $0.50 was served ${counted(served, "time")}; then it was answered ${answer.status}:`,
      `"${said}"`,
      "Nothing was sent to the provider, and the SDK does not retry it.",
    ];
    return { title: "A refusal", lines };
  }
  return {
    title: "A refusal",
    lines: [`The runaway agent was never refused in ${counted(mostServed, "call")}.`],
  };
}

/** The connection to the provider breaks in the middle of an answer. */
export async function brokenScene(stage: SceneStage): Promise<SceneResult> {
  const body = {
    model: "sim/sim-large",
    stream: true,
    max_tokens: 800,
    messages: [
      { role: "user", content: prompt(4000, "[[sim input=4000 output=800 fault=reset_after:40]]") },
    ],
  };
  const answer = await call(stage, {
    team: "coding",
    body,
    headers: { "x-purser-agent": "builder" },
  });
  const row = await entryOf(stage, answer.operationId);
  return {
    title: "A stream that broke off",
    lines: [
      "The provider's connection broke after 40 tokens, before it reported any usage.",
      charged(row),
    ],
  };
}

/** Three long answers that share a budget which pays for one: each began while there was room. */
export async function cutScene(stage: SceneStage): Promise<SceneResult> {
  const body = (output: number) => {
    const text = prompt(300, `[[sim input=300 output=${output} tokens_per_chunk=40 gap_ms=4]]`);
    return {
      model: "sim/sim-large",
      stream: true,
      max_tokens: mostTokens,
      messages: [{ role: "user", content: text }],
    };
  };
  const agent = { "x-purser-agent": "builder" };
  // Of streams that were never seen, one would go ahead and the others wait for it: a short one outside the task makes them known.
  await call(stage, { team: "coding", body: body(40), headers: agent });
  const specification = {
    team: "coding",
    body: body(longTokens),
    headers: { ...agent, "x-purser-task": "one-answer" },
  };
  const answers = await Promise.all([
    call(stage, specification),
    call(stage, specification),
    call(stage, specification),
  ]);
  const cut = answers.find((answer) => answer.status === 200 && answer.text.includes("one-answer"));
  const began =
    "Three long answers of one task were streamed at once; its budget of $0.20 pays for one.";
  if (!cut)
    return {
      title: "A stream that was cut",
      lines: [began, "Each of them ended before the budget did."],
    };
  const isClean = /"finish_reason":\s*"length"/.test(cut.text) && cut.text.includes("[DONE]");
  const ended = `One that could not be paid for any further was ended${isClean ? ' in the provider\'s own format (finish_reason "length")' : ""}, and the provider's side cancelled.`;
  return {
    title: "A stream that was cut",
    lines: [began, ended, charged(await entryOf(stage, cut.operationId))],
  };
}

/** Longer than what is held ahead for one stream: a shorter one is held whole, and never cut. */
const longTokens = 8000;
const mostTokens = 10_000;

/** Enough to spend any budget of the demo. */
const mostServed = 1000;

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
  const response = await fetch(`${stage.url}/v1/chat/completions`, {
    method: "POST",
    headers,
    body: JSON.stringify(specification.body),
  });
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? [])
      text += decoder.decode(chunk as Uint8Array, { stream: true });
  } catch (error) {
    text += `\n[broken off: ${error instanceof Error ? error.message : String(error)}]`;
  }
  return {
    status: response.status,
    text,
    operationId: response.headers.get("x-purser-operation-id"),
  };
}

/** The ledger's row of a call, which settles right after its answer. */
async function entryOf(
  stage: SceneStage,
  operationId: string | null,
): Promise<EntryJson | undefined> {
  if (operationId === null) return undefined;
  for (let attempt = 0; attempt < 20; attempt++) {
    const page = await ask(stage.admin, "GET", {
      path: `/api/v1/entries?operation_id=${encodeURIComponent(operationId)}`,
    });
    const [row] = (page as PageJson<EntryJson>).data;
    if (row) return row;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return undefined;
}

function charged(row: EntryJson | undefined): string {
  if (!row) return "The ledger has no row for it yet.";
  const counts = `${grouped(row.usage.input ?? 0)} input and ${counted(row.usage.output ?? 0, "output token")}`;
  return `The ledger charged ${dollars(row.cost_usd)} for ${counts}, marked "${row.status}"${row.flags.length > 0 ? ` (${row.flags.join(", ")})` : ""}.`;
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
