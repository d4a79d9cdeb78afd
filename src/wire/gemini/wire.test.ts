/** Tests the paths and errors of the Gemini format. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { geminiWire } from "./index.ts";

test("a path determines the endpoint, the model, and whether it streams", () => {
  const at = (path: string): unknown => geminiWire.endpoint("POST", path);
  const generate = { name: "generate_content", metering: "metered", model: "gemini-2.5-pro" };
  assert.deepEqual(at("/v1beta/models/gemini-2.5-pro:generateContent"), {
    ...generate,
    stream: false,
  });
  assert.deepEqual(at("/v1/models/gemini-2.5-pro:generateContent?key=x"), {
    ...generate,
    stream: false,
  });
  assert.deepEqual(at("/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"), {
    ...generate,
    stream: true,
  });
  assert.deepEqual(at("/v1beta/models/gemini-2.5-pro:countTokens"), {
    name: "count_tokens",
    metering: "free",
    model: "gemini-2.5-pro",
    stream: false,
  });
  for (const action of ["embedContent", "batchEmbedContents"]) {
    assert.deepEqual(at(`/v1beta/models/e:${action}`), {
      name: "embeddings",
      metering: "metered",
      model: "e",
      stream: false,
    });
  }
  assert.deepEqual(at("/v1beta/tunedModels/mine:generateContent"), {
    ...generate,
    model: "tunedModels/mine",
    stream: false,
  });
  assert.deepEqual(at("/v1beta/models/a%20b:generateContent"), {
    ...generate,
    model: "a b",
    stream: false,
  });
});

test("listing models is free, and everything else is unmetered", () => {
  for (const path of [
    "/v1beta/models?pageSize=5",
    "/v1beta/models/gemini-2.5-pro",
    "/v1/models/vendor/model",
  ]) {
    assert.deepEqual(geminiWire.endpoint("GET", path), { name: "models", metering: "free" });
  }
  assert.deepEqual(geminiWire.endpoint("GET", "/v1beta/models/gemini-2.5-pro"), {
    name: "models",
    metering: "free",
  });
  for (const path of ["/v1beta/models/veo/operations/op1", "/v1beta/files/f1:download"])
    assert.equal(geminiWire.endpoint("GET", path).metering, "free", path);
  const unknown = { name: "unknown", metering: "unmetered" };
  for (const path of [
    "/v1beta/models/x:batchGenerateContent",
    "/v1beta/files",
    "/v1beta/models/%zz:generateContent",
    "/v1beta/models/dear%3AgenerateContent%3F:countTokens",
    "/v1beta/models/cheap%2F..%2Fdear:generateContent",
    "/v1beta/models/cheap%5C..%5Cdear:generateContent",
  ]) {
    assert.deepEqual(geminiWire.endpoint("POST", path), unknown, path);
  }
  assert.deepEqual(geminiWire.endpoint("GET", "/v1beta/models/x:generateContent"), unknown);
});

test("an error has Google's canonical status, the code and the field", () => {
  const error = {
    status: 400,
    message: "too small",
    code: "invalid_request",
    param: "generationConfig.maxOutputTokens",
    purser: { reason: "r" },
  };
  assert.deepEqual(JSON.parse(geminiWire.error(error)), {
    error: {
      code: 400,
      message: "too small",
      status: "INVALID_ARGUMENT",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "INVALID_REQUEST",
          domain: "purser",
        },
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: [
            { field: "generationConfig.maxOutputTokens", description: "too small" },
          ],
        },
      ],
    },
    purser: { reason: "r" },
  });
});

test("each status has its canonical name", () => {
  const name = (status: number): string => {
    const body = JSON.parse(
      geminiWire.error({ status, message: "no", code: "c", param: null }),
    ) as { error: { status: string } };
    return body.error.status;
  };
  const expected = {
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    418: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    599: "INTERNAL",
  };
  for (const [status, canonical] of Object.entries(expected))
    assert.equal(name(Number(status)), canonical, status);
});
