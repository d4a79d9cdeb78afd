/** Spellings of model ids: what is taken off, and what must not be. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { hasOpenWeights, maxIdLength, spellingsOf } from "./model-id.ts";

/** How `name` names the model of `id`; undefined if it does not. */
const naming = (id: string, name: string): string | undefined =>
  spellingsOf(id).find((spelling) => spelling.name === name)?.naming;

const same: readonly (readonly [id: string, name: string, naming: string])[] = [
  ["GPT-4o", "gpt-4o", "exact"],
  ["gpt-4o-20240806", "gpt-4o-2024-08-06", "exact"],
  ["gpt-4o-2024-08-06", "gpt-4o", "snapshot"],
  ["gpt-4-0613", "gpt-4", "snapshot"],
  ["gpt-4o-0513", "gpt-4o-2024-05-13", "alias"],
  ["gpt-4o-audio-preview-2025-06-03", "gpt-4o-audio-preview", "snapshot"],
  ["claude-sonnet-4-5@20250929", "claude-sonnet-4-5", "snapshot"],
  ["claude-3-7-sonnet-latest", "claude-3-7-sonnet", "alias"],
  ["claude-opus-4-5@default", "claude-opus-4-5", "alias"],
  ["models/gemini-2.5-flash", "gemini-2.5-flash", "alias"],
  ["publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro", "alias"],
  [
    "projects/p-1/locations/us-central1/publishers/anthropic/models/claude-opus-4@20250514",
    "claude-opus-4",
    "snapshot",
  ],
  ["gemini-2.0-flash-001", "gemini-2.0-flash", "snapshot"],
  ["gemini-2.5-pro-preview-05-06", "gemini-2.5-pro-preview", "snapshot"],
  ["gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash-preview", "snapshot"],
  ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5", "snapshot"],
  ["global.anthropic.claude-fable-5", "claude-fable-5", "alias"],
  ["us-gov.anthropic.claude-opus-4-8", "claude-opus-4-8", "alias"],
  ["ca.anthropic.claude-opus-4-8", "regional.anthropic.claude-opus-4-8", "alias"],
  ["amazon.nova-2-lite-v1:0", "amazon.nova-2-lite", "snapshot"],
  ["amazon.titan-embed-text-v2:0", "amazon.titan-embed-text-v2", "snapshot"],
  [
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-fable-5",
    "claude-fable-5",
    "alias",
  ],
  [
    "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/amazon.nova-pro-v1:0",
    "amazon.nova-pro",
    "snapshot",
  ],
  ["ft:gpt-4.1-2025-04-14:acme:support:Ab12Cd", "ft:gpt-4.1-2025-04-14", "snapshot"],
  ["ft:o4-mini-2025-04-16:acme::x1", "ft:o4-mini", "snapshot"],
  ["openai/gpt-4o:nitro", "openai/gpt-4o", "alias"],
  ["deepseek/deepseek-r1-0528:exacto", "deepseek/deepseek-r1", "snapshot"],
  ["anthropic/claude-3.7-sonnet:thinking:online", "anthropic/claude-3.7-sonnet", "alias"],
  ["gemini-3-pro-preview", "gemini-3-pro", "prefix"],
];

const others: readonly (readonly [id: string, name: string, what: string])[] = [
  ["amazon.titan-embed-text-v2:0", "amazon.titan-embed-text", "a version"],
  ["amazon.nova-lite-v1:1", "amazon.nova-lite", "a revision"],
  ["mistral.mistral-7b-instruct-v0:3", "mistral.mistral-7b-instruct-v0", "a revision"],
  ["text-embedding-ada-003", "text-embedding-ada", "a build"],
  ["claude-sonnet-5-5", "claude-sonnet-5", "a version"],
  ["claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022", "a version"],
  ["claude-sonnet-4.5", "claude-sonnet-4", "a version"],
  ["gpt-5.1", "gpt-5", "a version"],
  ["mistral-large-2512", "mistral-large", "a version by year and month"],
  ["llama-3.1-70b-instruct", "llama-3.1", "a size"],
  ["gpt-oss-120b", "gpt-oss-20b", "a size"],
  ["gpt-4o-mini", "gpt-4o", "a size"],
  ["gemini-2.5-flash-lite", "gemini-2.5-flash", "a size"],
  ["gemini-3.8-flash-tts", "gemini-3.8-flash", "a mode"],
  ["gpt-4o-transcribe", "gpt-4o", "a mode"],
  ["gpt-4o-audio-preview", "gpt-4o", "a mode"],
  ["gpt-4o-search-preview", "gpt-4o", "a mode"],
  ["gemini-2.5-flash-image", "gemini-2.5-flash", "a mode"],
  ["meta-llama/llama-3.3-70b-instruct:free", "meta-llama/llama-3.3-70b-instruct", "a free variant"],
  ["openai/gpt-oss-20b:batch", "openai/gpt-oss-20b", "a batch"],
  ["mistralai/gpt-4o", "gpt-4o", "a maker"],
  ["ft:gpt-4o-2024-08-06:acme::x", "gpt-4o", "a fine-tuned model"],
];

for (const [id, name, how] of same)
  test(`${id} is ${name}: ${how}`, () => assert.equal(naming(id, name), how));

for (const [id, name, what] of others)
  test(`${id} is not ${name}: ${what}`, () => assert.equal(naming(id, name), undefined));

test("a name that leaves out a date is nearer than one that leaves out a geography", () => {
  const distance = (name: string): number | undefined =>
    spellingsOf("us.anthropic.claude-opus-5-5-20260901-v1:0").find(
      (spelling) => spelling.name === name,
    )?.distance;
  const [dated, elsewhere] = [
    distance("us.anthropic.claude-opus-5-5"),
    distance("anthropic.claude-opus-5-5-20260901-v1:0"),
  ];
  assert.ok(dated !== undefined && elsewhere !== undefined && dated < elsewhere);
});

test("models that any host may serve are distinguished from those of one vendor", () => {
  assert.ok(hasOpenWeights("gpt-oss-120b") && hasOpenWeights("meta/Llama-3"));
  assert.ok(!hasOpenWeights("gpt-4o") && !hasOpenWeights("claude-opus-5-5"));
});

test("the first spelling of any id is the id itself, and the number and length of all are bounded", () => {
  const part = fc.constantFrom("-", ":", "@", ".", "/", "v1", "0", "2025-01-01", "us", "latest");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part).map((parts) => parts.join("")),
      ),
      (id) => {
        const [own, ...more] = spellingsOf(id);
        if (id.length > maxIdLength || id.trim() === "") return assert.equal(own, undefined);
        assert.equal(own?.name, id.toLowerCase().trim());
        assert.ok(more.length < 200);
        // `us.` becomes `regional.`, and dates get dashes.
        for (const { name } of more) assert.ok(name.length <= 2 * id.length + 10);
      },
    ),
  );
});
