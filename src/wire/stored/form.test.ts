/** Tests which ids and models are read from forms and other bodies, and which are refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import type { Named } from "../wire.ts";
import { idsOf, multipart, namedBy, openai, part, urlEncoded } from "./named.test-kit.ts";

test("a form is searched like a body", () => {
  const ids = (form: string, type = multipart): readonly string[] =>
    idsOf(namedBy(openai, Buffer.from(form), type).uses);
  assert.deepEqual(
    ids(`${part("file", "x".repeat(9000), '; filename="f"')}${part("file_id", "file-1")}--b--\r\n`),
    ["file-1"],
  );
  assert.deepEqual(ids(`${part("file_ids[]", "file-1")}${part("file_ids[1]", "file-2")}--b--`), [
    "file-1",
    "file-2",
  ]);
  assert.deepEqual(
    ids(`${part("voice[id]", "voice_1")}${part("input_reference[file_id]", "file-1")}--b--`),
    ["file-1", "voice_1"],
  );
  assert.deepEqual(
    ids(`${part("characters[][id]", "char_1")}${part("video", '{"id":"video_1"}')}--b--`),
    ["char_1", "video_1"],
  );
  assert.deepEqual(ids(`preamble\r\n${part("consent", "cons_1", '; filename="a"')}--b--`), [
    "cons_1",
  ]);
  assert.deepEqual(
    ids("name=a&file_id=file-1&voice%5Bid%5D=voice_1", "application/x-www-form-urlencoded"),
    ["file-1", "voice_1"],
  );
  assert.deepEqual(
    namedBy(openai, Buffer.from(`${part("model", "whisper-1")}--b--`), multipart).models,
    ["whisper-1"],
  );
  const unread: readonly (readonly [form: string, type?: string])[] = [
    [part("file_id", "file-1")],
    ["--b\r\nContent-Type: text/plain\r\n\r\nfile-1\r\n--b--"],
    [`${part("file_id", "file-1")}--b--`, "multipart/form-data"],
    [`${part("file_id", "file-1")}--b--`, "multipart/form-data; boundary=a; boundary=b"],
    [`${part("file_id", "file-1")}--b--`, "multipart/form-data; boundary=b; boundary=a"],
    [`${part("file_id", "file-1")}--b--`, "multipart/form-data; boundary=b; boundary*=a"],
    [`${part("file_id", "file-1")}--b--`, "multipart/form-data; boundary=b,c"],
    [`${part("name", "a--b--")}${part("file_id", "file-1")}--b--`],
    [
      `--b\r\nContent-Disposition: form-data; name="file_id"\r\nContent-Transfer-Encoding: base64\r\n\r\nZmlsZS0x\r\n--b--`,
    ],
    [
      `--b\r\nContent-Disposition: form-data; name="a"; name*=utf-8''file_id\r\n\r\nfile-1\r\n--b--`,
    ],
    [`${part("file_id", "file-1")}--b--`, "multipart/mixed; boundary=b"],
  ];
  for (const [form, type] of unread)
    assert.throws(() => ids(form, type), PurserError, `${type ?? ""} ${form}`);
});

test("JSON sent as a form or in another encoding is refused; under any other type it is read", () => {
  const json = '{"model":"m","previous_response_id":"resp_1"}';
  for (const type of [
    urlEncoded,
    `${urlEncoded}; charset=utf-8`,
    "APPLICATION/X-WWW-FORM-URLENCODED",
    multipart,
    "multipart/mixed; boundary=b",
  ]) {
    for (const body of [
      json,
      ` \r\n${json}`,
      `\uFEFF${json}`,
      `[${json}]`,
      `${json}\r\n${part("a", "b")}--b--`,
    ])
      assert.throws(
        () => namedBy(openai, Buffer.from(body), type),
        /the body is JSON/,
        `${type} ${body}`,
      );
    assert.throws(
      () => namedBy(openai, Buffer.from(`\uFEFF${json}`, "utf16le"), type),
      /the body is JSON/,
      type,
    );
  }
  for (const type of [
    "text/plain",
    "application/json; charset=utf-8",
    `application/json; charset="UTF8"`,
    "",
    "application/octet-stream",
  ])
    assert.deepEqual(idsOf(namedBy(openai, Buffer.from(json), type).uses), ["resp_1"], type);
  for (const charset of ["utf-16", "utf-7", "iso-2022-jp"])
    assert.throws(
      () => namedBy(openai, Buffer.from(json), `application/json; charset=${charset}`),
      /charset/,
      charset,
    );
  const inPart = `--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: application/json\r\n\r\n${json}\r\n--b--`;
  assert.deepEqual(idsOf(namedBy(openai, Buffer.from(inPart), multipart).uses), ["resp_1"]);
});

test("a form has limits: its bytes, its fields and their names", () => {
  const over: readonly (readonly [form: string, type: string, expected: RegExp])[] = [
    ["a&".repeat(2000), urlEncoded, /more than 1000 fields/],
    [`a=${"x".repeat(2_000_000)}`, urlEncoded, /more than 1048576 bytes/],
    [`${"a.".repeat(100_000)}=1`, urlEncoded, /a name of more than 1024 characters/],
    [`${part("a", "1").repeat(2000)}--b--`, multipart, /more than 1000 fields/],
    [`a=[${'{"a":1},'.repeat(60_000)}{}]`, urlEncoded, /more than 100000 fields and members/],
    [
      `a=[${'{"a":1},'.repeat(600)}{}]&`.repeat(100),
      urlEncoded,
      /more than 100000 fields and members/,
    ],
  ];
  for (const [form, type, expected] of over)
    assert.throws(() => namedBy(openai, Buffer.from(form), type), expected);
  assert.equal(
    namedBy(openai, Buffer.from("model=a&".repeat(1000).slice(0, -1)), urlEncoded).models.length,
    1000,
  );
});

test("an id in a form is found in a value of any length, under each name that a reader may use", () => {
  const ids = (form: string): readonly string[] =>
    idsOf(namedBy(openai, Buffer.from(form), multipart).uses);
  const blanks = " ".repeat(5000);
  const file = '; filename="a"';
  assert.deepEqual(ids(`${part("file_id", `file-1${blanks}`)}--b--`), [`file-1${blanks}`]);
  assert.equal(ids(`${part("file_id", `file-1${blanks}`, file)}--b--`).length, 1);
  assert.deepEqual(ids(`${part("voice", `{"id":"voice_1"${blanks}}`)}--b--`), ["voice_1"]);
  assert.deepEqual(
    ids(`${part("voice", `${" ".repeat(99)}{"id":"voice_1"${blanks}}`, file)}--b--`),
    ["voice_1"],
  );
  assert.deepEqual(
    ids(
      `${part("session", JSON.stringify({ instructions: blanks, audio: { output: { voice: { id: "voice_1" } } } }))}--b--`,
    ),
    ["voice_1"],
  );
  const disposition = (parameters: string): string =>
    `--b\r\nContent-Disposition: form-data; ${parameters}\r\n\r\nfile-1\r\n--b--`;
  assert.deepEqual(ids(disposition('name="image"; filename="a; name=b.png"')), []);
  assert.deepEqual(ids(disposition('name="image"; filename="; name=file_id"')), ["file-1"]);
  assert.deepEqual(ids(disposition('filename="; name=a"; name="file_id"')), ["file-1"]);
  assert.deepEqual(ids(disposition('name="a"; name="file_id"')), ["file-1"]);
});

test("uploaded content is not searched for ids or models", () => {
  const nothing = { uses: [], models: [] };
  for (const name of ["file", "data"]) {
    const text = '{"file_id":"file-1","model":"m"}';
    assert.deepEqual(
      namedBy(openai, Buffer.from(`${part(name, text, '; filename="a.json"')}--b--`), multipart),
      nothing,
    );
    assert.notDeepEqual(
      namedBy(openai, Buffer.from(`${part(name, text)}--b--`), multipart),
      nothing,
    );
  }
});

test("the offer of a realtime call refers to no objects; other raw bodies are refused", () => {
  const named = (body: string, contentType: string): Named =>
    openai.named({
      method: "POST",
      path: "/realtime/calls?model=m",
      contentType,
      body: Buffer.from(body),
    });
  for (const type of ["application/sdp", "Application/SDP; charset=utf-8"])
    for (const end of ["\n", "\r\n"])
      assert.deepEqual(named(`v=0${end}o=- 1 1 IN IP4 0.0.0.0${end}`, type), {
        uses: [],
        models: ["m"],
      });
  for (const [body, type] of [
    ["v=0\n", "text/plain"],
    ["v=0\n", "application/json"],
    ["v=0&file_id=file-1", "application/sdp"],
    [' {"file_id"', "application/sdp"],
    ["RIFF", "audio/wav"],
  ] as const)
    assert.throws(() => named(body, type), PurserError, body);
  assert.deepEqual(idsOf(named('{"file_id":"file-1"}', "application/sdp").uses), ["file-1"]);
});
