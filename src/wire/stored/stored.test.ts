/** Tests which paths, requests and answers refer to objects stored at a provider. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import { anthropicWire } from "../anthropic/index.ts";
import { geminiWire } from "../gemini/index.ts";
import { openaiWire } from "../openai/index.ts";
import type { MadeKind, WireFormat } from "../wire.ts";

const openai = openaiWire();

function place(wire: WireFormat, request: string): string {
  const [method = "", path = ""] = request.split(" ");
  const found = wire.storedPlace(method, path);
  return found ? (found.id ?? (found.makes ? "makes" : "closed")) : "open";
}

function assertPlaces(wire: WireFormat, places: Readonly<Record<string, string>>): void {
  for (const [request, expected] of Object.entries(places))
    assert.equal(place(wire, request), expected, request);
}

test("in OpenAI's format only listed paths are open; all others are objects or closed", () => {
  assertPlaces(openai, {
    "POST /chat/completions": "open",
    "POST /responses": "open",
    "POST /deployments/d/chat/completions?api-version=1": "open",
    "POST /responses/input_tokens": "open",
    "POST /moderations": "open",
    "GET /models": "open",
    "GET /models/openai/gpt-4o": "open",
    "POST /images/generations": "open",
    "POST /audio/speech": "open",
    "GET /responses/resp_1": "resp_1",
    "DELETE /responses/resp_1": "resp_1",
    "POST /responses/resp_1/cancel": "resp_1",
    "GET /responses/resp_1/input_items": "resp_1",
    "GET /chat/completions/chatcmpl-1/messages": "chatcmpl-1",
    "GET /files/file-1/content": "file-1",
    "POST /vector_stores/vs_1/files": "vs_1",
    "POST /fine_tuning/jobs/ft-1/cancel": "ft-1",
    "POST /files": "makes",
    "POST /conversations": "makes",
    "POST /batches": "closed",
    "POST /evals": "closed",
    "GET /files": "closed",
    "GET /chat/completions": "closed",
    "GET /fine_tuning/jobs": "closed",
    "DELETE /models/ft:gpt-4o:org::1": "ft:gpt-4o:org::1",
    "DELETE /models/ft:gpt-4o:org::1:ckpt-step-9": "ft:gpt-4o:org::1",
    "POST /audio/voices": "makes",
    "GET /audio/voices": "closed",
    "DELETE /audio/voices/voice_1": "voice_1",
    "POST /audio/voice_consents": "makes",
    "POST /realtime/client_secrets": "closed",
    "POST /realtime/calls": "closed",
    "GET /models/user": "closed",
    "GET /key": "closed",
    "GET /api-key": "closed",
    "GET /credits": "closed",
    "GET /generation?id=gen-1": "closed",
    "GET /user/balance": "closed",
    "GET /organization/costs": "closed",
    "POST /organization/admin_api_keys": "closed",
    "POST /assistants": "closed",
    "PUT /chat/completions": "closed",
    "DELETE /moderations": "closed",
    "GET /models/../files": "closed",
    "POST /anything": "closed",
  });
});

test("in Anthropic's and Gemini's formats only listed paths are open, too", () => {
  assertPlaces(anthropicWire, {
    "POST /v1/messages": "open",
    "POST /v1/messages/count_tokens?beta=true": "open",
    "GET /v1/models/claude": "open",
    "GET /v1/messages/batches/msgbatch_1/results": "msgbatch_1",
    "DELETE /v1/files/file_1": "file_1",
    "POST /v1/files": "makes",
    "GET /v1/files": "closed",
    "GET /v1/organizations/me": "closed",
    "DELETE /v1/models/claude": "closed",
    "GET /v1/models/..%2ffiles": "closed",
    "GET /v1/models/%252e%252e": "closed",
    "GET /v1/models/..": "closed",
    "GET /v1/files/file_1/../file_2": "closed",
    "POST //v1/messages": "closed",
  });
  assertPlaces(geminiWire, {
    "POST /v1beta/models/gemini:generateContent": "open",
    "POST /v1beta/models/gemini:streamGenerateContent?alt=sse": "open",
    "GET /v1beta/models": "open",
    "GET /v1beta/files/abc": "files/abc",
    "DELETE /v1beta/cachedContents/c1": "cachedContents/c1",
    "POST /upload/v1beta/files": "makes",
    "GET /v1beta/files": "closed",
    "GET /v1beta/tunedModels/t1": "tunedModels/t1",
    "POST /v1beta/models/gemini:batchGenerateContent": "closed",
    "PATCH /v1beta/models/gemini": "closed",
    "GET /v1beta/models/..%2Ffiles": "closed",
    "POST /v1beta/models/..%2ftunedModels%2ft1:generateContent": "closed",
    "POST /v1beta/models/../tunedModels/t1:generateContent": "closed",
    "GET /v1beta/files/f1/../f2": "closed",
  });
});

function references(wire: WireFormat, body: object): readonly string[] {
  const { uses } = wire.named({
    method: "POST",
    path: "/anything",
    contentType: "application/json",
    body: Buffer.from(JSON.stringify(body)),
  });
  return [...new Set(uses.map(({ id }) => id))].toSorted();
}

test("references are found wherever the format has them, and not in the caller's own data", () => {
  assert.deepEqual(
    references(openai, {
      previous_response_id: "resp_1",
      conversation: { id: "conv_1" },
      prompt: { id: "pmpt_1", variables: { page: { type: "input_file", file_id: "file-1" } } },
      input: [
        {
          type: "message",
          id: "msg_echo",
          role: "user",
          content: [{ type: "input_image", file_id: "file-2" }],
        },
        { type: "item_reference", id: "msg_1" },
        { id: "msg_2" },
        { type: "code_interpreter_call", id: "ci_echo", container_id: "cntr_1", code: "1" },
        { type: "function_call", call_id: "c", name: "f", arguments: '{"file_id":"file-text"}' },
      ],
      tools: [
        { type: "file_search", vector_store_ids: ["vs_1", "vs_2"] },
        { type: "code_interpreter", container: "cntr_2" },
        { type: "code_interpreter", container: { type: "auto", file_ids: ["file-3"] } },
        {
          type: "function",
          name: "f",
          parameters: { properties: { file_id: { const: "file-schema" } }, file_id: "file-schema" },
        },
      ],
      metadata: { file_id: "file-own" },
    }),
    [
      "cntr_1",
      "cntr_2",
      "conv_1",
      "file-1",
      "file-2",
      "file-3",
      "msg_1",
      "msg_2",
      "pmpt_1",
      "resp_1",
      "vs_1",
      "vs_2",
    ],
  );
  assert.deepEqual(
    references(anthropicWire, {
      container: {
        id: "container_1",
        skills: [
          { type: "anthropic", skill_id: "pptx" },
          { type: "custom", skill_id: "skill_1" },
        ],
      },
      messages: [
        {
          role: "user",
          content: [{ type: "document", source: { type: "file", file_id: "file_1" } }],
        },
        {
          role: "assistant",
          content: [
            {
              type: "tool_use",
              id: "t",
              name: "open",
              input: { file_id: "mine", container: "mine" },
            },
          ],
        },
      ],
    }),
    ["container_1", "file_1", "skill_1"],
  );
  assert.deepEqual(
    references(geminiWire, {
      cachedContent: "cachedContents/c1",
      contents: [
        {
          parts: [
            { fileData: { fileUri: "https://generativelanguage.googleapis.com/v1beta/files/f1" } },
          ],
        },
        {
          parts: [
            { file_data: { file_uri: "gs://bucket/secret" } },
            { fileData: { fileUri: "https://www.youtube.com/watch?v=1" } },
          ],
        },
        { parts: [{ functionCall: { name: "f", args: { fileUri: "gs://own" } } }] },
      ],
    }),
    ["cachedContents/c1", "files/f1", "gs://bucket/secret"],
  );
});

test("an Anthropic thread is continued by the id of its last message, which belongs to its maker", () => {
  const read = (body: object) =>
    anthropicWire.read(
      anthropicWire.endpoint("POST", "/v1/messages"),
      Buffer.from(JSON.stringify(body)),
    );
  const first = { model: "claude", max_tokens: 5, messages: [], thread: { type: "create" } };
  assert.deepEqual(read(first).stored, { uses: [], makes: true });
  assert.equal(read(first).facts.storedContext, false);
  const next = { ...first, thread: { type: "continue", previous_message_id: "msg_1" } };
  assert.deepEqual(read(next).stored, {
    uses: [{ key: "previous_message_id", id: "msg_1" }],
    makes: true,
  });
  assert.equal(read(next).facts.storedContext, true);
  const start = `event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message"}}\n\n`;
  assert.deepEqual(made(anthropicWire, true, start), ["msg_1"]);
});

test("a reference is found in one pass over a call's body, even under a key with escapes", () => {
  const read = (body: string) =>
    openai.read(openai.endpoint("POST", "/responses"), Buffer.from(body)).stored;
  assert.deepEqual(read('{"model":"m","previous_response_\\u0069d":"resp_1"}').uses, [
    { key: "previous_response_id", id: "resp_1" },
  ]);
  assert.deepEqual(read('{"model":"m","input":[{"type":null,"id":"msg_1"}]}').uses, [
    { key: "id", id: "msg_1" },
  ]);
  assert.deepEqual(read('{"model":"m","input":"a","store":false}'), { uses: [], makes: false });
  assert.equal(read('{"model":"m","input":"a"}').makes, true);
  for (const odd of [
    '{"model":"m","previous_response_id":"resp_1","previous_response_id":"resp_2"}',
    '{"model":"m","conversation":"a\\x"}',
  ])
    assert.throws(() => read(odd), PurserError);
});

/** @param how Whether a call's answer is a stream, or what a whole answer has created. */
function made(wire: WireFormat, how: boolean | MadeKind, text: string): readonly string[] {
  const found: string[] = [];
  const watch = wire.madeIds({
    of: typeof how === "string" ? how : "call",
    isStream: how === true,
    onIds: (ids) => found.push(...ids),
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 7) watch.push(bytes.subarray(at, at + 7));
  watch.end();
  return [...new Set(found)];
}

test("created objects are read from the answer's own fields, not from text of a caller or a model", () => {
  const output = [
    { type: "code_interpreter_call", id: "ci_1", container_id: "cntr_1" },
    {
      type: "message",
      id: "msg_1",
      content: [
        {
          type: "output_text",
          text: '"id":"resp_told"',
          annotations: [
            { type: "container_file_citation", container_id: "cntr_1", file_id: "cfile_1" },
          ],
        },
      ],
    },
    { type: "function_call", id: "fc_1", arguments: '{"file_id":"file-new"}' },
  ];
  const response = {
    metadata: { id: "resp_stolen" },
    id: "resp_1",
    tools: [{ type: "function", parameters: { file_id: "file-stolen" } }],
    output,
  };
  const ids = ["resp_1", "ci_1", "cntr_1", "msg_1", "cfile_1", "fc_1"];
  assert.deepEqual(made(openai, false, JSON.stringify(response)), ids);
  const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
  const stream =
    event({ type: "response.created", response: { ...response, output: [] } }) +
    output.map((item) => event({ type: "response.output_item.done", item })).join("") +
    event({ type: "response.output_text.delta", delta: '"response.created" "id":"resp_told"' });
  assert.deepEqual(made(openai, true, stream).toSorted(), ids.toSorted());
  assert.deepEqual(made(openai, false, "not json"), []);
});

test("spoken audio belongs to its maker, and later chats refer to it", () => {
  const read = (body: object) =>
    openai.read(openai.endpoint("POST", "/chat/completions"), Buffer.from(JSON.stringify(body)))
      .stored;
  const asked = {
    model: "gpt-audio",
    modalities: ["text", "audio"],
    audio: { voice: "alloy", format: "wav" },
  };
  const messages = [{ role: "user", content: "Say it" }];
  assert.deepEqual(read({ ...asked, messages }), { uses: [], makes: true });
  assert.equal(read({ model: "gpt-audio", messages }).makes, false);
  const later = [...messages, { role: "assistant", audio: { id: "audio_1" } }];
  assert.deepEqual(
    read({ model: "gpt-audio", messages: later }).uses.map(({ id }) => id),
    ["audio_1"],
  );
  const whole = {
    id: "chatcmpl-1",
    choices: [{ index: 0, message: { role: "assistant", audio: { id: "audio_1", data: "" } } }],
  };
  assert.deepEqual(made(openai, false, JSON.stringify(whole)), ["chatcmpl-1", "audio_1"]);
  const chunk = {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta: { audio: { id: "audio_1" } } }],
  };
  assert.deepEqual(made(openai, true, `data: ${JSON.stringify(chunk)}\n\n`), [
    "chatcmpl-1",
    "audio_1",
  ]);
});

