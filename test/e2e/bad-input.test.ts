/** Invalid input of every kind: a clear error in the right format, and no partial effects. */

import assert from "node:assert/strict";
import net from "node:net";
import { before, beforeEach, afterEach, describe, test } from "node:test";
import {
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type Json,
  type SimulatorProcess,
} from "./process.ts";
import { always } from "./settings.ts";

let simulator: SimulatorProcess;
let gateway: GatewayProcess;
let key: string;

before(async () => {
  simulator = await startSimulatorProcess();
  gateway = await startGateway({
    simulatorUrl: simulator.url,
    config: "limits: { body_bytes: 20000 }",
  });
  await gateway.makeBudget({
    budget_id: "all",
    budget_type: "platform",
    resource_id: "main",
    amount: "10",
    ...always,
  });
  ({ key } = await gateway.makeKey());
});

interface Figures {
  readonly entries: number;
  readonly billed: number;
  readonly spent: Json;
  readonly held: Json;
}

async function figures(): Promise<Figures> {
  const [entries, rows] = [await gateway.entries(), await simulator.books()];
  const { spent, held } = (await gateway.budget("all")) as unknown as { spent: Json; held: Json };
  return {
    entries: entries.length,
    billed: rows.filter(({ billed }) => billed).length,
    spent,
    held,
  };
}

/** A gateway error, in any format. */
interface No {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Json;
}

async function post(
  where: string,
  body: string | Uint8Array<ArrayBuffer> | ReadableStream,
  headers: Record<string, string> = {},
): Promise<No> {
  const init = {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    body,
  };
  const answer = await fetch(
    gateway.url + where,
    body instanceof ReadableStream ? { ...init, duplex: "half" } : init,
  );
  return { status: answer.status, headers: answer.headers, json: (await answer.json()) as Json };
}

const chat = "/openai/v1/chat/completions";
const shapes = [
  {
    name: "OpenAI's",
    path: chat,
    check: ({ json, status }: No) => {
      assert.equal(typeof json["error"]?.["message"], "string");
      assert.equal(
        json["error"]?.["type"],
        status === 404 ? "not_found_error" : "invalid_request_error",
      );
    },
  },
  {
    name: "Anthropic's",
    path: "/anthropic/v1/messages",
    check: ({ json, status }: No) => {
      assert.deepEqual([json["type"], typeof json["error"]?.["message"]], ["error", "string"]);
      const types: Readonly<Record<number, string>> = {
        404: "not_found_error",
        413: "request_too_large",
      };
      assert.equal(json["error"]?.["type"], types[status] ?? "invalid_request_error");
    },
  },
  {
    name: "Gemini's",
    path: "/gemini/v1beta/models/sim-small:generateContent",
    check: ({ json, status }: No) => {
      assert.deepEqual(
        [json["error"]?.["code"], typeof json["error"]?.["message"]],
        [status, "string"],
      );
      assert.equal(json["error"]?.["status"], status === 404 ? "NOT_FOUND" : "INVALID_ARGUMENT");
    },
  },
] as const;

/** The error in a common form: the field and the remedy. */
function assertNames({ json }: No, field: RegExp): void {
  assert.match(String(json["purser"]?.["field"]), field);
  assert.ok(String(json["purser"]?.["remedy"]).length > 10, JSON.stringify(json));
}

