/** Names of open meters: which are valid, and which are mistakes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isOpenMeter,
  meterMistake,
  openMeter,
  openMeterProblem,
  openMetersOf,
  sameTool,
} from "./open-meter.ts";
import { countTokens, countUnits, fixedMeters, sumUsage } from "./usage.ts";

test("calls of tools and named units are valid meters", () => {
  const units = ["images", "pages", "characters", "audio_seconds", "compute_minutes"];
  const tools = ["tool:web_search", "tool:code_interpreter_session", "tool:Ocr-2.1"];
  for (const name of [...units, ...tools, `tool:${"x".repeat(64)}`, "u".repeat(64)])
    assert.equal(openMeterProblem(name), undefined, name);
  // Close to input_image, but a unit of price lists.
  assert.equal(openMeterProblem("input_images"), undefined);
});

test("other names are not valid", () => {
  const long = [`tool:${"x".repeat(65)}`, "u".repeat(65)];
  for (const name of ["", "Pages", "1st", "_x", "__proto__", "a-b", "tool:", "tool:a b", ...long])
    assert.match(openMeterProblem(name)?.problem ?? "", /not a valid meter/, name);
  for (const name of ["reasoning", "reported_cost", "hold", "correction", "constructor"])
    assert.match(openMeterProblem(name)?.problem ?? "", /reserved/, name);
});

test("a misspelt fixed meter, or a count of tokens, is not an open meter: it would have no price", () => {
  for (const [name, meant] of [
    ["inputs", "input"],
    ["ouput", "output"],
    ["cached_read", "cache_read"],
    ["web_searches", "web_search"],
  ] as const)
    assert.equal(openMeterProblem(name)?.remedy, `Did you mean ${meant}?`);
  for (const name of ["input_tokens", "prompt_tokens", "total_tokens", "tokens", "token"])
    assert.match(openMeterProblem(name)?.remedy ?? "", /^Count tokens as input,/, name);
});

test("a name one letter off a known unit is a mistake of its user, but may be in a ledger", () => {
  for (const [name, meant] of [
    ["imges", "images"],
    ["image", "images"],
    ["imgaes", "images"],
    ["page", "pages"],
    ["charcters", "characters"],
    ["audioseconds", "audio_seconds"],
    ["video_second", "video_seconds"],
    ["imges_hd_1024x1792", "images_hd_1024x1792"],
    ["audio_secnds_hd", "audio_seconds_hd"],
  ] as const) {
    assert.equal(meterMistake(name)?.remedy, `Did you mean ${meant}?`, name);
    if (name !== "image") assert.equal(openMeterProblem(name), undefined, name);
  }
  const names = ["images", "images_hd", "image_uploads", "page_views", "stages", "chapters"];
  for (const name of [...names, "compute_minutes", "seconds", "tool:imges", "input_images"])
    assert.equal(meterMistake(name), undefined, name);
  assert.equal(meterMistake("inputs")?.remedy, "Did you mean input?");
});

test("fixed meters and reasoning are not open", () => {
  for (const name of [...fixedMeters, "reasoning"]) assert.equal(isOpenMeter(name), false, name);
  assert.throws(() => openMeter("input"));
});

test("open meters are summed like others, and are units, not tokens", () => {
  const [ocr, pages] = [openMeter("tool:ocr"), openMeter("pages")];
  const sum = sumUsage([
    { input: 5, [ocr]: 1, web_search: 2 },
    { output: 3, reasoning: 2, [ocr]: 4, [pages]: 6 },
  ]);
  assert.deepEqual(sum, { input: 5, output: 3, reasoning: 2, web_search: 2, [ocr]: 5, [pages]: 6 });
  assert.equal(countTokens(sum), 8);
  assert.deepEqual(countUnits(sum), { web_search: 2, [ocr]: 5, [pages]: 6 });
  assert.deepEqual(openMetersOf(sum), [ocr, pages]);
});

test("a tool under its own name has the fee of the same tool, and no other meter has", () => {
  assert.equal(sameTool(openMeter("tool:web_search")), "web_search");
  for (const name of ["tool:input", "tool:request", "tool:ocr", "pages"])
    assert.equal(sameTool(openMeter(name)), undefined, name);
});
