/** Tests which models and stored objects an unmetered request refers to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import { anthropicWire } from "../anthropic/index.ts";
import { geminiWire } from "../gemini/index.ts";
import type { MadeKind, WireFormat } from "../wire.ts";
import { idsOf, multipart, namedBy, openai, part } from "./named.test-kit.ts";

function references(wire: WireFormat, body: object): readonly string[] {
  return idsOf(namedBy(wire, Buffer.from(JSON.stringify(body))).uses);
}

function made(wire: WireFormat, of: MadeKind, body: string): readonly string[] {
  const found: string[] = [];
  const watch = wire.madeIds({ of, isStream: false, onIds: (ids) => found.push(...ids) });
  watch.push(Buffer.from(body));
  watch.end();
  return [...new Set(found)];
}

const bodies: readonly (readonly [wire: WireFormat, body: object, ids: readonly string[]])[] = [
  [openai, { model: "tts", input: "a", voice: { id: "voice_1" } }, ["voice_1"]],
  [openai, { model: "tts", input: "a", voice: "voice_1" }, ["voice_1"]],
  [openai, { model: "tts", input: "a", voice: "alloy" }, []],
  [
    openai,
    { model: "m", audio: { voice: { id: "voice_1" }, format: "wav" }, messages: [] },
    ["voice_1"],
  ],
  [
    openai,
    { session: { type: "realtime", audio: { output: { voice: { id: "voice_1" } } } } },
    ["voice_1"],
  ],
  [openai, { model: "m", prompt_cache_options: { comparison_response_id: "resp_1" } }, ["resp_1"]],
  [
    openai,
    { model: "m", tools: [{ type: "mcp", server_label: "s", tunnel_id: "tunnel_1" }] },
    ["tunnel_1"],
  ],
  [
    openai,
    {
      model: "m",
      tools: [
        { type: "mcp", server_label: "s", connector_id: "connector_gmail", authorization: "mine" },
      ],
    },
    [],
  ],
  [
    openai,
    { model: "m", tools: [{ type: "mcp", server_label: "s", connector_id: "connector_68a1" }] },
    ["connector_68a1"],
  ],
  [
    openai,
    {
      model: "m",
      tools: [
        { type: "shell", environment: { type: "container_reference", container_id: "cntr_1" } },
      ],
    },
    ["cntr_1"],
  ],
  [
    openai,
    {
      tools: [
        {
          environment: {
            type: "container_auto",
            skills: [{ skill_id: "skill_1" }, { skill_id: "openai-spreadsheets" }],
          },
        },
      ],
    },
    ["skill_1"],
  ],
  [
    openai,
    { model: "m", tools: [{ type: "document_library", library_ids: ["lib_1"] }] },
    ["lib_1"],
  ],
  [openai, { model: "m", preset: "house-style", messages: [] }, ["house-style"]],
  [
    openai,
    { model: "m", data_sources: [{ type: "azure_search", parameters: { index_name: "all" } }] },
    ["data_sources"],
  ],
  [
    openai,
    {
      model: "sora",
      prompt: "a",
      video: { id: "video_1" },
      characters: [{ id: "char_1" }, { id: "char_2" }],
    },
    ["char_1", "char_2", "video_1"],
  ],
  [
    openai,
    { training_file: "file-1", validation_file: "file-2", model: "m" },
    ["file-1", "file-2"],
  ],
  [openai, { model: "m", input: [{ type: "reasoning", id: "rs_1", summary: [] }] }, ["rs_1"]],
  [
    openai,
    {
      model: "m",
      input: [{ type: "reasoning", id: "rs_1", summary: [], encrypted_content: null }],
    },
    ["rs_1"],
  ],
  [
    openai,
    {
      model: "m",
      input: [{ type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" }],
    },
    [],
  ],
  [
    openai,
    {
      model: "m",
      input: [{ type: "reasoning", id: "rs_1", content: [{ type: "reasoning_text", text: "So" }] }],
    },
    [],
  ],
  [openai, { model: "m", input: [{ type: "image_generation_call", id: "ig_1" }] }, ["ig_1"]],
  [
    openai,
    {
      model: "m",
      input: [{ type: "image_generation_call", id: "ig_1", status: "completed", result: "" }],
    },
    ["ig_1"],
  ],
  [
    openai,
    {
      model: "m",
      input: [{ type: "image_generation_call", id: "ig_1", status: "completed", result: "iVBO" }],
    },
    [],
  ],
  [
    openai,
    {
      model: "m",
      input: [
        { type: "compaction", id: "cmp_1" },
        { type: "web_search_call", id: "ws_1", status: "completed" },
      ],
    },
    ["cmp_1", "ws_1"],
  ],
  [
    openai,
    {
      model: "m",
      input: [{ type: "mcp_approval_response", approval_request_id: "mcpr_1", approve: true }],
    },
    ["mcpr_1"],
  ],
  [
    openai,
    {
      model: "m",
      input: [
        {
          type: "mcp_approval_request",
          id: "mcpr_1",
          name: "f",
          server_label: "s",
          arguments: "{}",
        },
        { type: "mcp_approval_response", approval_request_id: "mcpr_1", approve: true },
      ],
    },
    [],
  ],
  [
    openai,
    {
      model: "m",
      input: [{ type: "mcp_approval_response", approval_request_id: "mcpr_1", approve: true }],
      tools: [{ type: "mcp_approval_request", id: "mcpr_1" }],
      items: [{ type: "mcp_approval_request", id: "mcpr_1" }],
      more: { input: [{ type: "mcp_approval_request", id: "mcpr_1" }] },
    },
    ["mcpr_1"],
  ],
  [
    openai,
    {
      model: "m",
      input: "a",
      plugins: [{ id: "web" }, { id: "file-parser", pdf: { engine: "x" } }],
    },
    [],
  ],
  [
    openai,
    {
      model: "m",
      input: "a",
      provider: { id: "p" },
      client: [
        { type: "item_reference", id: "x" },
        { type: "compaction", id: "y" },
      ],
    },
    [],
  ],
  [
    openai,
    {
      model: "m",
      input: [
        {
          type: "computer_call_output",
          call_id: "c",
          acknowledged_safety_checks: [{ id: "cu_sc_1" }],
          output: {},
        },
      ],
    },
    [],
  ],
  [openai, { model: "m", input: { id: "msg_1" } }, ["msg_1"]],
  [
    openai,
    { model: "m", input: [[{ id: "msg_1" }]], more: { input: [{ id: "msg_2" }] } },
    ["msg_1", "msg_2"],
  ],
  [
    openai,
    {
      items: [
        { id: "msg_1" },
        { type: "item_reference", id: "msg_2" },
        { type: "message", id: "echo", content: [] },
      ],
    },
    ["msg_1", "msg_2"],
  ],
  [
    anthropicWire,
    { model: "m", thread: { type: "continue", previous_message_id: "msg_1" } },
    ["msg_1"],
  ],
  [anthropicWire, { model: "m", diagnostics: { previous_message_id: "msg_1" } }, ["msg_1"]],
  [
    anthropicWire,
    { model: "m", user_profile_id: "prof_1", workspace_id: "wrkspc_1" },
    ["prof_1", "wrkspc_1"],
  ],
  [
    anthropicWire,
    {
      container: {
        skills: [
          { type: "anthropic", skill_id: "skill_1" },
          { type: "anthropic", skill_id: "xlsx" },
        ],
      },
    },
    ["skill_1"],
  ],
  [
    geminiWire,
    {
      contents: [
        { parts: [{ fileData: { fileUri: "https://storage.googleapis.com/bucket/files/f1" } }] },
      ],
    },
    ["https://storage.googleapis.com/bucket/files/f1"],
  ],
  [
    geminiWire,
    {
      contents: [
        {
          parts: [
            {
              fileData: {
                fileUri: "HTTPS://x@GENERATIVELANGUAGE.googleapis.com./v1beta/files/f1?alt=media",
              },
            },
          ],
        },
      ],
    },
    ["files/f1"],
  ],
  [
    geminiWire,
    {
      contents: [
        {
          parts: [
            { fileData: { fileUri: "files/f1" } },
            { fileData: { fileUri: "https:\\\\storage.googleapis.com/b" } },
          ],
        },
      ],
    },
    ["files/f1", "https:\\\\storage.googleapis.com/b"],
  ],
  [
    geminiWire,
    {
      contents: [
        {
          parts: [
            {
              functionResponse: {
                name: "f",
                response: { fileUri: "gs://own" },
                parts: [{ fileData: { fileUri: "gs://b" } }],
              },
            },
          ],
        },
      ],
    },
    ["gs://b"],
  ],
  [
    geminiWire,
    {
      tools: [
        { retrieval: { vertexAiSearch: { engine: "e", dataStoreSpecs: [{ dataStore: "d" }] } } },
      ],
    },
    ["d", "e"],
  ],
  [
    geminiWire,
    {
      tools: [
        {
          retrieval: {
            vertex_rag_store: { rag_resources: [{ rag_corpus: "c", rag_file_ids: ["f"] }] },
          },
        },
      ],
    },
    ["c", "f"],
  ],
  [
    geminiWire,
    {
      tools: [
        {
          retrieval: {
            externalApi: {
              endpoint: "https://mine.example",
              apiAuth: { apiKeyConfig: { apiKeySecretVersion: "projects/p/secrets/s" } },
            },
          },
        },
      ],
    },
    ["projects/p/secrets/s"],
  ],
  [
    geminiWire,
    {
      instances: [{ prompt: "a", image: { gcsUri: "gs://b/i" } }],
      parameters: { storageUri: "gs://b/o" },
    },
    ["gs://b/i", "gs://b/o"],
  ],
  [
    geminiWire,
    { generationConfig: { generationOutputConfig: { outputUriPrefix: "gs://b/o" } } },
    ["gs://b/o"],
  ],
  [
    geminiWire,
    {
      generationConfig: {
        speechConfig: {
          voiceConfig: { voice: "voices/v1", prebuiltVoiceConfig: { voiceName: "Kore" } },
        },
      },
    },
    ["voices/v1"],
  ],
  [
    geminiWire,
    { tools: [{ functionDeclarations: [{ name: "f", parameters: { fileUri: "gs://schema" } }] }] },
    [],
  ],
];

test("every field that can contain the id of a stored object is read, in each format", () => {
  for (const [wire, body, ids] of bodies) {
    assert.deepEqual(references(wire, body), ids, JSON.stringify(body));
    // A request that is metered is read by the same rules.
    if (!("model" in body) || wire === geminiWire || !("input" in body)) continue;
    const { uses } = wire.read(
      wire.endpoint("POST", "/responses"),
      Buffer.from(JSON.stringify(body)),
    ).stored;
    assert.deepEqual(idsOf(uses), ids, JSON.stringify(body));
  }
});

test("a body that repeats a field with an id, or cannot be read, is refused: the provider may read it differently", () => {
  const odd: readonly (readonly [WireFormat, string])[] = [
    [openai, '{"input":[{"file_id":"file-other","file_id":"file-own"}]}'],
    [openai, '{"input":[{"content":[{"file_id":"file-other"}],"content":[]}]}'],
    [openai, '{"input":[{"type":"item_reference","id":"rs_other","\\u0069d":"rs_own"}]}'],
    [openai, '{"input":[{"metadata":{"file_id":"a","file_id":"b"}}]}'],
    [anthropicWire, '{"container":{"id":"c1"},"container":null}'],
    [geminiWire, '{"cachedContent":"cachedContents/a","cachedContent":"cachedContents/b"}'],
    [openai, '{"previous_response_id":"resp_1","temperature":NaN}'],
    [openai, '{"previous_response_id":"resp_1",}'],
    [openai, '[{"previous_response_id":"resp_1"}]'],
    [openai, '\uFEFF{"previous_response_id":"resp_1"}'],
    [openai, "file_id=file-1"],
  ];
  for (const [wire, body] of odd)
    assert.throws(() => namedBy(wire, Buffer.from(body)), PurserError, body);
  assert.throws(
    () => namedBy(openai, Buffer.from('\uFEFF{"previous_response_id":"resp_1"}', "utf16le")),
    PurserError,
  );
  for (const body of [
    '{"input":[{"file_id":"file-other","file_id":"file-own"}],"model":"m"}',
    '{"model":"m","input":[{"id":"a","id":"b"}]}',
  ])
    assert.throws(
      () => openai.read(openai.endpoint("POST", "/responses"), Buffer.from(body)),
      PurserError,
      body,
    );
  assert.throws(() => namedBy(openai, Buffer.from('{"conversation":"a\\x"}')), /not valid JSON/);
  assert.doesNotThrow(() =>
    geminiWire.named({
      method: "POST",
      path: "/upload/v1beta/files",
      contentType: "text/plain",
      body: Buffer.from("a"),
    }),
  );
});

test("a tuned model and its checkpoints are recognised by name, and found in a job's answer", () => {
  const names = [
    "ft:gpt-4o:org:s:1",
    "ft:gpt-4o:org:s:1:ckpt-step-88",
    "davinci:ft-org-2023",
    "gpt-4o",
    "soft:1",
  ];
  assert.deepEqual(
    names.map((name) => openai.tunedModel(name)),
    ["ft:gpt-4o:org:s:1", "ft:gpt-4o:org:s:1", "davinci:ft-org-2023", undefined, undefined],
  );
  assert.deepEqual(
    ["tunedModels/t1", "gemini-2.5-pro"].map((name) => geminiWire.tunedModel(name)),
    ["tunedModels/t1", undefined],
  );
  assert.equal(anthropicWire.tunedModel("ft:claude"), undefined);
  assert.deepEqual(
    made(
      openai,
      "job",
      '{"id":"ftjob-1","fine_tuned_model":"ft:gpt-4o:org:s:1","model":"ft:other"}',
    ),
    ["ftjob-1", "ft:gpt-4o:org:s:1"],
  );
  const operation = {
    name: "tunedModels/t1/operations/o1",
    metadata: { tunedModel: "tunedModels/t1" },
  };
  assert.deepEqual(made(geminiWire, "thing", JSON.stringify(operation)), ["tunedModels/t1"]);
  const path = { method: "GET", contentType: undefined, body: Buffer.alloc(0) };
  assert.deepEqual(openai.named({ ...path, path: "/models/ft:gpt-4o:org:s:1" }).models, [
    "ft:gpt-4o:org:s:1",
  ]);
});

test("every model that a request may call is found, and no file is taken for a model", () => {
  const models = (wire: WireFormat, body: object) =>
    namedBy(wire, Buffer.from(JSON.stringify(body))).models;
  const requests = ["a", "b"].map((model) => ({
    custom_id: model,
    params: { model, tools: [{ type: "advisor_20260301", model: "c" }], messages: [] },
  }));
  assert.deepEqual(models(anthropicWire, { requests }).toSorted(), ["a", "b", "c"]);
  assert.deepEqual(models(openai, { model: "m", metadata: { model: "own" } }), ["m"]);
  assert.deepEqual(namedBy(openai, Buffer.from('{"file_id":"x","model":"x"}')), {
    uses: [{ key: "file_id", id: "x" }],
    models: ["x"],
  });
  assert.throws(() => namedBy(openai, Buffer.from('{"model":"a","model":"b"}')), PurserError);
  assert.deepEqual(
    namedBy(openai, Buffer.from(`${part("model", "a")}${part("model", "b")}--b--`), multipart)
      .models,
    ["a", "b"],
  );
});

test("a model in a path is found, whatever the action: Gemini's, an Azure deployment, a realtime call", () => {
  const models = (wire: WireFormat, path: string) =>
    wire.named({ method: "POST", path, contentType: "application/json", body: Buffer.from("{}") })
      .models;
  assert.deepEqual(models(geminiWire, "/v1beta/models/imagen-4:predict"), ["imagen-4"]);
  assert.deepEqual(models(geminiWire, "/v1beta/tunedModels/t1:predict?alt=json"), [
    "tunedModels/t1",
  ]);
  assert.deepEqual(models(openai, "/deployments/dall-e-3/images/generations?api-version=1"), [
    "dall-e-3",
  ]);
  assert.deepEqual(models(openai, "/realtime/calls?model=gpt-realtime"), ["gpt-realtime"]);
  assert.deepEqual(models(openai, "//realtime/calls?a=?&model=gpt-realtime"), ["gpt-realtime"]);
  assert.deepEqual(models(openai, "/images/generations"), []);
});
