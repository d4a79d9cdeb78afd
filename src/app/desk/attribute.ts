/** Attributes a call made over the API: to its key's values, refined by those in the request. */

import { maxTags, type Attribution } from "../../domain/attribution/attribution.ts";
import { refine } from "../../domain/attribution/refine.ts";
import { readAttribution } from "../../domain/attribution/value.ts";
import { PurserError } from "../../domain/error.ts";
import { mayCall, type Key } from "../../domain/key/key.ts";
import type { Principal } from "../caller/principal.ts";

/**
 * An administrator may set any value; another key only those that it may refine.
 *
 * @param input The `attribution` of the request.
 * @throws PurserError `forbidden` for a value that the key does not allow, `invalid_request` for an
 *   invalid one.
 */
export function attribute(caller: Principal, input: unknown): Attribution {
  const asked = readAttribution(input ?? {}, "attribution.");
  const { key } = caller;
  if (!key) return asked;
  if (caller.role === "admin") return { ...key.attribution, ...asked };
  const { tags, ...values } = asked;
  return refineTags(key, refineValues(key, values), tags ?? {});
}

function refineValues(key: Key, values: Omit<Attribution, "tags">): Attribution {
  try {
    return refine(key, values);
  } catch (cause) {
    if (!(cause instanceof PurserError)) throw cause;
    throw inFields(cause);
  }
}

/** Renames the header in an error to the field of the body. */
function inFields(error: PurserError): PurserError {
  const rename = (text: string): string => text.replaceAll("x-purser-", "attribution.");
  const { field, remedy } = error.detail;
  return new PurserError(error.code, rename(error.message), {
    ...(field !== undefined && { field: rename(field) }),
    ...(remedy !== undefined && { remedy: rename(remedy) }),
    cause: error,
  });
}

/** Same rules as for the header, except that tags in JSON may contain commas. */
function refineTags(
  key: Key,
  attribution: Attribution,
  tags: Readonly<Record<string, string>>,
): Attribution {
  const fixed = new Map(Object.entries(key.attribution.tags ?? {}));
  const added = Object.entries(tags).filter(([name, value]) => fixed.get(name) !== value);
  for (const [name] of added) {
    const field = `attribution.tags.${name}`;
    if (fixed.has(name)) {
      throw new PurserError("forbidden", `${field}: this key fixes another value`, {
        field,
        remedy: `Leave ${name} out.`,
      });
    }
    if (!key.mayRefine.includes("tags")) {
      throw new PurserError("forbidden", `${field}: this key may not set it`, {
        field,
        remedy: 'Use a key whose may_refine has "tags".',
      });
    }
  }
  if (added.length === 0) return attribution;
  if (fixed.size + added.length > maxTags) {
    throw new PurserError(
      "invalid_request",
      `attribution.tags: more than ${maxTags} with those of the key`,
      {
        field: "attribution.tags",
        remedy: `Give at most ${maxTags - fixed.size}.`,
      },
    );
  }
  return { ...attribution, tags: Object.fromEntries([...fixed, ...added]) };
}

/** @throws PurserError `forbidden` for a model or provider that the key may not use. */
export function checkMayCall(
  { key }: Principal,
  call: { readonly provider: string; readonly model: string },
): void {
  if (!key || mayCall(key, call)) return;
  throw new PurserError("forbidden", `this key may not call ${call.provider}/${call.model}`, {
    field: "model",
    remedy: "Use a model that the key allows, or another key.",
  });
}
