/**
 * Collects the texts of a request that a model reads, for counting. As slow as parsing: not for the
 * call path.
 */

/** Fields that models do not read: settings, names and ids. */
const unreadFields: ReadonlySet<string> = new Set([
  "model",
  "stream",
  "stream_options",
  "user",
  "metadata",
  "service_tier",
  "safety_identifier",
  "prompt_cache_key",
  "include",
  "store",
  "labels",
  "sim",
]);
const unreadKeys: ReadonlySet<string> = new Set([
  "type",
  "id",
  "role",
  "call_id",
  "tool_call_id",
  "tool_use_id",
  "cache_control",
  "signature",
  "thoughtSignature",
  "thought_signature",
  "encrypted_content",
  "status",
  "mimeType",
  "mime_type",
  "media_type",
]);
/** Values that appear in the prompt as JSON. */
const jsonFields: ReadonlySet<string> = new Set([
  "tools",
  "functions",
  "response_format",
  "text",
  "output_config",
  "toolConfig",
  "tool_config",
]);
const mediaKeys: ReadonlySet<string> = new Set([
  "data",
  "file_data",
  "image_url",
  "url",
  "fileUri",
  "file_uri",
]);
/** Lists whose entries are conversation turns. */
const turnFields: ReadonlySet<string> = new Set(["messages", "input", "contents"]);

/**
 * Overhead of a turn: its delimiters and role (https://github.com/openai/openai-cookbook, How to
 * count tokens, read 2026-11).
 */
const tokensPerTurn = 4;
/**
 * Overhead of a tool call, its result, or a declared tool. The formats do not document theirs,
 * which are smaller.
 */
const tokensPerTool = 16;
/** Tokens that prime the reply. */
const tokensPerRequest = 3;

export interface InputTexts {
  readonly texts: readonly string[];
  /** Tokens outside the text: delimiters, roles, and numbers that are token ids. */
  readonly tokens: number;
}

interface Gathered {
  readonly texts: string[];
  tokens: number;
}

/** @param body A JSON object, in any of the formats. */
export function inputTexts(body: Uint8Array): InputTexts {
  const request = JSON.parse(
    Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"),
  ) as Readonly<Record<string, unknown>>;
  const gathered: Gathered = { texts: [], tokens: tokensPerRequest };
  for (const [name, value] of Object.entries(request)) {
    if (unreadFields.has(name)) continue;
    if (jsonFields.has(name) && typeof value === "object") takeJson(value, gathered);
    else if (turnFields.has(name) && Array.isArray(value))
      for (const turn of value) takeTurn(turn, gathered);
    else take(value, gathered);
  }
  return gathered;
}

function takeTurn(turn: unknown, gathered: Gathered): void {
  const isNamed = isObject(turn) && typeof turn["name"] === "string";
  gathered.tokens += tokensPerTurn + (isNamed ? 1 : 0);
  take(turn, gathered);
}

function takeJson(value: unknown, gathered: Gathered): void {
  if (Array.isArray(value)) gathered.tokens += tokensPerTool * value.length;
  if (value !== null) gathered.texts.push(JSON.stringify(value));
}

function take(value: unknown, gathered: Gathered): void {
  if (typeof value === "string") gathered.texts.push(value);
  else if (typeof value === "number") gathered.tokens += 1;
  else if (Array.isArray(value)) for (const item of value) take(item, gathered);
  else if (isObject(value)) takeObject(value, gathered);
}

function takeObject(value: Readonly<Record<string, unknown>>, gathered: Gathered): void {
  if (isToolPart(value)) gathered.tokens += tokensPerTool;
  for (const [key, inner] of Object.entries(value)) {
    if (unreadKeys.has(key) || (mediaKeys.has(key) && isMedia(value, inner))) continue;
    // In some formats, a call's arguments are an object; its keys are read too.
    if (key === "input" || key === "args" || key === "response") takeJson(inner, gathered);
    else take(inner, gathered);
  }
}

function isToolPart(value: Readonly<Record<string, unknown>>): boolean {
  const { type } = value;
  const isNamedSo = typeof type === "string" && /tool|function/.test(type);
  return (
    isNamedSo ||
    value["functionCall"] !== undefined ||
    value["functionResponse"] !== undefined ||
    value["function"] !== undefined
  );
}

/** A text document is text, even in the field that contains base64 for other documents. */
function isMedia(holder: Readonly<Record<string, unknown>>, value: unknown): boolean {
  return typeof value !== "string" || holder["type"] !== "text";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
