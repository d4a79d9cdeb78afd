/** Tests the paths and errors of the Anthropic format. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { anthropicWire } from "./index.ts";

test("a path is metered, free or unmetered depending on its cost", () => {
  const at = (method: string, path: string): string => {
    const { name, metering } = anthropicWire.endpoint(method, path);
    return `${name} ${metering}`;
  };
  assert.equal(at("POST", "/v1/messages"), "messages metered");
  assert.equal(at("POST", "/v1/messages?beta=true"), "messages metered");
  assert.equal(at("POST", "/v1/messages/count_tokens"), "count_tokens free");
  assert.equal(at("GET", "/v1/models"), "models free");
  assert.equal(at("GET", "/v1/models/claude-opus-5?x=1"), "models free");
  assert.equal(at("GET", "/v1/models/vendor/model"), "models free");
  assert.equal(at("GET", "/v1/models/vendor%2Fmodel"), "models free");
  assert.equal(at("POST", "/v1/messages/batches"), "batches unmetered");
  assert.equal(at("GET", "/v1/messages/batches/b1/results"), "batches unmetered");
  assert.equal(at("POST", "/v1/complete"), "complete unmetered");
  assert.equal(at("GET", "/v1/messages"), "unknown unmetered");
  assert.equal(at("POST", "/v1/files"), "unknown unmetered");
});

test("an error has Anthropic's type for its status", () => {
  const type = (status: number): string => {
    const body = JSON.parse(
      anthropicWire.error({ status, message: "no", code: "c", param: null }),
    ) as {
      type: string;
      error: { type: string; message: string };
    };
    assert.equal(body.type, "error");
    assert.equal(body.error.message, "no");
    return body.error.type;
  };
  const expected = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    502: "api_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
  };
  for (const [status, name] of Object.entries(expected))
    assert.equal(type(Number(status)), name, status);
});

test("Purser's details are next to the error", () => {
  const error = {
    status: 402,
    message: "no",
    code: "budget_exhausted",
    param: "max_tokens",
    purser: { budget_id: "all" },
  };
  assert.deepEqual(JSON.parse(anthropicWire.error(error)), {
    type: "error",
    error: { type: "billing_error", message: "no" },
    purser: { code: "budget_exhausted", param: "max_tokens", budget_id: "all" },
  });
});
