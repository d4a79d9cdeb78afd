/** Updates of the prices on a running server: the next call has the new price, no earlier one. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { before, test } from "node:test";
import { openaiAt, steer } from "./client.ts";
import {
  startGateway,
  startSimulatorProcess,
  type ApiAnswer,
  type GatewayProcess,
  type Json,
  type SimulatorProcess,
} from "./process.ts";

const root = "/api/v1/prices/updates";
const model = "sim-small";

let simulator: SimulatorProcess;

before(async () => {
  simulator = await startSimulatorProcess(["--gap-ms", "20"]);
});

/** A gateway with a provider whose prices come from updates alone. */
async function openGateway(
  more: { readonly directory?: string; readonly config?: string } = {},
): Promise<GatewayProcess> {
  const groq = { wire: "openai" as const, base_url: `${simulator.url}/openai/v1`, api_key: "k" };
  return startGateway({ providers: { groq }, ...more });
}

/** In the form of genai-prices. */
function listOf(prices: Readonly<Record<string, number>> | null, id = model): string {
  const models = prices === null ? [] : [{ id, match: { equals: id }, prices }];
  return JSON.stringify([{ id: "groq", api_pattern: "api\\.groq", models }]);
}

const cheap = listOf({ input_mtok: 1, output_mtok: 2 });
const dear = listOf({ input_mtok: 3, output_mtok: 5 });

/** These lists have one model only: all other providers vanish. */
function update(
  gateway: GatewayProcess,
  {
    accept = [],
    ...body
  }: { readonly accept?: readonly string[]; readonly [field: string]: unknown },
  query = "",
): Promise<ApiAnswer> {
  return gateway.api("POST", root + query, { body: { ...body, accept: ["vanished", ...accept] } });
}

async function call(gateway: GatewayProcess, key: string): Promise<void> {
  await openaiAt(gateway, { key, path: "/groq" }).chat.completions.create({
    model,
    messages: [{ role: "user", content: steer("input=1000 output=100") }],
  });
}

/** The rates of output per million of all calls, the oldest first. */
async function outputRates(gateway: GatewayProcess): Promise<readonly unknown[]> {
  await gateway.flush();
  const entries = await gateway.entries();
  return entries
    .map(({ charges }) => charges.find(({ meter }) => meter === "output")?.rate_usd_per_million)
    .toReversed();
}

test("the next call has the new price; calls that began before, open streams too, keep theirs", async () => {
  const gateway = await openGateway();
  const { key } = await gateway.makeKey();
  const first = await update(gateway, { text: cheap, name: "cheap.json" });
  assert.deepEqual([first.status, first.json["state"]], [200, "applied"]);
  assert.equal(first.json["changes"]?.[0]?.["change"], "new");
  await call(gateway, key);

  const stream = await openaiAt(gateway, { key, path: "/groq" }).chat.completions.create({
    model,
    stream: true,
    // Six seconds: it is still open when the update is applied.
    messages: [{ role: "user", content: steer("input=1000 output=1500 tokens_per_chunk=5") }],
  });
  const chunks = stream[Symbol.asyncIterator]();
  await chunks.next();
  const checked = await update(gateway, { text: dear }, "?check=true");
  assert.deepEqual([checked.json["state"], checked.json["update_id"]], ["checked", null]);
  const second = await update(gateway, { text: dear, name: "dear.json" });
  assert.deepEqual(
    [second.json["state"], second.json["changes"]?.[0]?.["change"]],
    ["applied", "dearer"],
  );
  await call(gateway, key);
  assert.equal((await gateway.entries()).length, 2, "the stream is open");
  while ((await chunks.next()).done !== true);

  await gateway.entriesWhen(3);
  const entries = await gateway.entries();
  const rates = entries.flatMap(({ charges }) =>
    charges
      .filter(({ meter }) => meter === "output")
      .map(({ rate_usd_per_million: rate, rate: of }) => [rate, of?.source, of?.version]),
  );
  const versionOf = ({ json }: ApiAnswer): unknown => json["version"];
  const old = ["2", "genai-prices", versionOf(first)];
  const now = ["5", "genai-prices", versionOf(second)];
  assert.deepEqual(rates.map(String).toSorted(), [old, old, now].map(String).toSorted());

  const reverted = await gateway.api("POST", `${root}/${String(second.json["update_id"])}/revert`);
  assert.deepEqual([reverted.status, reverted.json["repeated"]], [200, false]);
  await call(gateway, key);
  assert.equal((await outputRates(gateway)).at(-1), "2");

  await gateway.stop();
  const again = await openGateway({ directory: gateway.directory });
  const history = await again.api("GET", root);
  assert.deepEqual(
    (history.json["data"] as readonly Json[]).map((kept) => [
      kept["from"],
      kept["prices"],
      kept["reverted_at"] === null,
    ]),
    [
      ["dear.json", 1, false],
      ["cheap.json", 1, true],
    ],
  );
  await call(again, key);
  assert.equal((await outputRates(again)).at(-1), "2");
  const verified = await again.api("POST", "/api/v1/verify");
  assert.equal(verified.json["ok"], true);
});