describe("nothing is forwarded, charged or held for", () => {
  let figuresBefore: Figures;
  beforeEach(async () => {
    figuresBefore = await figures();
  });
  afterEach(async () => {
    assert.deepEqual(await figures(), figuresBefore);
    assert.equal(figuresBefore.held, "0");
  });

  for (const shape of shapes) {
    test(`a body that is not JSON, in ${shape.name} format`, async () => {
      for (const body of [
        "",
        "{",
        '{"model":"sim-small"',
        "[]",
        "null",
        '"text"',
        '{"model":}',
        '{"model":"a"} {"b":1}',
        "\u0000",
        "{'model':'a'}",
      ]) {
        const answer = await post(shape.path, body);
        assert.equal(answer.status, 400, `${body}: ${JSON.stringify(answer.json)}`);
        shape.check(answer);
      }
      const invalidUtf8 = new Uint8Array([0xff, 0xfe, 0x7b, 0x7d]);
      assert.equal((await post(shape.path, invalidUtf8)).status, 400);
    });

    test(`a body over limits.body_bytes, announced or not, in ${shape.name} format`, async () => {
      const large = JSON.stringify({
        model: "sim-small",
        messages: [{ role: "user", content: "a".repeat(20_000) }],
      });
      const chunked = new Blob([large]).stream();
      for (const body of [large, chunked]) {
        const answer = await post(shape.path, body);
        assert.equal(answer.status, 413);
        shape.check(answer);
        assertNames(answer, /^body$/);
        assert.match(String(answer.json["purser"]?.["remedy"]), /limits\.body_bytes/);
      }
    });
  }

  const request = (fields: string): string =>
    `{"model":"sim-small","messages":[{"role":"user","content":"a"}]${fields && `,${fields}`}}`;

  test("an invalid token ceiling", async () => {
    for (const value of [
      "-5",
      "0",
      "1e12",
      "1e30",
      "1.5",
      '"100"',
      "true",
      "[1]",
      "{}",
      "99999999999999999999",
    ]) {
      for (const field of ["max_tokens", "max_completion_tokens"]) {
        const answer = await post(chat, request(`"${field}":${value}`));
        assert.equal(answer.status, 400, `${field} ${value}: ${JSON.stringify(answer.json)}`);
        assertNames(answer, new RegExp(`^${field}$`));
      }
      assert.equal(
        (
          await post(
            "/openai/v1/responses",
            `{"model":"sim-small","input":"a","max_output_tokens":${value}}`,
          )
        ).status,
        400,
        value,
      );
      // Gemini may accept null here, which is its own decision.
      if (value === "0") continue;
      const gemini = `{"contents":[],"generationConfig":{"maxOutputTokens":${value}}}`;
      const answer = await post("/gemini/v1beta/models/sim-small:generateContent", gemini);
      assert.deepEqual(
        [answer.status, answer.json["purser"]?.["field"]],
        [400, "generationConfig.maxOutputTokens"],
        value,
      );
    }
    for (const value of ["-5", "1e12", "1.5", '"100"']) {
      const answer = await post("/anthropic/v1/messages", request(`"max_tokens":${value}`));
      assert.equal(answer.status, 400, value);
      assertNames(answer, /^max_tokens$/);
    }
    for (const value of ["NaN", "Infinity", "-Infinity", "0x10", "01", "+1", ".5"]) {
      assert.equal((await post(chat, request(`"max_tokens":${value}`))).status, 400, value);
    }
  });

  test("a repeated field, however it is escaped", async () => {
    for (const fields of [
      '"max_tokens":10,"max_tokens":100000',
      '"max_tokens":10,"max\\u005ftokens":100000',
      '"max_tokens":10,"max_tokens":10',
    ]) {
      const answer = await post(chat, request(fields));
      assert.equal(answer.status, 400, `${fields}: ${JSON.stringify(answer.json)}`);
      assertNames(answer, /^max_tokens$/);
    }
    for (const fields of [
      '"model":"sim-large"',
      '"mod\\u0065l":"sim-large"',
      '"stream":true,"stream":false',
      '"n":1,"n":100',
    ]) {
      assert.equal((await post(chat, request(fields))).status, 400, fields);
    }
    const twice =
      '{"contents":[],"generationConfig":{"maxOutputTokens":5},"generation_config":{"maxOutputTokens":50000}}';
    assert.equal(
      (await post("/gemini/v1beta/models/sim-small:generateContent", twice)).status,
      400,
    );
  });

  test("an invalid number of choices, or too many", async () => {
    for (const value of ["0", "-1", "1.5", "1e9", '"2"']) {
      const answer = await post(chat, request(`"n":${value}`));
      assert.equal(answer.status, 400, value);
      assertNames(answer, /^n$/);
    }
  });

  test("a missing or unknown model", async () => {
    for (const body of [
      '{"messages":[]}',
      '{"model":"","messages":[]}',
      '{"model":5,"messages":[]}',
      '{"model":null,"messages":[]}',
    ]) {
      const answer = await post("/v1/chat/completions", body);
      assert.equal(answer.status, 400, body);
      assertNames(answer, /^model$/);
    }
    for (const where of [
      "/v1/chat/completions",
      "/v1/responses",
      "/v1/messages",
      "/v1/embeddings",
    ]) {
      const body = '{"model":"no-such-model","messages":[],"input":"a","max_tokens":5}';
      const answer = await post(where, body);
      assert.equal(answer.status, 404, where);
      assertNames(answer, /^model$/);
      assert.match(String(answer.json["purser"]?.["remedy"]), /PROVIDER\/MODEL.*openai.*anthropic/);
    }
    const foreign = await post(
      "/v1/chat/completions",
      '{"model":"anthropic/sim-large","messages":[]}',
    );
    assert.equal(foreign.status, 400);
    assertNames(foreign, /^model$/);
  });

  test("invalid attribution headers and operation ids", async () => {
    const { key: refining } = await gateway.makeKey({}, { may_refine: ["task", "tags"] });
    const bad: readonly (readonly [string, string])[] = [
      ["x-purser-task", "a".repeat(200)],
      ["x-purser-task", "\u0085"],
      ["x-purser-tags", "no-value"],
      ["x-purser-tags", "a=1,a=2"],
      ["x-purser-tags", Array.from({ length: 17 }, (_, index) => `t${index}=1`).join(",")],
      ["x-purser-operation-id", "has space"],
      ["x-purser-operation-id", "a".repeat(129)],
    ];
    for (const [name, value] of bad) {
      const answer = await post(chat, request(""), {
        authorization: `Bearer ${refining}`,
        [name]: value,
      });
      assert.equal(answer.status, 400, `${name}: ${JSON.stringify(answer.json)}`);
      assertNames(answer, new RegExp(`^${name}$`));
    }
  });

  test("a header with a control character, a folded line or a smuggled one: the connection ends with 400", async () => {
    const head = `POST ${chat} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n`;
    const body = request("");
    const length = `Content-Length: ${body.length}\r\n`;
    const bad = [
      `${head}x-purser-task: a\u0001b\r\n${length}\r\n${body}`,
      `${head}x-purser-task: a\nb\r\n${length}\r\n${body}`,
      `${head}x-purser-task: a\rx-purser-team: b\r\n${length}\r\n${body}`,
      `${head}x purser: a\r\n${length}\r\n${body}`,
      `${head}${length}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${body}`,
      `${head}Content-Length: 5\r\n${length}\r\n${body}`,
      `${head}Content-Length: -5\r\n\r\n${body}`,
      `${head}x-long: ${"a".repeat(100_000)}\r\n${length}\r\n${body}`,
    ];
    for (const text of bad)
      assert.match(await raw(text), /^HTTP\/1\.1 4(00|31) /, JSON.stringify(text.slice(-200)));
  });

  test("an endpoint whose cost cannot be known", async () => {
    for (const where of [
      "/openai/v1/images/generations",
      "/openai/v1/audio/speech",
      "/openai/v1/nothing",
      "/anthropic/v1/complete",
    ]) {
      const answer = await post(where, '{"model":"model-without-price","input":"a"}');
      assert.equal(answer.status, 403, where);
      assert.match(
        String(answer.json["purser"]?.["remedy"]),
        /providers\.(openai|anthropic)\.unmetered/,
      );
    }
  });

  test("a path that would change on its way, such as a free endpoint to a billed one or a cheap model to an expensive one", async () => {
    const paths = [
      "/openai/v1/models/../images/generations",
      "/openai/v1/models/%2E%2e/chat/completions",
      "/openai/v1/chat/completions/#",
      "/openai/v1/chat/completions/\\",
      "/gemini/v1beta/models/sim-small\\..\\sim-large:generateContent",
      "/gemini/v1beta/models/sim-small%2F..%2Fsim-large:generateContent",
      "/v1beta/models/gemini%2Fsim-large%3AgenerateContent%3F:countTokens",
      "/v1beta/models/gemini%2F..%2F..%2Fopenai%2Fv1%2Fmodels%23:countTokens",
    ];
    for (const where of paths) {
      const head = `POST ${where} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n`;
      assert.match(
        await raw(`${head}Content-Length: 2\r\nConnection: close\r\n\r\n{}`),
        /^HTTP\/1\.1 40[034] /,
        where,
      );
    }
  });

  test("an unknown path, and a method that a path does not support", async () => {
    const unknown = await gateway.api("POST", "/no/such/path", { body: {} });
    assert.deepEqual([unknown.status, unknown.json["code"]], [404, "not_found"]);
    assert.match(unknown.headers.get("content-type") ?? "", /problem\+json/);
    assert.equal((await gateway.api("PUT", "/api/v1/budgets", { body: {} })).status, 405);
  });
});