test("Anthropic's containers and their files are read from bodies and streams", () => {
  const content = [
    {
      type: "bash_code_execution_tool_result",
      content: { content: [{ type: "bash_code_execution_output", file_id: "file_1" }] },
    },
    {
      type: "mcp_tool_result",
      content: [
        {
          type: "bash_code_execution_tool_result",
          file_id: "file_told",
          container: "container_told",
        },
      ],
    },
    {
      type: "web_fetch_tool_result",
      content: { content: [{ type: "document", source: { type: "file", file_id: "file_told" } }] },
    },
  ];
  const tool = { type: "tool_use", input: { container: "container_told", file_id: "file_told" } };
  assert.deepEqual(
    made(
      anthropicWire,
      false,
      JSON.stringify({ container: { id: "container_1" }, content: [...content, tool] }),
    ).toSorted(),
    ["container_1", "file_1"],
  );
  const stream = `event: message_delta\ndata: {"type":"message_delta","delta":{"container":{"id":"container_1"}}}\n\n`;
  assert.deepEqual(made(anthropicWire, true, stream), ["container_1"]);
});

/**
 * Content of an item that the provider did not write: from the caller's own server or files, a model,
 * or an earlier request.
 */
const foreign: readonly object[] = [
  {
    type: "mcp_list_tools",
    id: "mcpl_1",
    tools: [
      {
        name: "f",
        input_schema: {
          type: "object",
          file_id: "file-new",
          default: { container_id: "cntr_new" },
        },
        annotations: { file_id: "file-new" },
      },
    ],
  },
  {
    type: "mcp_call",
    id: "mcp_1",
    output: '{"file_id":"file-new"}',
    error: { type: "e", container_id: "cntr_new" },
  },
  {
    type: "file_search_call",
    id: "fs_1",
    results: [
      { file_id: "file-cited", attributes: { container_id: "cntr_new", file_id: "file-new" } },
    ],
  },
  {
    type: "computer_call_output",
    id: "cuo_1",
    output: { type: "computer_screenshot", file_id: "file-new" },
  },
  {
    type: "function_call",
    id: "fc_1",
    container_id: "cntr_new",
    environment: { container_id: "cntr_new" },
  },
  {
    type: "message",
    id: "msg_1",
    content: [
      { annotations: [{ type: "file_citation", file_id: "file-cited" }], file_id: "file-new" },
    ],
  },
];

