/** Three failure scenarios of the demo, and how Purser handles them. */

import type { EntryJson } from "../../contract/entry.ts";
import type { PageJson } from "../../contract/page.ts";
import { ask, type Connection } from "../connection.ts";
import { problemOf } from "../failure.ts";
import { prompt } from "../replay/drive.ts";
import { counted, dollars, grouped } from "../terminal/number.ts";

export interface SceneResult {
  readonly title: string;
  /** What happened, one sentence a line. */
  readonly lines: readonly string[];
}

export interface SceneStage {
  readonly url: string;
  readonly admin: Connection;
  readonly keyOf: (team: string) => string;
}

/** An agent continues to call after its budget is spent. */
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
      `A runaway agent with a budget of $0.50 made ${counted(served, "call")}; the next one got ${answer.status}:`,
      `"${said}"`,
      "Nothing was sent to the provider, and SDKs do not retry the call.",
    ];
    return { title: "A refusal", lines };
  }
  return {
    title: "A refusal",
    lines: [`No call of the runaway agent was refused in ${counted(mostServed, "call")}.`],
  };
}

/** The connection to the provider breaks in the middle of a stream. */
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
    title: "A broken stream",
    lines: [
      "The connection to the provider broke after 40 tokens, before the provider reported usage.",
      charged(row),
    ],
  };
}

/** Three long streams share a budget that pays for one. Each starts while there is enough left. */
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
  // The first stream to a model makes the others wait for its bill. A short call outside the task
  // avoids this.
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
  const began = "One task streamed three long answers at once; its budget of $0.20 pays for one.";
  if (!cut)
    return {
      title: "A cut stream",
      lines: [began, "All of them ended within the budget."],
    };
  const isClean = /"finish_reason":\s*"length"/.test(cut.text) && cut.text.includes("[DONE]");
  const ended = `Purser cut one that the budget could no longer pay for${isClean ? ' in the format of the provider (finish_reason "length")' : ""}, and cancelled it at the provider.`;
  return {
    title: "A cut stream",
    lines: [began, ended, charged(await entryOf(stage, cut.operationId))],
  };
}

/** Longer than the first hold of a stream: a shorter stream is held whole and never cut. */
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

/** Returns what arrived, even if the answer breaks off. */
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

/** The ledger entry of a call. A call settles shortly after its answer, so this retries. */
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
  if (!row) return "The ledger has no entry for it yet.";
  const counts = `${grouped(row.usage.input ?? 0)} input and ${counted(row.usage.output ?? 0, "output token")}`;
  return `The ledger charged ${dollars(row.cost_usd)} for ${counts}, with the status "${row.status}"${row.flags.length > 0 ? ` (${row.flags.join(", ")})` : ""}.`;
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
