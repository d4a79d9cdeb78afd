/** Tests what `purser price` and `purser prices export` show of a price. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { inFolder, purser } from "./child.test-kit.ts";

const stated = `prices:
  - provider: sim
    model: painter
    input: "2"
    output: "10"
    meters: { images_hd_1024x1792: "0.08" }
    context_tiers: [{ above: 200000, input: "4" }]
    service_tiers: { batch: { factor: "0.5" }, flex: { factor: "0.5" } }
    regions: { "*": { factor: "1.1" } }
    hours: [{ days: [mon, tue, wed, thu, fri], from: "01:00", to: "04:00", input: "3" }]
    free: { web_search: { units: 1500, per: day } }
`;

test("price counts any meter, and lists what the price states beyond its standard rates", async () => {
  await inFolder(async (folder) => {
    await writeFile(path.join(folder, "purser.yaml"), stated);
    const words = [
      "price",
      "sim/painter",
      "--meter",
      "images_hd_1024x1792=2",
      "--meter",
      "input=5",
    ];
    const { out } = await purser(words, { cwd: folder });
    assert.match(out, /^meter +quantity +USD per million, or unit/m);
    assert.match(out, /images_hd_1024x1792 +2 +\$0\.08 +\$0\.16/);
    for (const line of [
      /^context above 200,000 +input \$4\.00$/m,
      /^batch, flex tier +0\.5 × the standard rates$/m,
      /^region any other +1\.1 × the standard rates$/m,
      /^mon to fri, 01:00 to 04:00 UTC +input \$3\.00$/m,
      /^1,500 web_search a day +free at the provider, charged here$/m,
    ])
      assert.match(out, line);
    const json = JSON.parse((await purser([...words, "--json"], { cwd: folder })).out) as {
      readonly price: { readonly service_tiers: object };
    };
    assert.deepEqual(json.price.service_tiers, {
      batch: { factor: "0.5" },
      flex: { factor: "0.5" },
    });
    const { out: yaml } = await purser(["prices", "export", "--provider", "sim"], { cwd: folder });
    await writeFile(path.join(folder, "purser.yaml"), yaml);
    const { out: again } = await purser([...words, "--json"], { cwd: folder });
    assert.deepEqual(JSON.parse(again), {
      ...json,
      at: (JSON.parse(again) as { readonly at: string }).at,
    });
  });
  for (const word of ["images", "images=-1", "=3", "Images=3", "imput=3"])
    assert.equal((await purser(["price", "sim/sim-small", "--meter", word])).code, 2, word);
});

test("without counts, each unit of a model that is not billed by tokens is priced, and other tokens are listed", async () => {
  const { out } = await purser(["price", "openai/whisper-1"]);
  assert.match(out, /^audio_seconds +1 +\$0\.0001 +\$0\.0001/m);
  assert.doesNotMatch(out, /^(?:input|output|total) /m);
  assert.doesNotMatch(out, /^audio_seconds +\$/m, "listed once");
  const { out: image } = await purser(["price", "openai/gpt-image-1"]);
  assert.match(image, /^input +1,000,000 +\$5\.00/m);
  for (const meter of ["cache_read", "input_image", "output_image"])
    assert.match(image, new RegExp(`^${meter} +\\$\\d`, "m"));
});

test("a tier without a price is not named as that of the rates", async () => {
  const heading = async (...words: readonly string[]): Promise<string> =>
    (await purser(["price", ...words])).out.split("\n")[0] ?? "";
  assert.match(await heading("sim/sim-small", "--tier", "flex"), /, rates of the standard tier$/);
  assert.match(await heading("gpt-6-sol", "--tier", "flex"), /, flex tier$/);
  assert.match(
    await heading("gpt-6-sol", "--region", "mars"),
    /, rates of the standard tier in region us$/,
  );
  assert.match(
    (await purser(["price", "gpt-6-sol", "--region", "mars"])).out,
    /has no price for region mars\. Priced tiers: standard, batch, .*\. Priced regions: us, eu, /,
  );
});

test("only what a model can do has a price, and short contexts come first", async () => {
  const shown = async (model: string): Promise<string> => (await purser(["price", model])).out;
  assert.doesNotMatch(await shown("text-embedding-3-small"), /^(?:output|web_search) /m);
  assert.doesNotMatch(await shown("openai/whisper-1"), /^web_search /m);
  const chat = await shown("claude-sonnet-4-5");
  assert.match(chat, /^input +1,000,000 +\$3\.00/m);
  assert.match(chat, /^context above 200,000 +input \$6\.00/m);
  assert.match(chat, /^web_search +\$0\.01/m);
  assert.match(await shown("dall-e-3"), /no price of openai\/dall-e-3: .* azure\/dall-e-3/);
});

test("the output of a model that speaks is priced as audio, as its calls are", async () => {
  for (const model of ["gpt-4o-mini-tts", "gemini-2.5-flash-preview-tts"]) {
    const { out } = await purser(["price", model]);
    assert.match(out, /^output_audio +1,000,000 +\$1\d\.00/m);
    assert.doesNotMatch(out, /^output /m);
  }
});

test("regions at the standard rates are listed only if any other region costs something else", async () => {
  await inFolder(async (folder) => {
    const regionsOf = async (regions: string): Promise<readonly string[]> => {
      const price = `{ provider: lab, model: m, input: "1", output: "2", regions: ${regions} }`;
      await writeFile(path.join(folder, "purser.yaml"), `prices: [${price}]\n`);
      const { out, notes } = await purser(["price", "lab/m"], { cwd: folder });
      assert.equal(notes, "");
      return [...out.matchAll(/^region (.*?) {2}/gm)].map(([, names = ""]) => names);
    };
    const [same, dearer] = ['{ factor: "1" }', '{ factor: "1.1" }'];
    assert.deepEqual(await regionsOf(`{ us: ${same}, eu: ${dearer}, "*": ${same} }`), ["eu"]);
    assert.deepEqual(await regionsOf(`{ us: ${same}, "*": ${dearer} }`), ["us", "any other"]);
  });
});

test("what cannot be the name of a model or a provider is refused, and shortened", async () => {
  for (const words of [
    ["price", "--", "x".repeat(10_000)],
    ["price", "--", `sim/${"x".repeat(10_000)}`],
    ["price", "--", "gpt-5\u0007"],
    ["price", "gpt-5", "--provider", "x".repeat(10_000)],
    ["estimate", "x".repeat(10_000), "--input", "1"],
  ]) {
    const { code, out, notes } = await purser(words);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(notes, /which is not a name[^]*1 to 200 characters/);
    assert.ok(notes.length < 500, notes);
  }
});

test("errors name the option that is wrong, its value, and what was meant", async () => {
  for (const [words, text] of [
    [["price", "gpt-5", "--provider", "opnai"], /"opnai"[^]*--provider[^]*Did you mean openai\?/],
    [
      ["price", "gpt-5", "--provider", "nope"],
      /no provider "nope"[^]*--provider[^]*Did you mean openai\?[^]*prices:/,
    ],
    [["prices", "export", "--provider", "nope"], /"nope"[^]*such as openai, anthropic, gemini/],
    [["price", "gpt-5", "--meter", "imput=3"], /--meter: "imput" is not a known meter/],
    [["price", "gpt-5", "--meter", "imges=3"], /--meter: "imges" is not a known meter/],
    [["prices", "export", "--provider", "opnai"], /"opnai"[^]*--provider[^]*openai\?/],
    [
      ["prices", "export", "--provider", "openai", "--model", "gpt-5-minni"],
      /field +--model[^]*Did you mean openai\/gpt-5-mini,/,
    ],
    [["price", ""], /model is empty[^]*Give a model id/],
    [["price", "openai/"], /openai\/ names no model[^]*Give a model id/],
    [["price", " ", "--provider", "openai"], /model is empty/],
    [["estimate", "", "--input", "5"], /model is empty/],
    [["price", "openai/dall-e-3"], /Did you mean azure\/dall-e-3[^]*meters: \{ images: "0\.04" \}/],
  ] as const)
    assert.match((await purser(words)).notes, text, words.join(" "));
});

test("export writes the prices in force of one provider or model, in one form", async () => {
  const json = JSON.parse(
    (await purser(["prices", "export", "--model", "sim-small", "--json"])).out,
  ) as { readonly prices: readonly object[] };
  assert.equal(json.prices.length, 1);
  assert.equal((await purser(["prices", "export", "--provider", "nope"])).code, 1);
  assert.equal((await purser(["prices", "export", "--json", "--yaml"])).code, 2);
  const before = await purser([
    "prices",
    "export",
    "--model",
    "deepseek-v4-pro",
    "--at",
    "2026-01-01",
  ]);
  assert.match(before.out, /input: "0\.435"/);
});

test("tokens of a model that is not billed by them are priced with a note of what to count", async () => {
  const noteOf = async (...words: readonly string[]): Promise<string | undefined> =>
    /is billed by .*/.exec((await purser(["price", ...words])).out)?.[0];
  const note = "is billed by audio_seconds, not by tokens. Count them: --meter audio_seconds=1.";
  assert.equal(await noteOf("openai/whisper-1", "--input", "5"), note);
  assert.equal(await noteOf("openai/whisper-1"), undefined);
  assert.equal(await noteOf("openai/whisper-1", "--meter", "audio_seconds=90"), undefined);
  assert.equal(await noteOf("openai/gpt-image-1", "--input", "5"), undefined);
});

