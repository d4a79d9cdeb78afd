/** A complete answer is charged as complete, whenever either connection closes. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { startGateway, type GatewayProcess } from "./process.ts";

interface Ending {
  readonly name: string;
  readonly wire: "openai" | "anthropic" | "gemini";
  readonly path: string;
  readonly body: object;
  /** The whole stream, including its last event. */
  readonly stream: string;
  readonly last: RegExp;
}

const data = (event: object, name?: string): string =>
  `${name === undefined ? "" : `event: ${name}\n`}data: ${JSON.stringify(event)}\n\n`;
const named = (event: { readonly type: string; readonly [field: string]: unknown }): string =>
  data(event, event.type);

const chunk = { id: "c", object: "chat.completion.chunk", created: 1, model: "m" };
const response = {
  id: "r",
  object: "response",
  created_at: 1,
  model: "m",
  status: "completed",
  output: [],
};
const message = {
  id: "msg",
  type: "message",
  role: "assistant",
  model: "m",
  content: [],
  usage: { input_tokens: 5, output_tokens: 1 },
};
const asked = { model: "m", stream: true, messages: [{ role: "user", content: "hi" }] };

const endings: readonly Ending[] = [
  {
    name: "chat",
    wire: "openai",
    path: "/v1/chat/completions",
    body: { ...asked, stream_options: { include_usage: true } },
    stream:
      data({
        ...chunk,
        choices: [
          { index: 0, delta: { role: "assistant", content: "Yes" }, finish_reason: "stop" },
        ],
      }) +
      `${data({ ...chunk, choices: [], usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 } })}data: [DONE]\n\n`,
    last: /\[DONE\]/,
  },
  {
    name: "responses",
    wire: "openai",
    path: "/v1/responses",
    body: { model: "m", stream: true, input: "hi" },
    stream:
      named({
        type: "response.created",
        response: {
          ...response,
          status: "in_progress",
        },
      }) +
      named({
        type: "response.completed",
        response: {
          ...response,
          usage: {
            input_tokens: 5,
            output_tokens: 7,
            total_tokens: 12,
          },
        },
      }),
    last: /response\.completed/,
  },
  {
    name: "messages",
    wire: "anthropic",
    path: "/v1/messages",
    body: { ...asked, max_tokens: 50 },
    stream:
      named({
        type: "message_start",
        message,
      }) +
      named({
        type: "message_delta",
        delta: {
          stop_reason: "end_turn",
          stop_sequence: null,
        },
        usage: { output_tokens: 7 },
      }) +
      named({ type: "message_stop" }),
    last: /message_stop/,
  },
  {
    name: "content",
    wire: "gemini",
    path: "/v1beta/models/m:streamGenerateContent?alt=sse",
    body: { contents: [{ role: "user", parts: [{ text: "hi" }] }] },
    stream: data({
      candidates: [
        { content: { role: "model", parts: [{ text: "Yes" }] }, finishReason: "STOP", index: 0 },
      ],
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 7, totalTokenCount: 12 },
      modelVersion: "m",
    }),
    last: /STOP/,
  },
];

/** What a provider does with its connection after the last event. */
type Afterwards = (response: ServerResponse) => void;

let afterwards: Afterwards;
let gateways: { readonly [policy in "drain" | "cancel"]: GatewayProcess };

const provider = createServer((incoming, answer) => {
  incoming.resume();
  const ending = endings.find(({ path }) =>
    (incoming.url ?? "").startsWith(path.split("?")[0] ?? ""),
  );
  answer.writeHead(200, { "content-type": "text/event-stream" });
  answer.write(ending?.stream ?? "");
  afterwards(answer);
});

after(() => {
  provider.close();
  provider.closeAllConnections();
});

before(async () => {
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
  const { port } = provider.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const providers = Object.fromEntries(
    endings.map(({ name, wire }) => [
      name,
      { wire, base_url: wire === "openai" ? `${origin}/v1` : origin, api_key: "secret" },
    ]),
  );
  const prices = endings.map(({ name }) => ({
    provider: name,
    model: "m",
    input: "1",
    output: "10",
  }));
  const start = (policy: string): Promise<GatewayProcess> =>
    startGateway({
      providers,
      config: `on_disconnect: ${policy}\nlimits: { idle_stream_ms: 60000 }`,
    });
  gateways = { drain: await start("drain"), cancel: await start("cancel") };
  for (const gateway of Object.values(gateways)) {
    for (const price of prices)
      assert.equal((await gateway.api("POST", "/api/v1/prices", { body: price })).status, 201);
  }
});

/** Makes a call and reads until the last event. @returns The answer, which may still be open. */
async function readToLast(
  gateway: GatewayProcess,
  { name, path, body, last }: Ending,
  key: string,
): Promise<IncomingMessage> {
  const call = request(`${gateway.url}/${name}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
  });
  call.on("error", () => undefined);
  call.end(JSON.stringify(body));
  const [answer] = (await once(call, "response")) as [IncomingMessage];
  let text = "";
  answer.setEncoding("utf8");
  await new Promise<void>((resolve, reject) => {
    answer.on("data", (piece: string) => {
      text += piece;
      if (last.test(text)) resolve();
    });
    answer.on("close", () => reject(new Error(`it ended before its last event: ${text}`)));
  });
  return answer;
}

const providersDo: Readonly<Record<string, Afterwards>> = {
  "ends it 50 ms later": (answer) => void setTimeout(() => answer.end(), 50),
  "resets it 50 ms later": (answer) => void setTimeout(() => answer.destroy(), 50),
};

for (const policy of ["drain", "cancel"] as const) {
  for (const [what, act] of Object.entries(providersDo)) {
    describe(`${policy}: a provider that ${what}`, () => {
      for (const ending of endings) {
        for (const leaves of [true, false]) {
          test(`${ending.name}, the caller ${leaves ? "leaves at the last event" : "stays"}: settled, without flags`, async () => {
            const gateway = gateways[policy];
            afterwards = act;
            const project =
              `${ending.name}-${policy}-${what.slice(0, 3)}-${leaves ? "leaves" : "stays"}`.replaceAll(
                "_",
                "-",
              );
            const { key } = await gateway.makeKey({ project });
            const answer = await readToLast(gateway, ending, key);
            if (leaves) answer.destroy();
            else if (!answer.readableEnded) await once(answer, "end");
            const [entry] = await gateway.entriesWhen(1, `project=${project}`);
            assert.deepEqual(
              [entry?.status, entry?.usage.output, entry?.flags],
              ["settled", 7, []],
            );
          });
        }
      }
    });
  }
}

test("a complete answer is charged at once, even if its provider keeps the connection open", async () => {
  const { drain: gateway } = gateways;
  afterwards = () => undefined;
  for (const ending of endings.filter(({ wire }) => wire !== "gemini")) {
    const project = `${ending.name}-open`;
    const { key } = await gateway.makeKey({ project });
    const answer = await readToLast(gateway, ending, key);
    if (!answer.readableEnded) await once(answer, "end");
    const [entry] = await gateway.entriesWhen(1, `project=${project}`);
    assert.deepEqual([entry?.status, entry?.flags], ["settled", []]);
  }
});