test("a model name that is invalid in a header is encoded there, and the answer arrives", async () => {
  const own = await startGateway();
  const made = await own.makeKey();
  for (const [model, shown] of [
    ["модель 1", "%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D1%8C 1"],
    ["a\nb", "a%0Ab"],
    ["\ud800", "%EF%BF%BD"],
  ]) {
    for (const stream of [false, true]) {
      const answer = await fetch(`${own.url}/sim/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${made.key}` },
        body: JSON.stringify({ model, stream, messages: [{ role: "user", content: "a" }] }),
      });
      await answer.arrayBuffer();
      assert.deepEqual(
        [answer.status, answer.headers.get("x-purser-model")],
        [200, `sim/${shown}`],
      );
    }
  }
});

/** Sends raw bytes. @returns Everything received until the other side closed. */
async function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  const socket = net.connect(Number(port), hostname);
  let answer = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk));
  // A server may close with a reset after the answer.
  socket.on("error", () => socket.destroy());
  socket.write(text, "latin1");
  await new Promise((resolve) => socket.on("close", resolve));
  return answer;
}

test("an endpoint whose cost cannot be known passes if the configuration allows it, and is reported as unmetered", async () => {
  const { url } = simulator;
  const own = await startGateway({
    providers: { own: { wire: "openai", base_url: `${url}/openai/v1`, unmetered: "allow" } },
  });
  const made = await own.makeKey();
  const answer = await fetch(`${own.url}/own/v1/images/generations`, {
    method: "POST",
    headers: { authorization: `Bearer ${made.key}` },
    body: '{"model":"m"}',
  });
  await answer.arrayBuffer();
  // The simulator does not generate images; it only matters that the request reached it.
  assert.deepEqual([answer.status, answer.headers.get("x-purser-cost-usd")], [404, "unknown"]);
  const [entry] = await own.entries();
  assert.deepEqual(
    [entry?.flags, entry?.cost_usd, entry?.endpoint],
    [["unmetered"], "0", "images"],
  );
});

test("afterwards the gateway still serves calls", async () => {
  const answer = await post(
    chat,
    '{"model":"sim-small","messages":[{"role":"user","content":"a"}]}',
  );
  assert.equal(answer.status, 200);
  const verified = await gateway.api("POST", "/api/v1/verify");
  assert.equal(verified.json["ok"], true);
});
