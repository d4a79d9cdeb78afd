/** Tests the HTML pages: the front page and the reference. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBench } from "./api-fixture.test.ts";
import { fieldList, fieldsOf, typeText } from "./docs-schema.ts";
import { wantsPage } from "./front-page.ts";
import { prose } from "./html.ts";

const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

test("the front page is HTML for browsers and JSON for everything else", async (context) => {
  const bench = await openBench(context);
  const page = await bench.request("http://purser.test:4141/", { headers: { accept: browser } });
  assert.deepEqual(
    [page.status, page.headers.get("content-type")],
    [200, "text/html; charset=utf-8"],
  );
  const text = await page.text();
  for (const part of [
    "It accepts calls.",
    "http://purser.test:4141/v1",
    'href="/docs"',
    'href="/openapi.json"',
  ])
    assert.ok(text.includes(part), part);
  for (const accept of ["*/*", "application/json", "application/json, text/html"]) {
    const answer = (await (await bench.request("/", { headers: { accept } })).json()) as {
      readonly name: string;
      readonly ready: boolean;
    };
    assert.deepEqual([answer.name, answer.ready], ["Purser", true], accept);
  }
  assert.deepEqual([wantsPage(undefined), wantsPage("TEXT/HTML")], [false, true]);
  assert.equal((await bench.call("POST", "/", {})).status, 405);
});

test("a front page that is not ready says why, and text from a client cannot become markup", async (context) => {
  const bench = await openBench(context, {
    ready: () => ({ ready: false, reasons: ["the disk is <full>"] }),
  });
  const text = await (await bench.request("/", { headers: { accept: "text/html" } })).text();
  assert.match(text, /It does not accept calls: the disk is &lt;full&gt;\./);
});

test("the docs list every operation with its parameters, body and answers, without backticks", async (context) => {
  const bench = await openBench(context);
  const page = await (await bench.request("/docs", {})).text();
  const document = (await (await bench.request("/openapi.json", {})).json()) as {
    readonly paths: Readonly<
      Record<
        string,
        Readonly<
          Record<
            string,
            {
              readonly operationId: string;
              readonly parameters?: readonly { readonly name: string }[];
            }
          >
        >
      >
    >;
    readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
  };
  for (const operations of Object.values(document.paths)) {
    for (const { operationId, parameters = [] } of Object.values(operations)) {
      const [, section = ""] = page.split(`<section id="${operationId}">`);
      const own = section.split("</section>")[0] ?? "";
      assert.match(own, /<h4>Answers<\/h4>/, operationId);
      for (const { name } of parameters)
        assert.ok(own.includes(`<code>${name}</code>`), `${operationId}: ${name}`);
    }
  }
  assert.match(
    page.split('<section id="post_budgets">')[1] ?? "",
    /<h4>Body<\/h4>\n<dl>\n<dt><code>budget_id<\/code>/,
  );
  for (const [, name = ""] of page.matchAll(/href="#([^"]+)"/g))
    assert.ok(page.includes(`id="${name}"`), `nothing is called ${name}`);
  for (const name of Object.keys(document.components.schemas))
    assert.ok(page.includes(`id="schema-${name}"`), name);
  assert.ok(!page.includes("`"));
  assert.ok(!page.includes("undefined") && !page.includes("[object Object]"));
});

test("a field shows its type, whether it is required, its limits and its default", () => {
  const schema = {
    type: "object",
    required: ["limit"],
    properties: {
      limit: {
        type: "integer",
        minimum: 1,
        maximum: 2000,
        default: 100,
        description: "Rows in `data`.",
      },
    },
  };
  assert.match(
    fieldList(fieldsOf(schema)),
    /<code>limit<\/code><\/dt><dd><span class="faint">integer, required, at least 1, at most 2,000, <code>100<\/code> by default<\/span><br>Rows in <code>data<\/code>\./,
  );
  assert.equal(
    typeText({ type: "array", items: { $ref: "#/components/schemas/Budget" } }),
    'list of <a href="#schema-Budget">Budget</a>',
  );
  assert.equal(
    typeText({ anyOf: [{ type: "string", format: "date-time" }, { type: "null" }] }),
    "RFC 3339 time or null",
  );
  assert.equal(
    typeText({ enum: ["a", "b"] }),
    "one of <code>&quot;a&quot;</code>, <code>&quot;b&quot;</code>",
  );
});

test("text in backticks is code, and markup in it is escaped", () => {
  assert.equal(prose("give `<id>` & go"), "give <code>&lt;id&gt;</code> &amp; go");
});
