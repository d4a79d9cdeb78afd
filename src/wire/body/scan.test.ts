/** Tests that the scanner reads the same values as JSON.parse and refuses invalid bodies. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PurserError } from "../../domain/error.ts";
import { answerScanner, bodyScanner, mostBuiltValues } from "./scan.ts";
import { mostValues } from "./tally.ts";

const scan = bodyScanner({
  nested: ["options", "options.deep"],
  keys: ["cache_control"],
  values: ["ttl"],
});

function read(text: string) {
  return scan(Buffer.from(text));
}

function refusal(action: () => unknown): PurserError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof PurserError, String(error));
    assert.equal(error.code, "invalid_request");
    return error;
  }
  throw new assert.AssertionError({ message: "it was not refused" });
}

/** JSON text of a value, with random white space and unneeded escapes. */
function written(value: unknown, random: () => number): string {
  const space = (): string => [" ", "\n", "\t", "\r", "", "", ""][Math.floor(random() * 7)] ?? "";
  const text = (plain: string): string =>
    JSON.stringify(plain).replaceAll(/[a-z]/g, (letter, at: number, all: string) =>
      random() < 0.1 && all[at - 1] !== "\\" && !/\\u[\da-f]{0,3}$/.test(all.slice(0, at))
        ? `\\u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`
        : letter,
    );
  const write = (part: unknown): string => {
    if (typeof part === "string") return text(part);
    if (Array.isArray(part))
      return `[${space()}${part.map((item) => space() + write(item) + space()).join(",")}${space()}]`;
    if (part === null || typeof part !== "object") return JSON.stringify(part);
    const fields = Object.entries(part).map(
      ([key, field]) => `${space()}${text(key)}${space()}:${space()}${write(field)}${space()}`,
    );
    return `{${space()}${fields.join(",")}${space()}}`;
  };
  return space() + write(value) + space();
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const anyBody = fc.dictionary(
  fc.string({ unit: "binary" }),
  fc.jsonValue({ stringUnit: "binary" }),
  { noNullPrototype: true },
);

test("every field of any object is found at its position, however the object is written", () => {
  fc.assert(
    fc.property(anyBody, fc.nat(), (body, seed) => {
      const text = written(body, randomOf(seed));
      const expected = JSON.parse(text) as Record<string, unknown>;
      const scanned = read(text);
      assert.deepEqual([...scanned.root.fields.keys()].sort(), Object.keys(expected).sort());
      for (const [key, span] of scanned.root.fields) {
        assert.deepEqual(
          JSON.parse(scanned.bytes.toString("utf8", span.start, span.end)),
          expected[key],
        );
      }
    }),
    { numRuns: 300 },
  );
});

test("what JSON.parse accepts is accepted, and a broken structure is refused", () => {
  fc.assert(
    fc.property(
      anyBody,
      fc.nat(),
      fc.constantFrom(...'{}[],:"-.e1tn \\'.split("")),
      (body, seed, change) => {
        const text = written(body, randomOf(seed));
        const at = seed % text.length;
        const changed = text.slice(0, at) + change + text.slice(at + 1);
        let parsed = true;
        try {
          const value: unknown = JSON.parse(changed);
          parsed = typeof value === "object" && value !== null && !Array.isArray(value);
        } catch {
          parsed = false;
        }
        if (parsed) read(changed);
        else {
          // Only invalid escapes and control characters inside strings may be accepted.
          try {
            read(changed);
          } catch (error) {
            assert.ok(error instanceof PurserError && error.code === "invalid_request");
            return;
          }
          assert.match(changed, /[\\\p{Cc}]/u);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test("a broken body is refused with the expected token and the byte offset", () => {
  const broken: [string, RegExp][] = [
    ["", /expected "\{" at byte 0/],
    ["[]", /expected "\{" at byte 0/],
    ["null", /expected "\{" at byte 0/],
    ['{"a":1', /expected "," or "\}" at byte 6/],
    ['{"a":1,}', /expected a key in quotes or "\}" at byte 7/],
    ['{"a" 1}', /expected ":" at byte 5/],
    ['{"a":[1 2]}', /expected "," or "\]" at byte 8/],
    ['{"a":[1,]}', /expected a value at byte 8/],
    ['{"a":}', /expected a value at byte 5/],
    ['{"a":tru}', /expected a value at byte 5/],
    ['{"a":01}', /expected "," or "\}" at byte 6/],
    ['{"a":1.}', /expected a digit at byte 7/],
    ['{"a":1e}', /expected a digit at byte 7/],
    ['{"a":-}', /expected a value at byte 6/],
    ['{"a":"x}', /expected the end of a string at byte 8/],
    ['{"a":"x\\"}', /expected the end of a string/],
    ['{"a":1}{', /expected the end of the body at byte 7/],
    ["{a:1}", /expected a key in quotes/],
    ['{"\\x":1}', /valid escapes at byte 1/],
    ['{"a":NaN}', /expected a value at byte 5/],
  ];
  for (const [text, message] of broken)
    assert.match(refusal(() => read(text)).message, message, text);
});

test("nesting deeper than 256 levels is refused, not followed", () => {
  const nest = (levels: number): string => `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;
  read(nest(255));
  assert.match(refusal(() => read(nest(256))).message, /more than 256 levels/);
  assert.match(
    refusal(() => read(`{"a":${"[".repeat(1_000_000)}`)).message,
    /more than 256 levels/,
  );
  assert.match(refusal(() => read('{"a":'.repeat(1_000_000))).message, /more than 256 levels/);
});

test("whole numbers are read in any notation", () => {
  const body = read('{"a":10,"b":10.0,"c":1e2,"d":null,"e":0,"f":1E+1}');
  assert.deepEqual(
    ["a", "b", "c", "d", "e", "f", "none"].map((field) => body.integer(field)),
    [10, 10, 100, undefined, 0, 10, undefined],
  );
});

test("strings and whole numbers have the values of JSON.parse, in any notation", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.maxSafeNat(),
      fc.nat(),
      (string, integer, seed) => {
        const text = written({ string, integer }, randomOf(seed));
        const body = read(text);
        assert.equal(body.string("string"), string);
        assert.equal(body.json("string"), string);
        assert.equal(body.integer("integer", { max: Number.MAX_SAFE_INTEGER }), integer);
        assert.equal(body.has("string"), true);
      },
    ),
    { numRuns: 500 },
  );
});

test("a number that is not whole, is out of bounds or is not a number is refused with field and remedy", () => {
  for (const value of [
    "-1",
    "1.5",
    "1e400",
    "-1e400",
    '"10"',
    "true",
    "[]",
    "{}",
    "1000000001",
    "1e-1",
    '""',
  ]) {
    const error = refusal(() => read(`{"max_tokens":${value}}`).integer("max_tokens"));
    assert.equal(error.detail.field, "max_tokens", value);
    assert.match(error.detail.remedy ?? "", /whole number from 0 to 1000000000/);
  }
  refusal(() => read('{"n":0}').integer("n", { min: 1 }));
  refusal(() => read('{"n":129}').integer("n", { max: 128 }));
});

test("strings and booleans of another type are refused; null is absent", () => {
  const body = read(
    '{"model":5,"stream":"true","name":"a\\u00e9\\n\\"","no":null,"yes":true,"off":false}',
  );
  assert.equal(refusal(() => body.string("model")).detail.field, "model");
  assert.equal(refusal(() => body.boolean("stream")).detail.field, "stream");
  assert.equal(body.string("name"), 'aé\n"');
  assert.deepEqual(
    [body.string("no"), body.boolean("no"), body.boolean("yes"), body.boolean("off")],
    [undefined, undefined, true, false],
  );
  assert.equal(refusal(() => read('{"model":"\\x"}').string("model")).detail.field, "model");
});

test("reading a repeated field is refused, even if one is escaped or nested", () => {
  assert.match(
    refusal(() => read('{"model":"a","model":"b"}').string("model")).message,
    /model is repeated/,
  );
  assert.match(
    refusal(() => read('{"model":"a","mod\\u0065l":"b"}').string("model")).message,
    /model is repeated/,
  );
  assert.match(
    refusal(() => read('{"options":{"x":1},"options":{}}').integer("options.x")).message,
    /options is repeated/,
  );
  assert.match(
    refusal(() => read('{"options":{"x":1,"x":2}}').integer("options.x")).message,
    /options.x is repeated/,
  );
  assert.equal(read('{"other":1,"other":2,"model":"a"}').string("model"), "a");
});

test("fields of planned objects are read at any planned depth, and a parent of another type is refused", () => {
  const body = read('{"options":{"x":1,"deep":{"y":{"z":2}}},"other":{"x":3}}');
  assert.equal(body.integer("options.x"), 1);
  assert.deepEqual(body.json("options.deep.y"), { z: 2 });
  assert.equal(read('{"options":null}').integer("options.x"), undefined);
  assert.equal(read("{}").integer("options.x"), undefined);
  assert.match(
    refusal(() => read('{"options":[1]}').integer("options.x")).message,
    /options must be an object/,
  );
});

test("a dot in a key does not make it nested", () => {
  assert.equal(read('{"options.x":1}').integer("options.x"), undefined);
});

test("types, lifetimes and planned keys are counted at any depth", () => {
  const body = read(
    '{"type":"a","messages":[{"type":"image_url","cache_control":{"type":"ephemeral","ttl":"1h"}},{"x":[{"ty\\u0070e":"image_url","cache_control":null}]}],' +
      '"tools":[{"type":"web_search_20990101"},{"type":"im\\u0061ge_url"},{"type":5}]}',
  );
  assert.equal(body.valueCount("type", "image_url"), 3);
  assert.equal(body.valueCount("type", "web_search_20990101"), 1);
  assert.equal(body.valueCount("type", "a"), 1);
  assert.equal(body.valueCount("ttl", "1h"), 1);
  assert.equal(body.keyCount("cache_control"), 2);
  assert.equal(body.valueCount("ttl", "5m"), 0);
});

test("in an answer, the last of two fields with the same name counts, nested or escaped, and the repetition is reported", () => {
  const scanLast = answerScanner({ nested: ["options"] });
  const answer = scanLast(
    Buffer.from('{"model":"a","options":{"x":1},"mod\\u0065l":"b","options":{"x":2,"x":3}}'),
  );
  assert.deepEqual([answer.string("model"), answer.integer("options.x")], ["b", 3]);
  assert.deepEqual(
    ["model", "options.x", "options.y"].map((path) => answer.isRepeated(path)),
    [true, true, false],
  );
});

test("text is all keys, strings and literals, and a number weighs at least a token", () => {
  assert.equal(read('{"ab":"cde","f":[true,null,"\\n"]}').textBytes, 2 + 3 + 1 + 4 + 4 + 2);
  assert.equal(read('{"i":[1,2,12345678]}').textBytes, 1 + 6 + 6 + 8);
});

test("media payloads are not text, but text in the same fields is", () => {
  const payload = "iVBORw0KGgo/+=".repeat(20);
  const media = [
    `{"image_url":{"url":"data:image/png;base64,${payload}"}}`,
    `{"content":[{"image_url":"data:image/png;base64,${payload}"}]}`,
    `{"source":{"data":"${payload}"}}`,
    `{"x":[{"input_audio":{"data":"${payload}"}}]}`,
    `{"x":[{"inlineData":{"data":"${payload.replaceAll("/", "\\/")}"}}]}`,
    `{"x":[{"file_data":"data:application/pdf;base64,${payload}"}]}`,
  ];
  for (const part of media) {
    const body = read(`{"a":${part}}`);
    assert.equal(body.mediaPayloads, 1, part);
    assert.ok(body.textBytes < 60 && body.mediaBytes >= payload.length, part);
  }
  const prose = "words and more words ".repeat(20);
  for (const part of [
    `{"source":{"data":"${prose}"}}`,
    `{"image_url":{"url":"data:text/plain,${prose}"}}`,
    `{"arguments":{"data":"${payload}"}}`,
    `{"content":"data:image/png;base64,${payload}"}`,
    `{"source":{"data":"${"漢字".repeat(200)}"}}`,
    `{"source":{"data":"${"QUJD".repeat(300)} ${"QUJD".repeat(300)}"}}`,
  ]) {
    const body = read(`{"a":${part}}`);
    assert.equal(body.mediaPayloads, 0, part);
    assert.ok(body.textBytes >= 280, part);
  }
});

test("long strings end at the right quote, however many backslashes precede it", () => {
  for (let length = 0; length < 120; length++) {
    for (let backslashes = 0; backslashes < 6; backslashes++) {
      const value = "x".repeat(length) + "\\".repeat(backslashes) + '"' + "y".repeat(length % 70);
      assert.equal(read(JSON.stringify({ [value]: value, after: 1 })).integer("after"), 1);
      assert.equal(read(JSON.stringify({ a: value })).string("a"), value);
    }
  }
});

test("an object with thousands of fields is refused before it delays other calls", () => {
  const body = (count: number): string =>
    JSON.stringify(
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`field${index}`, 1])),
    );
  assert.equal(scan(Buffer.from(body(1000))).root.fields.size, 1000);
  assert.throws(() => scan(Buffer.from(body(1001))), {
    code: "invalid_request",
    message: /more than 1000 fields/,
  });
});

test("different values are kept up to a bound: a request with more is refused, an answer is not", () => {
  const types = (count: number): string =>
    Array.from({ length: count }, (_, index) => `{"type":"t${index}"}`).join();
  const body = (count: number): Buffer =>
    Buffer.from(`{"items":[${types(count)},${types(count)}],"usage":{"output":7}}`);
  const request = bodyScanner()(body(mostValues));
  assert.equal(request.values("type").size, mostValues);
  assert.equal(request.valueCount("type", "t9"), 2);
  assert.throws(() => bodyScanner()(body(mostValues + 1)), /more than 10000 different values/);
  const answer = answerScanner({ nested: ["usage"] })(body(mostValues + 1000));
  assert.equal(answer.integer("usage.output"), 7);
  assert.equal(answer.values("type").size, mostValues);
});

test("a list is counted without being built, so that its strings may have any escapes", () => {
  const list = read(String.raw`{"a":[ "\q",[1,2],{}],"b":[],"c":{"d":1},"e":null}`);
  assert.deepEqual(
    ["a", "b", "c", "e", "f"].map((path) => list.members(path)),
    [3, 0, undefined, undefined, undefined],
  );
  assert.deepEqual(
    ["a", "b", "c"].map((path) => list.firstKind(path)),
    ["string", undefined, undefined],
  );
  assert.equal(refusal(() => read('{"a":[],"a":[1]}').members("a")).detail.field, "a");
});

test("a field of a request with too many members is not built; one of an answer is", () => {
  const body = (members: number): string => `{"a":[${Array(members).fill("{}").join()}]}`;
  const most = read(body(mostBuiltValues)).json("a") as readonly unknown[];
  assert.equal(most.length, mostBuiltValues);
  const { message, detail } = refusal(() => read(body(mostBuiltValues + 1)).json("a"));
  assert.match(message, /a has more than 100000 members/);
  assert.deepEqual(detail, { field: "a", remedy: "Send at most 100000 members." });
  const inner = `{"a":{"b":[${Array(mostBuiltValues).fill("0").join()}]}}`;
  assert.equal(refusal(() => read(inner).json("a")).detail.field, "a");
  const answer = answerScanner()(Buffer.from(body(mostBuiltValues + 1))).json("a");
  assert.equal((answer as readonly unknown[]).length, mostBuiltValues + 1);
});

test("a list has at most as many members as its reader allows", () => {
  assert.deepEqual(read('{"a":[1,2]}').list("a", 2), [1, 2]);
  assert.equal(read('{"a":"b"}').list("a", 2), undefined);
  assert.equal(refusal(() => read('{"a":[1,2,3]}').list("a", 2)).detail.field, "a");
});
