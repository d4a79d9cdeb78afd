/** Downloads of price lists: which addresses are refused, and what messages leave out. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { PurserError } from "../../domain/error.ts";
import { addressOf, downloadList } from "./download.ts";
import { checkedLookup } from "./public-host.ts";

test("a link-local address is refused however it is written; a private one is not", async (t) => {
  const refused = [
    "http://169.254.169.254/latest",
    "http://2852039166/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[fe80::1]/",
    "http://[febf::1]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://[::169.254.169.254]/",
    "http://[::ffff:0:169.254.169.254]/",
    "http://[64:ff9b::100.100.100.200]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://METADATA.google.internal./",
  ];
  for (const from of refused)
    await assert.rejects(downloadList(from), {
      code: "invalid_request",
      message: /link-local/,
      detail: { field: "from", remedy: "Give a public address, or one of your network." },
    });
  const { port } = await listen(t, (_, response) => response.end("{}"));
  assert.equal(await downloadList(`http://localhost:${port}/`), "{}");
});

test("a URL with a password is refused, and no message repeats it", async () => {
  for (const from of ["https://user:secret@127.0.0.1/x", "ftp://user:secret@127.0.0.1/x"])
    await assert.rejects(downloadList(from), (error: unknown) => {
      assert.ok(error instanceof PurserError && error.code === "invalid_request");
      assert.doesNotMatch(`${error.message} ${JSON.stringify(error.detail)}`, /secret/);
      return true;
    });
});

test("an address that is no URL gets a remedy with the lists, or the name that was meant", () => {
  for (const from of ["./list.json", "list.json", "/list.json", "file:///list.json"])
    assert.throws(
      () => addressOf(from),
      (error: PurserError) =>
        /^Give an https URL or one of genai-prices, .* as text\.$/.test(error.detail.remedy ?? ""),
      from,
    );
  assert.throws(
    () => addressOf("litelm"),
    (error: PurserError) => error.detail.remedy === "Did you mean litellm?",
  );
});

test("a name that resolves to a link-local address is refused for the connection", async () => {
  for (const all of [true, false])
    for (const address of ["169.254.169.254", "fe80::1"]) {
      const error = await new Promise((done) => checkedLookup(address, { all }, done));
      assert.ok(error instanceof PurserError && error.code === "invalid_request", address);
    }
  const found = await new Promise((done) =>
    checkedLookup("127.0.0.1", { all: false }, (...answer) => done(answer)),
  );
  assert.deepEqual(found, [null, "127.0.0.1", 4]);
});

test("a redirect is checked like the first URL, and no message repeats its password", async (t) => {
  const { port } = await listen(t, ({ url }, response) => {
    const to = url === "/password" ? "user:secret@127.0.0.1:1" : "169.254.169.254";
    response.writeHead(302, { location: `https://${to}/` }).end();
  });
  await assert.rejects(downloadList(`http://127.0.0.1:${port}/metadata`), {
    code: "invalid_request",
    message: /169\.254\.169\.254 is a link-local/,
  });
  await assert.rejects(downloadList(`http://127.0.0.1:${port}/password`), (error: unknown) => {
    assert.ok(error instanceof PurserError && error.code === "upstream_unreachable");
    assert.match(error.message, /redirects to a URL with a password/);
    assert.doesNotMatch(`${error.message} ${JSON.stringify(error.detail)}`, /secret/);
    return true;
  });
});

test("the proxy of the environment is used if Node uses it, but never for metadata services", async (t) => {
  const asked: string[] = [];
  const proxy = await listen(t, ({ url = "" }, response) => {
    asked.push(url);
    if (url.endsWith("/moved"))
      response.writeHead(302, { location: "https://other.invalid/list" }).end();
    else response.end(`the proxy's ${url}`);
  });
  proxy.server.on("connect", ({ url = "" }, socket) => {
    asked.push(url);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  const direct = await listen(t, (_, response) => response.end("direct"));
  const env = {
    HTTP_PROXY: `http://localhost:${proxy.port}`,
    HTTPS_PROXY: `http://localhost:${proxy.port}`,
    NO_PROXY: "127.0.0.1,fe80::1",
  };
  const list = "http://lists.invalid/list";
  const enabled = { ...env, NODE_USE_ENV_PROXY: "1" };
  assert.equal(await downloadInProcess(list, enabled), `the proxy's ${list}`);
  assert.equal(
    await downloadInProcess(list, { ...env, NODE_OPTIONS: "--use-env-proxy" }),
    `the proxy's ${list}`,
  );
  assert.equal(await downloadInProcess(`http://127.0.0.1:${direct.port}/`, enabled), "direct");
  assert.match(await downloadInProcess("http://lists.invalid/moved", enabled), /unreachable.*403/);
  assert.deepEqual(asked, [list, list, "http://lists.invalid/moved", "other.invalid:443"]);
  for (const host of ["169.254.169.254", "[fe80::1]", "metadata.google.internal"])
    assert.match(await downloadInProcess(`http://${host}/`, enabled), /^invalid_request/);
  assert.match(await downloadInProcess(list, env), /^upstream_unreachable/);
  assert.equal(asked.length, 4);
});

/** Node reads the environment once: a process of its own. @returns The list, or the error. */
async function downloadInProcess(from: string, env: NodeJS.ProcessEnv): Promise<string> {
  const file = new URL("./download.ts", import.meta.url).href;
  const code = `import { downloadList } from ${JSON.stringify(file)};
    const say = (text) => process.stdout.write(text, () => process.exit());
    downloadList(${JSON.stringify(from)}).then(say, (e) => say(e.code + ": " + e.message));`;
  const args = ["--input-type=module", "--eval", code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return stdout;
}

async function listen(
  t: TestContext,
  listener: RequestListener,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close());
  return { server, port: (server.address() as AddressInfo).port };
}