test("the suggested price of a model without one names its provider", async () => {
  const remedyOf = async (model: string): Promise<string> => (await purser(["price", model])).notes;
  assert.match(
    await remedyOf("gemini/never-listed"),
    /\{ provider: gemini, model: never-listed, input/,
  );
  assert.match(await remedyOf("own/org/never"), /\{ provider: own, model: org\/never, input/);
  assert.match(await remedyOf("own/@cf/never"), /\{ provider: own, model: "@cf\/never", input/);
  assert.match(await remedyOf("never-listed"), /\{ provider: openai, model: never-listed, input/);
});

test("an estimate from tokens shows the prices of units of a model that is billed by them", async () => {
  await inFolder(async (folder) => {
    const counts = ["--input", "10", "--max-output", "10"];
    const estimate = (...words: readonly string[]): ReturnType<typeof purser> =>
      purser(["estimate", ...words, ...counts], { cwd: folder });
    const { code, out, notes } = await estimate("openai/whisper-1");
    assert.equal(code, 2);
    assert.equal(out, "");
    assert.match(notes, /not by tokens: audio_seconds at \$0\.0001/);
    assert.match(notes, /field +--input/);
    assert.match(notes, /price openai\/whisper-1 --meter audio_seconds=1/);
    const json = await estimate("openai/whisper-1", "--json");
    assert.equal(json.code, 2);
    assert.match(json.out, /"audio_seconds": "0\.0001"/);
    assert.match((await estimate("openai/gpt-image-1")).out, /at most +\$/);
  });
});

test("a unit without a price has no cost, and the exit code says so", async () => {
  await inFolder(async (folder) => {
    const words = ["price", "openai/gpt-image-1", "--meter", "images=1"];
    const { out, code } = await purser(words, { cwd: folder });
    assert.equal(code, 1);
    assert.match(out, /^total +unknown$/m);
    assert.match(out, /gpt-image-1 has no price for images: what it costs is unknown/);
    const json = JSON.parse((await purser([...words, "--json"], { cwd: folder })).out) as {
      readonly cost_usd: unknown;
      readonly charges: readonly { readonly cost_usd: unknown }[];
    };
    assert.deepEqual([json.cost_usd, json.charges[0]?.cost_usd], [null, null]);
  });
});

test("a model without a provider is that of your own price, else of its maker or of Bedrock", async () => {
  await inFolder(async (folder) => {
    const heading = async (model: string): Promise<string> =>
      (await purser(["price", model], { cwd: folder })).out.split("  ")[0] ?? "";
    const dated = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    for (const [model, found] of [
      [`eu.${dated}`, `aws/eu.${dated}`],
      [dated, `aws/${dated}`],
      [`bedrock/us-west-2/${dated}`, `aws/${dated}`],
      ["mistral-large-2411", "mistral/mistral-large-2411"],
      ["claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"],
    ] as const)
      assert.equal(await heading(model), found);
    const { out } = await purser(["price", "deepseek-chat"], { cwd: folder });
    assert.match(out, /no price of deepseek\/deepseek-chat/);
    const own = `prices: [{ provider: my-lab, model: "claude-sonnet-4-5*", input: "1", output: "2" }]`;
    await writeFile(path.join(folder, "purser.yaml"), own);
    assert.equal(await heading("claude-sonnet-4-5"), "my-lab/claude-sonnet-4-5");
  });
});

test("names of providers that other tools use are accepted by every command", async () => {
  await inFolder(async (folder) => {
    for (const [words, wanted] of [
      [["prices", "export", "--provider", "bedrock"], /provider: aws/],
      [["prices", "disagreements", "--provider", "vertex_ai"], /gemini|agree/],
      [["price", "amazon.nova-pro-v1:0", "--provider", "bedrock"], /\$0\.80/],
    ] as const) {
      const { out, code } = await purser([...words], { cwd: folder });
      assert.equal(code, 0, words.join(" "));
      assert.match(out, wanted, words.join(" "));
    }
  });
});

test("what a price is inherited from, and a repeated provider, are below the bill at any width", async () => {
  await inFolder(async (folder) => {
    const own = `prices: [{ provider: my-lab, model: "painter*", input: "1", output: "2" }]`;
    await writeFile(path.join(folder, "purser.yaml"), own);
    const narrow = { cwd: folder, environment: { COLUMNS: "60" } };
    const { out } = await purser(["price", "my-lab/painter-xl"], narrow);
    assert.match(out.replaceAll(/\s+/g, " "), /inherited from my-lab\/painter\*, .*Check it\./);
    const { out: repeated } = await purser(["price", "openai/openai/gpt-4.1"], { cwd: folder });
    assert.match(repeated, /repeats its provider: this is the price of openai\/gpt-4\.1\./);
    const { notes } = await purser(["price", "deepseek-chat", "--provider", "deepseek"], {
      cwd: folder,
    });
    assert.match(notes, /Its price ended on 2026-07-24/);
  });
});

test("hours past midnight are one line, as entered", async () => {
  await inFolder(async (folder) => {
    const hours = `[{ days: [mon, tue, wed, thu, fri], from: "22:00", to: "02:00", input: "3" }, { days: [tue, sat], from: "03:00", to: "04:00", input: "4" }]`;
    const own = `prices: [{ provider: my-lab, model: m, input: "1", output: "2", hours: ${hours} }]`;
    await writeFile(path.join(folder, "purser.yaml"), own);
    const { out } = await purser(["price", "my-lab/m"], { cwd: folder });
    assert.match(out, /^mon to fri, 22:00 to 02:00 UTC +input \$3\.00$/m);
    assert.match(out, /^tue, sat, 03:00 to 04:00 UTC +input \$4\.00$/m);
    assert.doesNotMatch(out, /24:00/);
  });
});

test("prices are exported by prefix, and prices of your own alone", async () => {
  await inFolder(async (folder) => {
    const own = `prices: [{ provider: openai, model: my-model, input: "1", output: "2" }]`;
    await writeFile(path.join(folder, "purser.yaml"), own);
    const names = async (...words: readonly string[]): Promise<readonly string[]> => {
      const { out } = await purser(["prices", "export", "--json", ...words], { cwd: folder });
      const { prices } = JSON.parse(out) as { readonly prices: readonly { model: string }[] };
      return prices.map(({ model }) => model);
    };
    assert.deepEqual(await names("--own"), ["my-model"]);
    const found = await names("--provider", "openai", "--model", "gpt-4.1*");
    assert.ok(found.includes("gpt-4.1-mini") && found.every((name) => name.startsWith("gpt-4.1")));
    const none = await purser(["prices", "export", "--own", "--model", "gpt*"], { cwd: folder });
    assert.match(none.notes, /no price of your own for gpt\*/);
  });
});

test("disagreements are sorted, name their versions, and leave out what is only rounded", async () => {
  await inFolder(async (folder) => {
    const { out } = await purser(["prices", "disagreements", "--json"], { cwd: folder });
    const { data } = JSON.parse(out) as {
      readonly data: readonly {
        readonly provider: string;
        readonly model: string;
        readonly stated: readonly { readonly usd: string }[];
      }[];
    };
    const names = data.map(({ provider, model }) => `${provider}/${model}`);
    assert.deepEqual(names, names.toSorted());
    for (const { stated } of data) {
      const figures = stated.map(({ usd }) => Number(usd));
      assert.ok(Math.max(...figures) > Math.min(...figures) * 1.00001, JSON.stringify(stated));
    }
    const text = await purser(["prices", "disagreements"], { cwd: folder });
    assert.match(text.out, /\(litellm \d+\.\d+\.\d+\)/);
  });
});

test("no help shows an empty list as a default", async () => {
  for (const words of [["price"], ["estimate"], ["report"], ["key", "create"], ["top"]]) {
    const { out } = await purser([...words, "--help"]);
    assert.doesNotMatch(out, /default: \[\]/, words.join(" "));
  }
});
