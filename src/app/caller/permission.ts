/** Checks which providers and models a key may call. */

import { PurserError } from "../../domain/error.ts";
import { mayCall } from "../../domain/key/key.ts";
import type { Provider } from "../port/provider.ts";
import type { Caller } from "./identify.ts";

export interface Called {
  readonly provider: Pick<Provider, "name">;
  /** The provider's name for the model. */
  readonly model: string;
}

/** @throws PurserError `forbidden` if the key may not call this provider or model. */
export function checkAllowed({ key }: Pick<Caller, "key">, { provider, model }: Called): void {
  if (!key) return;
  if (key.role === "reader") {
    throw new PurserError("forbidden", `the key "${key.name}" reads figures and makes no calls`, {
      remedy: "Use a key with the role `caller`.",
    });
  }
  if (mayCall(key, { provider: provider.name, model })) return;
  const allowed = [...(key.providers ?? []), ...(key.models ?? [])].join(", ");
  throw new PurserError(
    "forbidden",
    `model: the key "${key.name}" may not call ${provider.name}/${model}`,
    {
      field: "model",
      remedy: `It may call: ${allowed}.`,
    },
  );
}

/**
 * Checks another model that may answer a call.
 *
 * @param other.model Null if the provider chooses it.
 * @throws PurserError `forbidden` if the key may not call the model, or only some models while the
 *   provider would choose.
 */
export function checkOtherAllowed(
  caller: Pick<Caller, "key">,
  { provider, model }: Pick<Called, "provider"> & { readonly model: string | null },
): void {
  if (model !== null) return checkAllowed(caller, { provider, model });
  if (!caller.key?.models) return;
  throw new PurserError(
    "forbidden",
    `model: the key "${caller.key.name}" may call some models only, and the provider would choose one`,
    {
      field: "model",
      remedy: `Name the models that may answer: ${caller.key.models.join(", ")}.`,
    },
  );
}
