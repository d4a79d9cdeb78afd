/**
 * Describes where a call goes: first the target from its path, then the route with its provider and
 * model.
 */

import type { PurserError } from "../../domain/error.ts";
import type { Endpoint, WireFormat } from "../../wire/wire.ts";
import type { Provider, Providers } from "../port/provider.ts";

/** The formats of callers. The first is the default for paths that several formats share. */
export type Wires = readonly [usual: WireFormat, ...others: WireFormat[]];

export interface TargetContext {
  readonly providers: Providers;
  readonly wires: Wires;
}

export interface RequestLine {
  readonly method: string;
  readonly path: string;
  /** The format indicated by the caller's headers, if any. */
  readonly dialect?: WireFormat | undefined;
}

/** The meaning of a path, before the body is read. */
export interface Target {
  readonly wire: WireFormat;
  readonly endpoint: Endpoint;
  /** The path after the provider's base URL, with its query. */
  readonly path: string;
  /** Null if the model decides. */
  readonly provider: Provider | null;
  /** Why no call can be made there: the path is mistyped, or its provider is ambiguous. */
  readonly problem?: PurserError;
}

/** The final destination of a call. */
export interface Route {
  readonly provider: Provider;
  readonly wire: WireFormat;
  readonly endpoint: Endpoint;
  readonly url: string;
  /** The provider's name for the model. */
  readonly model: string;
  /** `PROVIDER/MODEL`, encoded for use in a header. */
  readonly title: string;
}
