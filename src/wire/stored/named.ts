/** Reads which models and stored objects an unmetered request refers to. */

import { PurserError } from "../../domain/error.ts";
import { bodyScanner, type ScannedBody } from "../body/index.ts";
import type { Named, PassedRequest } from "../wire.ts";
import { checkContentType } from "./content-type.ts";
import { formFields, type FormField } from "./form.ts";
import {
  keysOf,
  referencesIn,
  referencesOfScanned,
  type Reference,
  type ReferenceRules,
} from "./references.ts";
import { skeletonOf, SkeletonRoom } from "./skeleton.ts";

/** Reads the references in requests of one format. */
export class NamedReader {
  readonly #rules: ReferenceRules;
  readonly #scan: (body: Uint8Array) => ScannedBody;

  constructor(rules: ReferenceRules) {
    const { ids, idOf } = rules;
    this.#rules = {
      ...rules,
      ids: new Set([...ids, "model"]),
      ...(idOf && {
        idOf: (key: string, text: string) => (key === "model" ? text : idOf(key, text)),
      }),
    };
    this.#scan = bodyScanner({ keys: keysOf(this.#rules) });
  }

  /**
   * @throws PurserError `invalid_request` for a body that is neither a JSON object nor a form, or
   *   that repeats a field with a name in it: the provider might read the other one.
   */
  read({ body, contentType }: Pick<PassedRequest, "body" | "contentType">): Named {
    if (body.length === 0) return { uses: [], models: [] };
    checkContentType(body, contentType);
    const found =
      this.#form(body, contentType) ?? referencesOfScanned(this.#scan(body), this.#rules);
    const isModel = ({ key }: Reference): boolean => key === "model";
    return {
      uses: found.filter((one) => !isModel(one)),
      models: found.filter(isModel).map(({ id }) => id),
    };
  }

  #form(body: Uint8Array, contentType: string | undefined): readonly Reference[] | undefined {
    const fields = formFields(body, contentType);
    const room = new SkeletonRoom();
    if (fields)
      return fields.flatMap((field) => referencesOfField(field, { rules: this.#rules, room }));
    if (!isMultipart.test(contentType ?? "")) return undefined;
    throw new PurserError("invalid_request", "the body is not a form that can be read", {
      field: "body",
      remedy: "Give one boundary in content-type, each part a name, and the last boundary its end.",
    });
  }
}

const isMultipart = /^\s*multipart\//i;

/** `voice[id]=...` is `{"voice":{"id":...}}`, `file_ids[]=...` a list. */
function referencesOfField(
  { name, value }: FormField,
  { rules, room }: { readonly rules: ReferenceRules; readonly room: SkeletonRoom },
): readonly Reference[] {
  if (name.length > longestName) {
    throw new PurserError(
      "invalid_request",
      `the form has a field with a name of more than ${longestName} characters`,
      {
        field: "body",
        remedy: "Shorten the names of its fields.",
      },
    );
  }
  const path = name.split(/[[\].]+/).filter((part) => part !== "" && !/^\d+$/.test(part));
  const inner = /^\s*[[{]/.test(value) ? skeletonOf(Buffer.from(value), everyKey, room) : undefined;
  let whole: unknown = inner ?? value;
  for (const part of path.toReversed()) whole = { [part]: whole };
  return referencesIn(whole, { ...rules, data: noData });
}

/** A field of a form may have any name. */
const noData: ReadonlySet<string> = new Set();

/** Whether a key has ids also depends on the name of the form's field. */
const everyKey = { has: () => true };

const longestName = 1024;
