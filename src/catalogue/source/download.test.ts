/** Downloads of price lists: which addresses are refused, and what messages leave out. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import { addressOf, downloadList } from "./download.ts";

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
  ];
  for (const from of refused)
    await assert.rejects(downloadList(from), {
      code: "invalid_request",
      message: /link-local/,
      detail: { field: "from", remedy: "Give a public address, or one of your network." },
    });
  const server = createServer((_, response) => response.end("{}"));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
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
