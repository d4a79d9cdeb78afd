import assert from "node:assert/strict";
import { test } from "node:test";
import type { RequestFacts } from "../../wire.ts";
import { openaiWire } from "../wire.ts";

const wire = openaiWire();

function formFacts(parts: readonly string[], path = "/audio/transcriptions"): RequestFacts {
  const head = "Content-Disposition: form-data; name=";
  const written = parts.map((part) => `--b\r\n${head}${part}\r\n`).join("");
  const type = "multipart/form-data; boundary=b";
  return wire.read(wire.endpoint("POST", path), Buffer.from(`${written}--b--\r\n`), type).facts;
}

function jsonFacts(path: string, body: object): RequestFacts {
  return wire.read(wire.endpoint("POST", path), Buffer.from(JSON.stringify(body))).facts;
}

const model = '"model"\r\n\r\nwhisper-1';

test("a recording whose length its bytes do not bound counts as four hours", () => {
  const file = `"file"; filename="a.mp3"\r\n\r\n${"a".repeat(10_000)}`;
  assert.equal(formFacts([model, file]).unit?.count, 14_400);
});

test("what cannot be counted is refused, with the field to send", () => {
  const url = '"url"\r\n\r\nhttps://example.com/10-hours.mp3';
  const unnamed = '"file"\r\n\r\nRIFF';
  const isAbout = (field: string) => (error: unknown) =>
    (error as { detail?: { field?: string } }).detail?.field === field;
  for (const parts of [[model, url], [model, unnamed], [model]])
    assert.throws(() => formFacts(parts), isAbout("file"));
  const cases: readonly (readonly [path: string, body: object, field: string])[] = [
    ["/audio/transcriptions", { file: "UklGRg==" }, "file"],
    ["/audio/speech", { text: "Hello" }, "input"],
    ["/rerank", { query: "q", documents: { a: 1, b: 2 } }, "documents"],
    ["/rerank", { query: "q", texts: ["a"] }, "documents"],
    ["/audio/speech", { model: "tts-1\r\n", input: "Hello" }, "model"],
  ];
  for (const [path, body, field] of cases)
    assert.throws(() => jsonFacts(path, { model: "m", ...body }), isAbout(field), field);
});

test("characters are code points, however long the input is", () => {
  assert.equal(jsonFacts("/audio/speech", { model: "m", input: "aü😀" }).unit?.count, 3);
});

test("the deployment in a path decides which model serves, not the body", () => {
  const path = "/deployments/dear/images/generations";
  assert.equal(jsonFacts(path, { model: "cheap", prompt: "a" }).model, "dear");
  const chat = { model: "cheap", messages: [] };
  assert.equal(jsonFacts("/deployments/dear/chat/completions", chat).model, "dear");
});

test("a form with two models, or a model as a file, is refused", () => {
  const dear = '"model"\r\n\r\ndear';
  const asFile = '"model"; filename="a"\r\n\r\ndear';
  for (const parts of [[model, dear], [model, asFile], [asFile]])
    assert.throws(() => formFacts(parts), { code: "invalid_request" });
});

test("a number of images that is not whole or too large is refused", () => {
  for (const n of ["0", "1.5", "-1", "1e3", "1025", ""])
    assert.throws(
      () => formFacts([model, `"n"\r\n\r\n${n}`], "/images/edits"),
      { code: "invalid_request" },
      n,
    );
});

test("images are counted by choice, and their variant only if it is stated", () => {
  const path = "/images/generations";
  const meters = (body: object): readonly string[] => [
    ...(jsonFacts(path, { prompt: "a", ...body }).unit?.meters ?? []),
  ];
  const hd = ["images_hd_1024x1792", "images_1024x1792", "images_hd", "images"];
  assert.deepEqual(meters({ model: "m", quality: "hd", size: "1024x1792" }), hd);
  assert.deepEqual(meters({ model: "m", quality: "auto", size: "1024x1792" }), []);
  assert.deepEqual(meters({ model: "m" }), []);
  assert.deepEqual(meters({ model: "m", resolution: "1k" }), ["images_1k", "images"]);
  assert.deepEqual(meters({ model: "m", resolution: "4K" }), ["images_4k"]);
  assert.deepEqual(meters({ model: "m", resolution: "0.5K" }), ["images_0_5k", "images"]);
  const high2k = { model: "m", quality: "high", resolution: "2k" };
  assert.deepEqual(meters(high2k), ["images_high_2k", "images_2k"]);
  const both = { quality: "low", size: "1024x1024", resolution: "2k" };
  assert.deepEqual(meters({ model: "m", ...both }), [], "either may be billed: the dearest");
  assert.equal(jsonFacts(path, { model: "m", prompt: "a", n: 3 }).unit?.count, 3);
});

test("the general price of images is not that of large ones, whose size is a resolution too", () => {
  const meters = (size: string) =>
    jsonFacts("/images/generations", { model: "m", prompt: "a", quality: "high", size }).unit
      ?.meters;
  const own = (size: string) => [`images_high_${size}`, `images_${size}`];
  const in4k = ["images_high_4k", "images_4k"];
  assert.deepEqual(meters("4096x4096"), [...own("4096x4096"), ...in4k, "images_high"]);
  assert.deepEqual(meters("2560X1440"), [...own("2560x1440"), "images_high"]);
  assert.deepEqual(meters("1024x2047"), [...own("1024x2047"), "images_high", "images"]);
});

