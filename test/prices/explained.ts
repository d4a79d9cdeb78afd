/** Why the book has another price than a published list, where that is known. */

import { resolved, undecided } from "../../src/catalogue/resolved.ts";

interface Question {
  readonly provider: string;
  readonly model: string;
  readonly price: string;
  readonly list: string;
}

interface Explanation {
  readonly provider: string;
  readonly models: RegExp;
  readonly prices?: RegExp;
  readonly why: string;
}

const explanations: readonly Explanation[] = [
  {
    provider: "azure",
    models: /^ada$/,
    why: "the dearer: an alias of text-embedding-ada-002, see there",
  },
  {
    provider: "google",
    models: /^gemini-3-pro-image$/,
    prices: /above 200,000/,
    why: "the book: by the same list, its input has at most 65,536 tokens",
  },
  {
    provider: "azure",
    models: /^sora-2-pro$/,
    why: "both: the book has 0.30 at 720p, 0.50 at 1024p and 0.70 at 1080p (developers.openai.com/api/docs/pricing); the list only the first",
  },
  {
    provider: "aws",
    models: /^anthropic\.claude/,
    prices: /^(?!us-gov)/,
    why: "the book: an id without `global.` is served in a region, for 10 % more (platform.claude.com/docs/en/about-claude/pricing)",
  },
  {
    provider: "deepseek",
    models: /^deepseek-(?:flash|v4)/,
    why: "both: the list has the price of peak hours only (api-docs.deepseek.com/quick_start/pricing)",
  },
  {
    provider: "fireworks",
    models: /llama-v3p1-8b-instruct/,
    why: "the book: models of 4 to 16 billion parameters cost 0.20 (fireworks.ai/pricing)",
  },
  {
    provider: "groq",
    models: /whisper/,
    why: "the book: published by the hour, rounded up to a pico-USD; the list rounds down",
  },
  {
    provider: "groq",
    models: /gpt-oss-safeguard/,
    why: "the book: half of the price of input; the list rounds down",
  },
  {
    provider: "mistral",
    models: /voxtral.*transcribe/,
    why: "the book: published by the minute, rounded up to a pico-USD; the list rounds down",
  },
  {
    provider: "mistral",
    models: /^mistral-(?:large-latest|medium)$/,
    why: "the book: the name moved on (docs.mistral.ai/models)",
  },
  {
    provider: "openai",
    models: /transcribe/,
    prices: /audio/,
    why: "the book: audio input has a price of its own (developers.openai.com/api/docs/pricing)",
  },
  {
    provider: "openai",
    models: /^gpt-4o-mini-tts$/,
    why: "the book: its output is audio, at 12 (developers.openai.com/api/docs/pricing)",
  },
  {
    provider: "x-ai",
    models: /^grok-(?:3|4|4-1|code)(?:-|$)/,
    why: "the book: since 2026-05-15 served and billed as grok-4.3 (docs.x.ai/developers/migration/may-15-retirement)",
  },
];

export function explain({ provider, model, price }: Question): string {
  const settled = resolved.find((entry) => entry.provider === provider && entry.model === model);
  if (settled) return `${settled.right}: ${settled.why}`;
  const open = undecided.find((entry) => entry.provider === provider && entry.model.test(model));
  if (open) return open.why;
  const found = explanations.find(
    (entry) =>
      entry.provider === provider &&
      entry.models.test(model) &&
      (entry.prices?.test(price) ?? true),
  );
  return found?.why ?? "unresolved";
}
