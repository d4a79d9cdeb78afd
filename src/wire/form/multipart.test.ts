import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import { formParts } from "./multipart.ts";

const type = "multipart/form-data; boundary=xx";

function field(name: string, content: string): string {
  return `--xx\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;
}

function contents(body: string, contentType = type): readonly (readonly [string, string])[] {
  const bytes = Buffer.from(body);
  return formParts(bytes, contentType).map(({ name, start, end }) => [
    name,
    bytes.toString("utf8", start, end),
  ]);
}

describe("a form", () => {
  test("has its fields, with line ends and dashes in their contents", () => {
    const body = `${field("model", "m")}${field("a", "\r\n--x\r\n--")}${field("b", "")}--xx--\r\n`;
    assert.deepEqual(contents(body), [
      ["model", "m"],
      ["a", "\r\n--x\r\n--"],
      ["b", ""],
    ]);
  });

  test("of an HTTP library is read as it was made", async () => {
    const form = new FormData();
    const recording = new Uint8Array([0, 13, 10, 45, 45, 255]);
    form.append("file", new File([recording], 'a "b".wav'));
    form.append("model", "grüße");
    const request = new Request("http://localhost", { method: "POST", body: form });
    const contentType = request.headers.get("content-type") ?? "";
    const bytes = Buffer.from(await request.arrayBuffer());
    const parts = formParts(bytes, contentType);
    assert.deepEqual(
      parts.map(({ name, isFile, start, end }) => [name, isFile, bytes.subarray(start, end)]),
      [
        ["file", true, Buffer.from(recording)],
        ["model", false, Buffer.from("grüße")],
      ],
    );
  });
});

test("a form that another reader may take differently is refused", () => {
  const end = "--xx--\r\n";
  const disposition = 'Content-Disposition: form-data; name="model"';
  const bodies = [
    "",
    end.slice(0, 3),
    `preamble\r\n${field("model", "m")}${end}`,
    field("model", "m"),
    `${field("model", "m")}${end}${field("model", "dear")}${end}`,
    `${field("model", "m\r\n--xxy")}${end}`,
    field("model", "m").replaceAll("\r\n", "\n") + end,
    `--xx\r\n${disposition}\r\n${disposition}\r\n\r\nm\r\n${end}`,
    `--xx\r\n${disposition}; name="other"\r\n\r\nm\r\n${end}`,
    `--xx\r\n${disposition}; filename="a"; name="other"\r\n\r\nm\r\n${end}`,
    `--xx\r\n${disposition}; name*=utf-8''other\r\n\r\nm\r\n${end}`,
    `--xx\r\n${disposition}\r\nContent-Transfer-Encoding: base64\r\n\r\nbQ==\r\n${end}`,
    `--xx\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n${end}`,
    `--xx\r\n${disposition}\r\n x-folded: 1\r\n\r\nm\r\n${end}`,
    `${field("mo\\del", "m")}${end}`,
    `${field("mo%64el", "m")}${end}`,
  ];
  for (const body of bodies)
    assert.throws(() => contents(body), { code: "invalid_request" }, JSON.stringify(body));
  const good = field("model", "m") + end;
  for (const other of ["multipart/form-data", `${type}; boundary=yy`, `${type.slice(0, -2)}"xx`])
    assert.throws(() => contents(good, other), { code: "invalid_request" }, other);
});

test("random changes to a form give its fields or a refusal, never parts outside the body", () => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000_007);
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const pieces = ["\r\n", "--xx", "--", "\n", '"', ";", "name=", "filename=", "\u0000", "é"];
  const whole = `${field("model", "m")}${field("file", "\r\n\r\n--x")}--xx--\r\n`;
  for (let run = 0; run < 5000; run++) {
    let body = whole;
    for (let changes = 1 + random(3); changes > 0; changes--) {
      const at = random(body.length);
      body = body.slice(0, at) + (pieces[random(pieces.length)] ?? "") + body.slice(at + random(4));
    }
    const bytes = Buffer.from(body);
    try {
      let last = 0;
      for (const { start, end } of formParts(bytes, type)) {
        assert.ok(last <= start && start <= end && end <= bytes.length, `seed ${seed}`);
        assert.ok(!bytes.subarray(start, end).includes("\r\n--xx"), `seed ${seed}`);
        last = end;
      }
    } catch (error) {
      if (!(error instanceof PurserError)) throw error;
    }
  }
});
