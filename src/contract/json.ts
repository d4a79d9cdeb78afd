/** The TypeScript types of the JSON that a schema describes. */

import type { z } from "zod";

/** A body that a caller sends: fields with a default may be absent. */
export type JsonInput<Schema extends z.ZodType> = ReadonlyJson<z.input<Schema>>;

/** An answer. */
export type Json<Schema extends z.ZodType> = ReadonlyJson<z.output<Schema>>;

/** Read-only at every depth. JSON has no `undefined`: an optional field is absent. */
type ReadonlyJson<Value> = Value extends object
  ? { readonly [Field in keyof Value]: ReadonlyJson<Exclude<Value[Field], undefined>> }
  : Value;