test("ids of an item are read from the provider's own fields, and not from text that others wrote", () => {
  const own = ["mcpl_1", "mcp_1", "fs_1", "cuo_1", "fc_1", "msg_1"];
  assert.deepEqual(made(openai, false, JSON.stringify({ id: "resp_1", output: foreign })), [
    "resp_1",
    ...own,
  ]);
  const events = [
    "response.output_item.added",
    "response.output_item.done",
    "response.output_text.delta",
  ].flatMap((type) =>
    foreign.map(
      (item) =>
        `data: ${JSON.stringify({ type, item, output: foreign, delta: "output_item.done" })}\n\n`,
    ),
  );
  assert.deepEqual(made(openai, true, events.join("")), own);
  const shell = {
    type: "shell_call",
    id: "sh_1",
    environment: { type: "container_reference", container_id: "cntr_1" },
  };
  assert.deepEqual(made(openai, false, JSON.stringify({ id: "resp_1", output: [shell] })), [
    "resp_1",
    "sh_1",
    "cntr_1",
  ]);
  const compacted = {
    id: "resp_2",
    object: "response.compaction",
    output: [...foreign, { type: "compaction", id: "cmp_1" }],
  };
  assert.deepEqual(made(openai, false, JSON.stringify(compacted)), ["resp_2", "cmp_1"]);
  const block = (content_block: object): string =>
    `data: ${JSON.stringify({ type: "content_block_start", content_block })}\n\n`;
  const files = { content: [{ type: "code_execution_output", file_id: "file_1" }] };
  assert.deepEqual(
    made(anthropicWire, true, block({ type: "code_execution_tool_result", content: files })),
    ["file_1"],
  );
  for (const type of ["mcp_tool_result", "tool_result", "web_fetch_tool_result", "text"])
    assert.deepEqual(
      made(
        anthropicWire,
        true,
        block({ type, content: files, container: { id: "container_told" } }),
      ),
      [],
      type,
    );
});

