/** Tests that `serve` shuts down cleanly after an uncaught error. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { inFolder, purser } from "./child.test-kit.ts";
import { untilFault } from "./fault.ts";

test("the first error starts a clean shutdown, and a second one exits at once", async () => {
  const source = new EventEmitter();
  const ended: unknown[] = [];
  const fault = untilFault(source, (error) => ended.push(error));
  source.emit("unhandledRejection", "first");
  assert.deepEqual(await fault, { error: "first" });
  source.emit("uncaughtException", "second");
  assert.deepEqual(ended, ["second"]);
});

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const planted = {
  uncaughtException: `process.on("SIGUSR2", () => { throw new Error("planted"); });`,
  unhandledRejection: `process.on("SIGUSR2", () => { Promise.reject(new Error("planted")); });`,
};

for (const [name, source] of Object.entries(planted)) {
  test(
    `serve logs an ${name}, ends in order with exit code 1, and leaves a ledger that verifies`,
    { skip: process.platform === "win32" },
    async () => {
      await inFolder(async (folder) => {
        const words = [
          "--import",
          `data:text/javascript,${encodeURIComponent(source)}`,
          main,
          "serve",
          "--port",
          "0",
          "--json",
        ];
        const child = spawn(process.execPath, words, {
          cwd: folder,
          env: { PATH: process.env["PATH"] ?? "" },
          stdio: ["ignore", "pipe", "pipe"],
        });
        let notes = "";
        child.stderr.setEncoding("utf8").on("data", (text: string) => (notes += text));
        const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
        const { url } = JSON.parse(line) as { readonly url: string };
        child.kill("SIGUSR2");
        const [code] = (await once(child, "close")) as [number | null];
        assert.equal(code, 1, notes);
        assert.match(notes, /"message":"planted".*"msg":"a fault that nothing caught/);
        await assert.rejects(fetch(url));
        assert.equal((await purser(["verify"], { cwd: folder })).code, 0);
      });
    },
  );
}