test("an update reports what this month's spend would have been", async () => {
  const gateway = await openGateway();
  const { key } = await gateway.makeKey();
  await update(gateway, { text: cheap });
  await call(gateway, key);
  await gateway.flush();
  const { json } = await update(gateway, { text: dear }, "?check=true");
  // 1000 tokens of input and 100 of output: at 1 and 2, then at 3 and 5 USD per million.
  assert.equal(json["effect"]?.["spent_usd"], "0.0012");
  assert.equal(json["effect"]?.["would_have_been_usd"], "0.0035");
  assert.equal(((json["effect"]?.["models"] ?? []) as readonly Json[]).length, 1);
  const other = listOf({ input_mtok: 1, output_mtok: 1 }, "another");
  const unmoved = await update(gateway, { text: other }, "?check=true");
  assert.equal(unmoved.json["effect"]?.["would_have_been_usd"], "0.0012");
});

test("nonsense is refused as a whole, unless it is accepted by name", async () => {
  const gateway = await openGateway();
  await update(gateway, { text: cheap });
  const free = listOf({ input_mtok: 30, output_mtok: 0 });
  const refused = await update(gateway, { text: free });
  assert.deepEqual(
    [refused.status, refused.json["state"], refused.json["update_id"]],
    [200, "refused", null],
  );
  assert.deepEqual(
    new Set(refused.json["refused_for"] as readonly string[]),
    new Set(["tenfold", "zero"]),
  );
  const half = await update(gateway, { text: free, accept: ["zero"] });
  assert.deepEqual([half.json["state"], half.json["refused_for"]], ["refused", ["tenfold"]]);
  const rates = async (): Promise<unknown> => {
    const { json } = await gateway.api("GET", `/api/v1/prices?provider=groq&model=${model}`);
    return [json["price"]?.["input"], json["price"]?.["output"]];
  };
  assert.deepEqual(await rates(), ["1", "2"]);
  const taken = await update(gateway, { text: free, accept: ["zero", "tenfold"] });
  assert.equal(taken.json["state"], "applied");
  assert.deepEqual(await rates(), ["30", "0"]);
  const empty = await update(gateway, { text: listOf(null) });
  assert.deepEqual(empty.json["refused_for"], ["empty"]);
  const same = await update(gateway, { text: free });
  assert.deepEqual([same.json["state"], same.json["unchanged"]], ["unchanged", 1]);
});

test("prices that a user sets keep precedence over an update", async () => {
  const gateway = await openGateway();
  const { key } = await gateway.makeKey();
  const body = { provider: "groq", model, input: "7", output: "8" };
  await gateway.api("POST", "/api/v1/prices", { body });
  await update(gateway, { text: cheap });
  await call(gateway, key);
  assert.deepEqual(await outputRates(gateway), ["8"]);
});

test("only administrators update prices, and errors name the field", async () => {
  const gateway = await openGateway();
  const { key } = await gateway.makeKey();
  for (const [method, path] of [
    ["POST", root],
    ["GET", root],
    ["POST", `${root}/u/revert`],
  ] as const) {
    const body = method === "POST" ? { text: cheap } : undefined;
    assert.equal((await gateway.api(method, path, { body, key })).status, 403, path);
  }
  const cases = [
    [{}, "from"],
    [{ text: cheap, from: "litellm" }, "from"],
    [{ text: "{}" }, "text"],
    [{ text: "nonsense" }, "text"],
    [{ text: " " }, "text"],
    [{ from: "lite" }, "from"],
    [{ from: "file:///etc/passwd" }, "from"],
    [{ text: cheap, accept: ["all"] }, "accept[1]"],
  ] as const;
  for (const [body, field] of cases) {
    const { status, json } = await update(gateway, body);
    assert.deepEqual([status, json["field"]], [400, field], JSON.stringify(body));
  }
  assert.equal((await gateway.api("POST", `${root}/none/revert`)).status, 404);
});

test("the server downloads a list from a given address, and follows redirects to https only", async (t) => {
  const server = createServer((request, response) => {
    if (request.url === "/moved") response.writeHead(302, { location: "/list" }).end();
    else if (request.url === "/broken") response.writeHead(500).end();
    else response.end(cheap);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gateway = await openGateway();
  const { json } = await update(gateway, { from: `${url}/list` });
  assert.deepEqual([json["state"], json["from"]], ["applied", `${url}/list`]);
  const moved = await update(gateway, { from: `${url}/moved` });
  assert.deepEqual([moved.status, moved.json["field"]], [502, "from"]);
  assert.match(String(moved.json["detail"]), /not https/);
  assert.equal((await update(gateway, { from: `${url}/broken` })).status, 502);
  assert.equal((await update(gateway, { from: "http://127.0.0.1:1/" })).status, 502);
});
