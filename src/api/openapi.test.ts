/** Tests the OpenAPI document, and the routes of the process. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBench } from "./api-fixture.test.ts";
import { routes } from "./api.ts";
import { openApiDocument } from "./openapi.ts";
import { problems } from "./problem.ts";

const document = JSON.parse(JSON.stringify(openApiDocument(routes, "1.2.3")));

function* references(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === "$ref" && typeof inner === "string") yield inner;
    else yield* references(inner);
  }
}

test("the document is OpenAPI 3.1 and has every route", () => {
  assert.deepEqual([document.openapi, document.info.version], ["3.1.0", "1.2.3"]);
  const operations = Object.entries<Record<string, unknown>>(document.paths).flatMap(
    ([path, item]) => Object.keys(item).map((method) => `${method} ${path}`),
  );
  assert.deepEqual(operations.sort(), routes.map(({ method, path }) => `${method} ${path}`).sort());
});

test("every reference resolves, and no keyword of another dialect is left", () => {
  const names = [...references(document)];
  assert.ok(names.length > 50);
  for (const name of names) {
    assert.match(name, /^#\/components\/schemas\/\w+$/);
    assert.ok(
      document.components.schemas[name.slice("#/components/schemas/".length)],
      `${name} resolves`,
    );
  }
  assert.doesNotMatch(JSON.stringify(document), /\$defs|\$schema/);
});

test("every operation has a unique id, a summary, its path parameters, and answers", () => {
  const ids = new Set<string>();
  for (const { method, path } of routes) {
    const operation = document.paths[path][method];
    ids.add(operation.operationId);
    assert.ok(operation.summary.length > 5);
    const declared = operation.parameters
      .filter((parameter: { in: string }) => parameter.in === "path")
      .map((parameter: { name: string }) => parameter.name);
    assert.deepEqual(
      declared,
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
    );
    assert.ok(Object.keys(operation.responses).some((status) => status.startsWith("2")));
    for (const response of Object.values<{ description: string; content: object }>(
      operation.responses,
    )) {
      assert.ok(response.description.length > 0 && Object.keys(response.content).length === 1);
    }
  }
  assert.equal(ids.size, routes.length);
});

test("the document and the reference page are served without a key", async (t) => {
  const bench = await openBench(t);
  const served = await bench.request("/openapi.json", {});
  assert.equal(served.status, 200);
  assert.equal(((await served.json()) as { openapi: string }).openapi, "3.1.0");
  const page = await (await bench.request("/docs", {})).text();
  for (const { path } of routes) assert.ok(page.includes(path));
  for (const code of Object.keys(problems)) assert.ok(page.includes(`id="${code}"`));
});

test("the process reports liveness, readiness and metrics", async (t) => {
  const bench = await openBench(t);
  assert.deepEqual((await bench.call("GET", "/healthz")).json, { status: "ok", version: "0.0.0" });
  assert.equal((await bench.request("/readyz", {})).status, 200);
  const unready = await openBench(t, {
    ready: () => ({ ready: false, reasons: ["the ledger cannot be written"] }),
  });
  const ready = await unready.call("GET", "/readyz");
  assert.deepEqual([ready.status, ready.json.reasons], [503, ["the ledger cannot be written"]]);
  const ofProcess = await bench.request("/metrics", {});
  assert.equal(ofProcess.status, 200);
  assert.doesNotMatch(await ofProcess.text(), /purser_(spend|calls|open_holds)/);
  const metrics = await bench.call("GET", "/metrics");
  assert.match(metrics.headers.get("content-type") ?? "", /^text\/plain/);
  assert.match(metrics.text, /purser_open_holds 0/);
});
