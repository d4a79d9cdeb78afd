/** Tests e-mail against an SMTP server. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { NotifierError } from "../app/port/notifier.ts";
import type { EmailTarget } from "../app/port/notifier-settings.ts";
import { parseTemplate } from "../domain/event/template.ts";
import { makeNotifier } from "./notifiers.ts";
import { never, settingsFor, warningEvent } from "./receiver.test-kit.ts";

const context = { clock: { now: () => 0 }, publicUrl: "https://purser.example.com" };
const event = warningEvent();

interface Mailbox {
  readonly port: number;
  readonly mails: { readonly to: readonly string[]; readonly text: string }[];
}

async function mailServer(t: TestContext, options: SMTPServerOptions = {}): Promise<Mailbox> {
  const mails: { to: readonly string[]; text: string }[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ to, text: Buffer.concat(chunks).toString("utf8") });
        callback();
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  const listener: Server = server.listen(0, "127.0.0.1");
  await once(listener, "listening");
  t.after(() => new Promise<void>((resolve) => server.close(resolve)));
  return { port: (listener.address() as AddressInfo).port, mails };
}

function target(port: number, change: Partial<EmailTarget> = {}): EmailTarget {
  return {
    kind: "email",
    host: "127.0.0.1",
    port,
    security: "none",
    username: null,
    password: null,
    from: "Purser <purser@example.com>",
    to: ["ops@example.com", "owner@example.com"],
    ...change,
  };
}

test("a mail has the sentence as its subject, the link, and the same id each time", async (t) => {
  const { port, mails } = await mailServer(t);
  const notifier = makeNotifier(settingsFor(target(port)), context);
  await notifier.send(event, never);
  await notifier.send(event, never);
  const [mail, again] = mails;
  assert.deepEqual(mail?.to, ["ops@example.com", "owner@example.com"]);
  const text = mail?.text.replaceAll("=\r\n", "").replaceAll("\r\n ", " ") ?? "";
  assert.match(
    text,
    /^Subject: Purser: Budget team-a \(team atlas\) has used 80\.40 USD of 100\.00/m,
  );
  assert.match(text, /https:\/\/purser\.example\.com\/api\/v1\/budgets\/team-a/);
  const id = /^Message-ID: (.+)$/im.exec(text)?.[1];
  assert.ok(id?.includes("1042") && again?.text.includes(id));
});

test("a name with line breaks adds no header", async (t) => {
  const { port, mails } = await mailServer(t);
  const template = parseTemplate("{budget_id}", { field: "template", known: ["budget_id"] });
  const data = { ...event.data, budget_id: "a\r\nBcc: thief@example.com\r\n\r\nx" };
  const notifier = makeNotifier(settingsFor(target(port), { template }), context);
  await notifier.send(warningEvent({ data }), never);
  const [headers = ""] = (mails[0]?.text ?? "").split("\r\n\r\n");
  assert.doesNotMatch(headers, /^Bcc/m);
  assert.equal(mails[0]?.to.length, 2);
});

test("a refused mail is final, a busy server and a wrong login are tried again", async (t) => {
  const refuse = (code: number): SMTPServerOptions => ({
    onMailFrom: (_address, _session, callback) =>
      callback(Object.assign(new Error("no"), { responseCode: code })),
  });
  const [final, busy] = [await mailServer(t, refuse(550)), await mailServer(t, refuse(451))];
  const login = await mailServer(t, {
    authOptional: false,
    onAuth: (_auth, _session, callback) => callback(new Error("wrong")),
  });
  const send = async (settings: EmailTarget): Promise<NotifierError> => {
    const error = await makeNotifier(settingsFor(settings), context)
      .send(event, never)
      .catch((thrown: unknown) => thrown);
    assert.ok(error instanceof NotifierError, String(error));
    assert.doesNotMatch(error.message, /wrong-password/);
    return error;
  };
  assert.equal((await send(target(final.port))).retryable, false);
  assert.equal((await send(target(busy.port))).retryable, true);
  const wrong = { username: "purser", password: "wrong-password" };
  assert.equal((await send(target(login.port, wrong))).retryable, true);
  assert.equal((await send(target(9))).retryable, true);
});

test("recipients that are refused for now get the mail later, the others only once", async (t) => {
  let code = 450;
  const { port, mails } = await mailServer(t, {
    onRcptTo: ({ address }, _session, callback) =>
      callback(
        code > 0 && address === "owner@example.com"
          ? Object.assign(new Error("no"), { responseCode: code })
          : null,
      ),
  });
  const notifier = makeNotifier(settingsFor(target(port)), context);
  const send = (): Promise<NotifierError | null> =>
    notifier.send(event, never).then(
      () => null,
      (error: unknown) => {
        assert.ok(error instanceof NotifierError, String(error));
        assert.match(error.message, /owner@example\.com \(\d+\)/);
        return error;
      },
    );
  assert.equal((await send())?.retryable, true);
  assert.equal((await send())?.retryable, true, "of those that are left, all are refused for now");
  code = 0;
  assert.equal(await send(), null);
  assert.deepEqual(
    mails.map(({ to }) => to),
    [["ops@example.com"], ["owner@example.com"]],
  );
  code = 550;
  assert.equal((await send())?.retryable, false);
});

test("STARTTLS and TLS are used, with a login; a server without them is refused", async (t) => {
  const certificate = certificateFor(t);
  const users: (string | undefined)[] = [];
  const options: SMTPServerOptions = {
    ...certificate,
    authOptional: false,
    disabledCommands: [],
    onAuth: ({ username, password }, _session, callback) => {
      users.push(username);
      if (password === "right-password") callback(null, { user: username });
      else callback(new Error("wrong"));
    },
  };
  const login = { username: "purser", password: "right-password", host: "localhost" };
  const starting = await mailServer(t, options);
  const plain = await mailServer(t);
  const secure = await mailServer(t, { ...options, secure: true });
  const send = async (settings: EmailTarget): Promise<void> =>
    makeNotifier(settingsFor(settings), context).send(event, never);
  const byStartTls = target(starting.port, { ...login, security: "starttls" });
  await assert.rejects(send(byStartTls), /certificate/, "the certificate is checked");
  setDefaultCACertificates([...getCACertificates("default"), certificate.cert]);
  await send(byStartTls);
  await send(target(secure.port, { ...login, security: "tls" }));
  assert.deepEqual(users, ["purser", "purser"]);
  assert.deepEqual([starting.mails.length, secure.mails.length], [1, 1]);
  await assert.rejects(send(target(plain.port, { security: "starttls" })), NotifierError);
  assert.equal(plain.mails.length, 0);
});

/** A certificate for `localhost`, signed by itself. */
function certificateFor(t: TestContext): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(path.join(tmpdir(), "purser-certificate-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
  const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"];
  const names = ["/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", [...made, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
