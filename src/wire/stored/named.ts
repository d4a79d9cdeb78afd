/** What a request names that is not metered: its model, and the things that its provider keeps. */

import { PurserError } from "../../domain/error.ts";
import type { ScannedBody } from "../body/index.ts";
import type { Named, PassedRequest } from "../wire.ts";
import { formFields, type FormField } from "./form.ts";
import { keysOf, referencesIn, referencesOfScanned, type Reference, type ReferenceRules } from "./references.ts";

/**
 * @param scan Looks for the keys of the rules.
 * @throws PurserError `invalid_request` for a body that is neither a JSON object nor a form: the provider might read what is not seen here.
 */
export function namedIn(
  { body, contentType }: Pick<PassedRequest, "body" | "contentType">,
  { scan, rules }: { readonly scan: (body: Uint8Array) => ScannedBody; readonly rules: ReferenceRules },
): Named {
  if (body.length === 0) return { uses: [], model: null };
  const fields = formFields(body, contentType);
  if (fields) return { uses: fields.flatMap((field) => referencesOfField(field, rules)), model: modelOf(fields) };
  if (isForm.test(contentType ?? "")) {
    throw new PurserError("invalid_request", "the body is not a form that can be read", {
      field: "body",
      remedy: "Give one boundary in content-type, each part a name, and the last boundary its end.",
    });
  }
  const scanned = scan(body);
  return {
    uses: referencesOfScanned(scanned, rules),
    model: scanned.kind("model") === "string" ? (scanned.string("model") ?? null) : null,
  };
}

const isForm = /^\s*multipart\//i;

/** `voice[id]=...` is `{"voice":{"id":...}}`, `file_ids[]=...` a list. */
function referencesOfField({ name, value }: FormField, rules: ReferenceRules): readonly Reference[] {
  const path = name.split(/[[\].]+/).filter((part) => part !== "" && !/^\d+$/.test(part));
  const isJson = /^\s*[[{]/.test(value);
  const inner = isJson ? parsed(value) : undefined;
  let whole: unknown = inner ?? value;
  for (const part of path.toReversed()) whole = { [part]: whole };
  return referencesIn(whole, { ...rules, data: noData });
}

/** A field of a form may have any name. */
const noData: ReadonlySet<string> = new Set();

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function modelOf(fields: readonly FormField[]): string | null {
  const models = new Set(fields.flatMap(({ name, value }) => (name === "model" ? [value] : [])));
  const [model] = models;
  if (models.size < 2) return model ?? null;
  throw new PurserError("invalid_request", "model: is repeated", { field: "model", remedy: "Send this field once." });
}

/** For the scan of a body. */
export function scanKeys(rules: ReferenceRules): { readonly keys: readonly string[] } {
  return { keys: keysOf(rules) };
}