test("ids are read from answers that create or complete objects, not from content or lists", () => {
  const makes: Readonly<Record<string, readonly [wire: WireFormat, made: MadeKind | undefined]>> = {
    "POST /files": [openai, "thing"],
    "POST /batches": [openai, "thing"],
    "POST /uploads/upload_1/complete": [openai, "upload"],
    "POST /videos/video_1/remix": [openai, "thing"],
    "POST /videos/edits": [openai, "thing"],
    "POST /videos/generations": [openai, "thing"],
    "POST /videos/extensions": [openai, "thing"],
    "POST /videos/characters": [openai, "thing"],
    "GET /videos/characters/char_1": [openai, undefined],
    "GET /responses/resp_1?stream=true": [openai, "call"],
    "GET /fine_tuning/jobs/ftjob-1": [openai, "job"],
    "GET /batches/batch_1": [openai, "batch"],
    "GET /files/file-1": [openai, undefined],
    "GET /files/file-1/content": [openai, undefined],
    "GET /containers/cntr_1/files/cfile_1/content": [openai, undefined],
    "GET /videos/video_1/content": [openai, undefined],
    "GET /skills/skill_1/content": [openai, undefined],
    "GET /responses/resp_1/input_items": [openai, undefined],
    "GET /conversations/conv_1/items": [openai, undefined],
    "GET /chat/completions/chatcmpl-1/messages": [openai, undefined],
    "POST /vector_stores/vs_1/search": [openai, undefined],
    "POST /vector_stores/vs_1/files": [openai, undefined],
    "DELETE /files/file-1": [openai, undefined],
    "POST /v1/files": [anthropicWire, "thing"],
    "GET /v1/files/file_1/content": [anthropicWire, undefined],
    "GET /v1/messages/batches/msgbatch_1/results": [anthropicWire, undefined],
    "POST /upload/v1beta/files": [geminiWire, "thing"],
    "POST /v1beta/cachedContents": [geminiWire, "thing"],
    "POST /v1beta/models/veo:predictLongRunning": [geminiWire, "thing"],
    "GET /v1beta/models/veo/operations/op1": [geminiWire, "thing"],
    "GET /v1beta/files/f1": [geminiWire, undefined],
    "GET /v1beta/files/f1:download?alt=media": [geminiWire, undefined],
  };
  for (const [request, [wire, expected]] of Object.entries(makes)) {
    const [method = "", path = ""] = request.split(" ");
    assert.equal(wire.storedPlace(method, path)?.made, expected, request);
  }
  const content = JSON.stringify({
    id: "file-new",
    output: [{ id: "resp_told" }],
    fine_tuned_model: "ft:m:org::1",
    file: { id: "file-in" },
  });
  assert.deepEqual(made(openai, "thing", content), ["file-new"]);
  assert.deepEqual(made(openai, "upload", content), ["file-in"]);
});
