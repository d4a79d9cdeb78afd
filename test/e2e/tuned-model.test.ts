/** Ownership of tuned models, custom voices and uploads when keys may create them. */

import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { operatorsModel, startAccount, tunedBy } from "./account.ts";
import { makeFolder, startGateway, type GatewayProcess } from "./process.ts";

const account = await startAccount({ stored: "own", unmetered: "allow" });
let gateway: GatewayProcess;
let one: string;
let other: string;
let listed: string;

before(async () => {
  gateway = await startGateway({ providers: account.providers });
  one = (await gateway.makeKey({ project: "alpha" })).key;
  other = (await gateway.makeKey({ project: "beta" })).key;
  listed = (
    await gateway.makeKey(
      { project: "gamma" },
      { models: ["sim-small", "ft:sim-small:org::operator*"] },
    )
  ).key;
});

interface Ask {
  readonly key: string;
  readonly body?: object | FormData;
  readonly at?: GatewayProcess;
}

async function ask(
  method: string,
  path: string,
  { key, body, at = gateway }: Ask,
): Promise<{ readonly status: number; readonly text: string }> {
  const isForm = body instanceof FormData;
  const answer = await fetch(at.url + path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body && !isForm && { "content-type": "application/json" }),
    },
    ...(body && { body: isForm ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

const chat = (model: string) => ({
  model,
  max_tokens: 5,
  messages: [{ role: "user", content: "a" }],
});

async function statusOfChat(model: string, key: string, at?: GatewayProcess): Promise<number> {
  return (
    await ask("POST", "/openai/v1/chat/completions", { key, body: chat(model), ...(at && { at }) })
  ).status;
}

async function makeThing(path: string, key: string): Promise<string> {
  const { text } = await ask("POST", path, { key, body: {} });
  return (JSON.parse(text) as { readonly id: string }).id;
}

test("only the key whose job created a tuned model can call, list, see and delete it", async () => {
  const job = await makeThing("/openai/v1/fine_tuning/jobs", one);
  const model = tunedBy(job);
  // Its creator has not read the job yet, so the model's owner is still unknown.
  const all = (await gateway.makeKey({}, { models: ["*"] })).key;
  for (const key of [one, other, listed, all]) assert.equal(await statusOfChat(model, key), 403);
  assert.equal(
    (await ask("GET", `/openai/v1/fine_tuning/jobs/${job}`, { key: other })).status,
    403,
  );
  assert.equal((await ask("GET", `/openai/v1/fine_tuning/jobs/${job}`, { key: one })).status, 200);
  for (const name of [model, `${model}:ckpt-step-9`, `openai/${model}`]) {
    const path = name.startsWith("openai/")
      ? "/v1/chat/completions"
      : "/openai/v1/chat/completions";
    const statuses = await Promise.all(
      [one, other, listed].map(
        async (key) => (await ask("POST", path, { key, body: chat(name) })).status,
      ),
    );
    assert.deepEqual(statuses, [200, 403, 403], name);
  }
  const seen = async (key: string): Promise<boolean> =>
    (await ask("GET", "/openai/v1/models", { key })).text.includes(model);
  assert.deepEqual([await seen(one), await seen(other), await seen(listed)], [true, false, false]);
  for (const path of [
    `/openai/v1/models/${model}`,
    `/openai/v1/models/${encodeURIComponent(model)}`,
  ])
    assert.notEqual((await ask("GET", path, { key: other })).status, 200, path);
  assert.equal((await ask("GET", `/openai/v1/models/${model}`, { key: one })).status, 200);
  assert.equal(
    (await ask("POST", "/openai/v1/fine_tuning/jobs", { key: other, body: { model } })).status,
    403,
  );
  assert.deepEqual(
    [
      (await ask("DELETE", `/openai/v1/models/${model}`, { key: other })).status,
      (await ask("DELETE", `/openai/v1/models/${model}`, { key: one })).status,
    ],
    [403, 200],
  );
});

test("the operator's tuned models need a key whose list names them if keys may tune; else one whose list allows them", async () => {
  assert.deepEqual(
    [await statusOfChat(operatorsModel, other), await statusOfChat(operatorsModel, listed)],
    [403, 200],
  );
  assert.ok((await ask("GET", "/openai/v1/models", { key: listed })).text.includes(operatorsModel));
  assert.ok(!(await ask("GET", "/openai/v1/models", { key: other })).text.includes(operatorsModel));
  const plain = await startAccount();
  const at = await startGateway({ providers: plain.providers, directory: await makeFolder() });
  const all = (await at.makeKey()).key;
  const some = (await at.makeKey({}, { models: ["sim-small"] })).key;
  assert.deepEqual(
    [await statusOfChat(operatorsModel, all, at), await statusOfChat(operatorsModel, some, at)],
    [200, 403],
  );
  await at.stop();
});

test("losing the file of owners opens no tuned model, also at later starts", async () => {
  const lost = await startAccount({ stored: "own", unmetered: "allow" });
  const directory = await makeFolder();
  let at = await startGateway({ providers: lost.providers, directory });
  const maker = (await at.makeKey()).key;
  const pattern = (await at.makeKey({}, { models: ["ft:sim-small:org*"] })).key;
  const named = (await at.makeKey({}, { models: [operatorsModel] })).key;
  const { id: job } = JSON.parse(
    (await ask("POST", "/openai/v1/fine_tuning/jobs", { key: maker, body: {}, at })).text,
  ) as {
    readonly id: string;
  };
  await ask("GET", `/openai/v1/fine_tuning/jobs/${job}`, { key: maker, at });
  const statuses = async (model: string): Promise<readonly number[]> => [
    await statusOfChat(model, maker, at),
    await statusOfChat(model, pattern, at),
    await statusOfChat(model, named, at),
  ];
  assert.deepEqual(
    [await statuses(tunedBy(job)), await statuses(operatorsModel)],
    [
      [200, 403, 403],
      [403, 200, 200],
    ],
  );
  await at.stop();
  const data = join(directory, "data");
  for (const file of await readdir(data))
    if (file.startsWith("belongings.db")) await rm(join(data, file));
  for (const stored of ["own", "own", "refuse"] as const) {
    const providers = Object.fromEntries(
      Object.entries(lost.providers).map(([name, provider]) => [name, { ...provider, stored }]),
    );
    at = await startGateway({ providers, directory });
    assert.deepEqual(
      [await statuses(tunedBy(job)), await statuses(operatorsModel)],
      [
        [403, 403, 403],
        [403, 403, 200],
      ],
    );
    await at.stop();
  }
});

test("a custom voice is spoken with by the key that made it only, and any key may have the vendor's", async () => {
  const voice = await makeThing("/openai/v1/audio/voices", one);
  const speak = async (key: string, value: unknown): Promise<number> =>
    (
      await ask("POST", "/openai/v1/audio/speech", {
        key,
        body: { model: "tts-1", input: "a", voice: value },
      })
    ).status;
  assert.deepEqual(
    [
      await speak(one, { id: voice }),
      await speak(other, { id: voice }),
      await speak(other, "voice_of_nobody"),
    ],
    [200, 403, 403],
  );
  assert.equal(await speak(other, "alloy"), 200);
  const spoken = { ...chat("sim-small"), audio: { format: "wav", voice: { id: voice } } };
  const chats = [one, other].map(
    async (key) => (await ask("POST", "/openai/v1/chat/completions", { key, body: spoken })).status,
  );
  assert.deepEqual(await Promise.all(chats), [200, 403]);
});

test("a form that names another key's file is refused; an upload is not", async () => {
  const form = (fields: Readonly<Record<string, string | Blob>>): FormData => {
    const made = new FormData();
    for (const [name, value] of Object.entries(fields)) made.append(name, value);
    return made;
  };
  const uploaded = await ask("POST", "/openai/v1/files", {
    key: one,
    body: form({ purpose: "user_data", file: new Blob(["{}"]) }),
  });
  const { id } = JSON.parse(uploaded.text) as { readonly id: string };
  for (const [key, status] of [
    [one, 200],
    [other, 403],
  ] as const) {
    const container = await makeThing("/openai/v1/containers", key);
    assert.equal(
      (
        await ask("POST", `/openai/v1/containers/${container}/files`, {
          key,
          body: form({ file_id: id }),
        })
      ).status,
      status,
    );
  }
});

test("a key with a model list can reach no others, neither unmetered nor as a fallback", async () => {
  const status = async (path: string, body: object, key = listed): Promise<number> =>
    (await ask("POST", path, { key, body })).status;
  const images = "/openai/v1/images/generations";
  assert.deepEqual(
    [
      await status(images, { model: "gpt-image-1", prompt: "a" }),
      await status(images, { prompt: "a" }),
    ],
    [403, 403],
  );
  assert.deepEqual(
    [
      await status(images, { model: "sim-small", prompt: "a" }),
      await status(images, { prompt: "a" }, other),
    ],
    [200, 200],
  );
  const completions = "/openai/v1/chat/completions";
  assert.equal(await status(completions, { ...chat("sim-small"), models: ["sim-large"] }), 403);
  assert.equal(await status(completions, { ...chat("sim-small"), models: ["sim-small"] }), 200);
  const messages = "/anthropic/v1/messages";
  const advisor = { type: "advisor_20260301", name: "advisor", model: "sim-large" };
  assert.equal(await status(messages, { ...chat("sim-small"), tools: [advisor] }), 403);
  assert.equal(
    await status(messages, { ...chat("sim-small"), fallbacks: [{ model: "sim-large" }] }),
    403,
  );
  assert.equal(await status(messages, { ...chat("sim-small"), fallbacks: "default" }), 403);
  assert.equal(await status(messages, { ...chat("sim-small"), fallbacks: "default" }, other), 200);
});

test("a list of models counts at a provider that is shared, and with a provider's key of the caller's own", async () => {
  const shared = await startAccount({ stored: "shared", unmetered: "allow" });
  const at = await startGateway({ providers: shared.providers, directory: await makeFolder() });
  const some = (await at.makeKey({}, { models: ["sim-small"] })).key;
  const all = (await at.makeKey()).key;
  const form = (fields: Readonly<Record<string, string>>): FormData => {
    const made = new FormData();
    for (const [name, value] of Object.entries(fields)) made.append(name, value);
    return made;
  };
  const named = (model: string): readonly (readonly [path: string, body: object | FormData])[] => [
    ["/openai/v1/images/generations", { model, prompt: "a" }],
    ["/openai/v1/audio/transcriptions", form({ model, file: "a" })],
    ["/openai/v1/realtime/client_secrets", { session: { type: "realtime", model } }],
    [`/openai/v1/realtime/calls?model=${model}`, {}],
    ["/anthropic/v1/complete", { model, prompt: "a" }],
    [`/gemini/v1beta/models/${model}:predict`, { instances: [] }],
  ];
  const status = async (
    key: string,
    [path, body]: readonly [string, object | FormData],
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const type = body instanceof FormData ? {} : { "content-type": "application/json" };
    const sent = { authorization: `Bearer ${key}`, ...type, ...headers };
    return (
      await fetch(at.url + path, {
        method: "POST",
        headers: sent,
        body: body instanceof FormData ? body : JSON.stringify(body),
      })
    ).status;
  };
  const ownKey = { "x-purser-key": some, authorization: "Bearer mine" };
  for (const [model, expected] of [
    ["gpt-image-1", 403],
    ["sim-small", 200],
  ] as const) {
    for (const asked of named(model)) {
      assert.equal(await status(some, asked), expected, asked[0]);
      assert.equal(await status(some, asked, ownKey), expected, asked[0]);
      assert.equal(await status(all, asked), 200, asked[0]);
    }
  }
  assert.deepEqual(
    [
      await status(some, ["/openai/v1/images/generations", { prompt: "a" }]),
      await status(some, ["/openai/v1/files", form({ file: "a" })]),
    ],
    [403, 200],
  );
  assert.equal(
    await status(all, ["/openai/v1/images/generations", { model: "m", file_id: "file-of-nobody" }]),
    200,
  );
  await at.stop();
});