test("a search counts for every hundred documents, long ones as several, and the query with each", () => {
  const rank = (documents: readonly string[], query = "a"): RequestFacts =>
    jsonFacts("/rerank", { model: "m", query, documents });
  assert.equal(rank(["b"]).unit?.count, 1);
  assert.equal(rank(Array<string>(101).fill("b")).unit?.count, 2);
  assert.ok((rank(["b".repeat(200_000)]).unit?.count ?? 0) >= 4);
  const long = rank(Array<string>(100).fill("b"), "a".repeat(1000));
  assert.ok(long.addedTokens >= 100_000);
});

test("a video is held by its length and size, and at the longest one if its model's is unknown", () => {
  const unit = (body: object) => jsonFacts("/videos", { prompt: "a", ...body }).unit;
  const sizes = (resolution: string) => [`video_seconds_${resolution}`, "video_seconds"];
  for (const [body, meters, count, isExact] of [
    [{}, sizes("720p"), 4, true],
    [{ model: "sora-2-pro", seconds: 12, size: "1024x1792" }, sizes("1024p"), 12, true],
    [{ model: "sora-2", size: "auto" }, [], 4, false],
    [{ model: "other" }, [], 20, false],
    [{ model: "other", seconds: "60", size: "1920x1080" }, sizes("1080p"), 60, true],
  ] as const)
    assert.deepEqual(
      { ...unit(body), toHoldLess: undefined },
      { meters, family: "video_seconds", count, isExact, output: null, toHoldLess: undefined },
    );
  assert.equal(jsonFacts("/videos", { prompt: "a" }).model, "sora-2");
  for (const path of ["/videos", "/videos/generations"]) {
    const four = { model: "m", prompt: "a", seconds: 4, n: 4 };
    assert.equal(jsonFacts(path, four).unit?.count, 16, path);
    assert.equal(jsonFacts(path, { ...four, n: 1, n_variants: 2 }).unit?.count, 8, path);
    assert.throws(() => jsonFacts(path, { ...four, n: "4" }), { code: "invalid_request" });
  }
});

test("images to edit count by whatever names they are given, in JSON and in a form", () => {
  const url = "https://example.com/a.png";
  for (const path of ["/images/edits", "/images/generations", "/videos", "/videos/generations"])
    for (const [body, count] of [
      [{ image_url: url }, 1],
      [{ image_urls: [url, url] }, 2],
      [{ reference_images: [url, { url }], image: { url } }, 3],
      [{ images: [], image: url, reference_image_urls: [url] }, 2],
      [{ input_reference: url }, 1],
      [{ image: null }, 0],
    ] as const) {
      const { unit, media } = jsonFacts(path, { model: "m", prompt: "a", ...body });
      const also = { meters: ["input_images"], family: "input_images", count, mayBeFree: true };
      assert.deepEqual(unit?.also, count > 0 ? [also] : undefined, path + JSON.stringify(body));
      assert.equal(media.images, count);
    }
  const field = (name: string): string => `"${name}"\r\n\r\n${url}`;
  const form = [model, field("image_url"), field("images[]"), field("images[]")];
  assert.equal(formFacts(form, "/images/edits").media.images, 3);
});

test("images that are streamed are held with the input of each", () => {
  const facts = (more: object): RequestFacts =>
    jsonFacts("/images/edits", { model: "m", prompt: "abc", image: "a", ...more });
  const one = facts({ stream: true, n: 1 });
  const three = facts({ stream: true, n: 3 });
  assert.deepEqual([one.media.images, three.media.images], [1, 3]);
  assert.equal(three.addedTokens - one.addedTokens, 2 * three.textBytes);
  assert.equal(facts({ stream: false, n: 3 }).media.images, 1);
  const stream = [model, '"stream"\r\n\r\ntrue', '"n"\r\n\r\n2', '"image"\r\n\r\na'];
  assert.equal(formFacts(stream, "/images/edits").media.images, 2);
});

test("images and documents are counted without being built", () => {
  const facts = (path: string, fields: string): RequestFacts =>
    wire.read(wire.endpoint("POST", path), Buffer.from(`{"model":"m",${fields}}`)).facts;
  // A parser would refuse the escape. The search for ids reads only the beginning of a text.
  const list = `["${"a".repeat(64)}\\q",{},[]]`;
  for (const field of ["image", "images"])
    assert.equal(facts("/images/generations", `"${field}":${list}`).media.images, 3);
  assert.equal(facts("/images/generations", '"images":null,"image":"a"').media.images, 1);
  assert.equal(facts("/images/generations", '"images":[],"image":"a"').media.images, 1);
  const video = facts("/videos/generations", `"images":${list},"image":{"url":"a"}`);
  assert.equal(video.media.images, 4);
  assert.equal(facts("/rerank", `"query":"q","documents":${list}`).unit?.count, 1);
  assert.equal(facts("/rerank", `"query":"q","documents":[${"0,".repeat(149)}0]`).unit?.count, 2);
});
